/** Programs whose files can be imported: `source.kind` in a graph file → display name. */
export const PROGRAMS = {
  crewai: "CrewAI",
  promptfoo: "promptfoo",
  promptflow: "prompt flow",
  prompty: "Prompty",
  dify: "Dify",
  agentspec: "Agent Spec",
  dspy: "DSPy",
} as const;

export type Program = keyof typeof PROGRAMS;
