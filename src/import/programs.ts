/** Programs whose files can be imported: what `source.kind` of a graph file says, and what the program is called. */
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
