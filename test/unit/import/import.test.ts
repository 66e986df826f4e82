// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are other languages' braces.
import { basename, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { renderNode } from "../../../src/graph/text/template.ts";
import { findImports } from "../../../src/import/import.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { folderOf, imported } from "./folder.ts";

const AGENTS = `# the team
editor:
  role: >
    {topic} editor
  goal: Make {topic} texts short
  backstory: 'You hate fluff.'
  llm: openai/gpt-4.1-mini
  tools: [search]
`;
const TASKS = `collect:
  description: |
    Collect facts about {topic}.
    Return JSON like {"facts": []}.
  expected_output: A list
  agent: editor
write:
  description: Write about {topic} in {year}.
  expected_output: >
    One
    paragraph
  context: [collect]
`;

describe("CrewAI", () => {
  const crew = `@CrewBase
class Team:
    @agent
    def the_editor(self) -> Agent:
        return Agent(config=self.agents_config['editor'])

    @task
    def write_it(self) -> Task:
        return Task(config=self.tasks_config["write"], agent=self.the_editor())
`;
  const files = { "src/config/agents.yaml": AGENTS, "src/config/tasks.yaml": TASKS, "src/crew.py": crew };

  it("gives a node for each task, and shared texts for its agent", async () => {
    const { graph, errors, loaded, notes } = await imported(files);
    expect(errors).toEqual([expect.stringContaining("no-target")]);
    expect(graph.source).toEqual({ kind: "crewai", files: ["tasks.yaml", "agents.yaml"] });
    expect(Object.keys(graph.inputs)).toEqual(["topic", "year"]);
    expect(graph.nodes.write.instruction).toEqual({ file: "tasks.yaml", key: "write.description" });
    expect(graph.nodes.write.inputs).toEqual([
      ...["topic", "year", "editor_role", "editor_goal", "editor_backstory", "write_expected_output", "collect"],
    ]);
    expect(graph.models).toEqual({ forward: "gpt-4.1-mini" });
    expect(graph.output).toBe("write");
    expect(loaded.graph?.nodes.find(({ id }) => id === "collect")?.text).toContain('{"facts": []}');
    expect(notes.join("\n")).toContain("Of the agent editor, these settings are not used here: tools.");
    expect(notes.join("\n")).not.toContain("runs without an agent");
  });

  it("reads agents and contexts of crews that are made of variables", async () => {
    const { graph, notes } = await imported({
      "config/agents.yaml": AGENTS,
      "config/tasks.yaml": TASKS.replace("  agent: editor\n", "").replace("  context: [collect]\n", ""),
      "setup.py": `agents_config = configs["agents"]
the_editor = Agent(
    config=agents_config["editor"], llm=llm
)
collect_task = Task(config=tasks_config["collect"], agent=the_editor)
write_task = Task(
    config=tasks_config['write'],
    agent=the_editor,
    context=[],
)
`,
    });
    expect(graph.nodes.collect.inputs).toContain("editor_role");
    expect(graph.nodes.write.inputs).toEqual([
      ...["topic", "year", "editor_role", "editor_goal", "editor_backstory", "write_expected_output"],
    ]);
    expect(notes.join("\n")).not.toContain("without an agent");
  });

  it("reads tasks and agents that are under a key of their name", async () => {
    const under = (key: string, text: string) => `${key}:\n${text.replace(/^(?=.)/gm, "  ")}`;
    const { graph, errors } = await imported({
      "config/agents.yaml": under("agents", AGENTS),
      "config/tasks.yaml": under("tasks", TASKS),
    });
    expect(errors).toEqual([expect.stringContaining("no-target")]);
    expect(graph.nodes.write.instruction).toEqual({ file: "tasks.yaml", key: "tasks.write.description" });
    expect(graph.nodes.editor_role.text).toEqual({ file: "agents.yaml", key: "agents.editor.role" });
  });

  it("sends what the crew sends", async () => {
    const { loaded } = await imported(files);
    const node = loaded.graph?.nodes.find(({ id }) => id === "write");
    if (node?.kind !== "llm") throw new Error("no node");
    const values = node.inputs.map((name) => [name, `<${name}>`] as const);
    expect(renderNode(node, node.text, values)).toEqual([
      { role: "system", content: "You are <editor_role>. <editor_backstory>\nYour personal goal is: <editor_goal>" },
      {
        role: "user",
        content:
          "Current task: Write about <topic> in <year>.\n\nThe expected criteria for your final answer: <write_expected_output>\n\nThe context that you work with:\n<collect>",
      },
    ]);
  });
});

describe("promptfoo", () => {
  const config = (rest: string) => `description: Tone
prompts:
  - 'Say {{ word }} kindly'
  - file://other.txt
providers: [openai:chat:gpt-4.1-mini, openai:gpt-4.1]
${rest}`;

  it("takes one prompt, and tests with the answer as rows", async () => {
    const tests = "tests:\n  - vars: { word: [no, yes] }\n    assert: [{ type: icontains, value: '{{word}}' }]\n";
    const { graph, rows, errors, notes } = await imported({
      "promptfooconfig.yaml": config(tests),
      "other.txt": "Or {{word}}",
    });
    expect(errors).toEqual([]);
    expect(graph.nodes.answer).toEqual({
      role: "gives the answer",
      inputs: ["word"],
      instruction: { file: "promptfooconfig.yaml", key: "prompts.0" },
      templating: "jinja",
    });
    expect(graph.loss).toEqual({ kind: "contains" });
    expect(graph.models).toEqual({ forward: "gpt-4.1-mini" });
    expect(rows).toEqual([
      { word: "no", expected: "no" },
      { word: "yes", expected: "yes" },
    ]);
    expect(notes.join("\n")).toMatch(/It has 2 alternative prompts.*import another with --prompt/);
  });

  it("gives an empty text to a variable that a test does not set, as promptfoo does", async () => {
    const tests =
      "tests:\n  - vars: { word: no }\n    assert: [{ type: contains, value: a }]\n  - vars: { other: x }\n    assert: [{ type: contains, value: b }]\n";
    const { rows, errors, notes } = await imported({ "promptfooconfig.yaml": config(tests), "other.txt": "{{word}}" });
    expect(errors).toEqual([]);
    expect(rows).toEqual([
      { word: "no", expected: "a" },
      { word: "", other: "x", expected: "b" },
    ]);
    expect(notes.join("\n")).toContain("Tests without a value for word have an empty text there (1).");
  });

  it("takes another prompt, and mixed assertions as requirements for a judge", async () => {
    const tests = `defaultTest: { assert: [{ type: latency, threshold: 1 }] }
tests:
  - vars: { word: no }
    assert:
      - { type: contains, value: sorry }
      - { type: llm-rubric, value: 'is polite to {{word}}' }
  - vars: { word: yes }
    assert: [{ type: javascript, value: output.length < 5 }]
  - vars: { word: maybe }
    assert: [{ type: equals, value: perhaps }]
`;
    const { graph, rows, notes } = await imported(
      { "promptfooconfig.yaml": config(tests), "other.txt": "Or {{word}}" },
      2,
    );
    expect(graph.nodes.answer.instruction).toEqual({ file: "other.txt" });
    expect(graph.loss.kind).toBe("judge");
    expect(rows).toEqual([
      { word: "no", expected: "The answer contains: sorry\nis polite to no" },
      { word: "yes", expected: "With the answer as `output`, this is true in JavaScript: output.length < 5" },
      { word: "maybe", expected: "The answer is exactly: perhaps" },
    ]);
    const said = notes.join("\n");
    for (const words of ['type "latency"', "The judge reads javascript assertions of one line"])
      expect(said).toContain(words);
  });

  it("runs the tests' own code and everything that code decides in one script", async () => {
    const tests = `defaultTest: { assert: [{ type: not-icontains, value: sorry }] }
tests:
  - vars: { word: no, most: 12 }
    threshold: 0.7
    assert:
      - { type: javascript, value: output.length <= context.vars.most, weight: 2 }
      - type: javascript
        value: |
          const words = output.split(" ");
          return { pass: words.length > 1, score: 0.5, reason: 'one word for {{word}}' };
  - vars: { word: yes }
    assert:
      - { type: javascript, value: file://check.cjs }
      - { type: is-json, value: { type: object, required: [a], properties: { a: { type: integer } } } }
  - vars: { word: maybe }
    assert: [{ type: javascript, value: file://needs.js }, { type: contains-all, value: 'a, b' }]
  - vars: { word: so }
    assert: [{ type: not-equals, value: so }, { type: word-count, value: { min: 2 } }, { type: levenshtein, value: so-so }]
`;
    const { graph, loaded, rows, notes, errors } = await imported({
      "promptfooconfig.yaml": config(tests),
      "check.cjs": "module.exports = (output, { vars }) => vars.word === 'yes' && output.includes('1');\n",
      "needs.js": "const fs = require('fs');\nmodule.exports = () => fs.existsSync('x');\n",
    });
    expect(errors).toEqual([]);
    expect(graph.loss.kind).toBe("script");
    expect(notes.join("\n")).toContain('type "javascript" are left out: its code is not a function that runs alone');
    const code = graph.loss.code.join("\n");
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    const { default: loss } = await import(/* @vite-ignore */ url);
    const score = async (at: number, answer: string) =>
      loss({ inputs: { word: rows[at].word }, target: rows[at].expected, answer });
    expect(rows[0].expected.vars).toEqual({ most: 12 });
    expect(await score(0, "fine words")).toBe(0);
    expect(await score(0, "fine words that go on")).toEqual({
      loss: 1 - 1.5 / 4,
      criticism: expect.stringMatching(/^Not met: javascript [\s\S]*most[\s\S]*\none word for no$/),
    });
    expect(await score(0, "sorry, no more than that")).toMatchObject({ loss: 1 - 0.5 / 4 });
    expect(await score(1, '{ "a": 1 }')).toEqual({ loss: 0, criticism: "" });
    expect(await score(1, '{ "a": 1.5 }')).toMatchObject({
      loss: expect.closeTo(1 / 3),
      criticism: expect.stringContaining("Not met: is-json"),
    });
    expect(await score(2, "b, a")).toMatchObject({ loss: 0 });
    expect(await score(2, "b")).toMatchObject({ loss: 0.5, criticism: 'Not met: contains-all "a, b"' });
    expect(await score(3, "so and so")).toMatchObject({ loss: 0 });
    expect((await score(3, "so")).loss).toBeCloseTo(2 / 4);
    expect(loaded.graph).not.toBeNull();
  });

  it("reads chats, tables of tests and one rubric for all", async () => {
    const chat = JSON.stringify([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Translate {{text}}" },
    ]);
    const yaml = "prompts: file://chat.json\nproviders: [x:y]\ntests: file://t.csv\n";
    const table = "text,__expected\nHallo,llm-rubric: is English\nDanke,llm-rubric: is English\n";
    const { graph, rows, loaded } = await imported({ "promptfooconfig.yaml": yaml, "chat.json": chat, "t.csv": table });
    expect(graph.nodes.answer).toMatchObject({ instruction: { file: "chat.json", key: "0.content" } });
    expect(graph.nodes.user_message).toMatchObject({ kind: "text", text: { file: "chat.json", key: "1.content" } });
    expect(graph.loss).toEqual({ kind: "judge", rubric: ["is English"] });
    expect(rows).toEqual([{ text: "Hallo" }, { text: "Danke" }]);
    expect(loaded.graph).not.toBeNull();
  });
});

describe("prompt flow", () => {
  const flow = `inputs:
  question: { type: string }
  chat_history: { type: list }
outputs:
  answer: { reference: '\${chat.output}' }
nodes:
- name: lookup
  type: python
  source: { type: code, path: lookup.py }
  inputs: { q: '\${inputs.question}' }
- name: chat
  use_variants: true
node_variants:
  chat:
    default_variant_id: v1
    variants:
      v0: { node: { type: llm, source: { type: code, path: v0.jinja2 }, inputs: {} } }
      v1:
        node:
          type: llm
          source: { type: code, path: chat.jinja2 }
          inputs: { deployment_name: gpt-4.1, temperature: 0.5, ask: '\${inputs.question}', found: '\${lookup.output}' }
`;
  const template = `system:
You help. Use {{found}}.

{% for item in chat_history %}
user:
{{item.inputs.question}}
{% endfor %}

user:
{{ask}}
`;

  it("reads variants, leaves Python out by name, and takes the text before the loop", async () => {
    const { graph, errors, notes, loaded } = await imported({ "flow.dag.yaml": flow, "chat.jinja2": template });
    expect(errors).toEqual([expect.stringContaining("no-target")]);
    expect(graph.nodes.chat).toMatchObject({
      instruction: { file: "chat.jinja2", between: ["system:", "{% for item in chat_history %}"] },
      variables: { found: "lookup", ask: "question" },
    });
    expect(graph.models).toEqual({ forward: { model: "gpt-4.1", temperature: 0.5 } });
    expect(Object.keys(graph.inputs).sort()).toEqual(["lookup", "question"]);
    const node = loaded.graph?.nodes[0];
    if (node?.kind !== "llm") throw new Error("no node");
    const values = [
      ["lookup", "42"],
      ["question", "Why?"],
    ] as const;
    expect(renderNode(node, node.text, values)).toEqual([
      { role: "system", content: "You help. Use 42." },
      { role: "user", content: "Why?" },
    ]);
    const said = notes.join("\n");
    for (const words of ["(python) does not run here", "its variant v1", "The loop {% for item in chat_history %}"]) {
      expect(said).toContain(words);
    }
  });
});

it("finds the crew that a named file of agents belongs to", async () => {
  const folder = await folderOf({
    "config/agents.yaml": "writer:\n  role: Writer\n  goal: Write\n  backstory: You write.\n",
    "config/tasks.yaml": "write:\n  description: Write about {topic}.\n  expected_output: A text.\n  agent: writer\n",
  });
  const found = await findImports(join(folder, "config/agents.yaml"), nodeFiles());
  expect(found.map(({ importer, file }) => [importer.kind, relative(folder, file)])).toEqual([
    ["crewai", join("config", "tasks.yaml")],
  ]);
});

it("offers no graph file, not even one that was made of a file of another program", async () => {
  const { folder } = await imported({
    "promptfooconfig.yaml":
      "prompts: ['Answer: {{q}}']\nproviders: [openai:gpt-6-luna]\ntests: [{ vars: { q: Why? } }]\n",
  });
  const found = await findImports(folder, nodeFiles());
  expect(found.map(({ file }) => relative(folder, file))).toEqual(["promptfooconfig.yaml"]);
});

it("reads .prompty", async () => {
  const prompty = `---
name: Basic
model:
  configuration: { azure_deployment: gpt-4.1 }
  parameters: { temperature: 0.2 }
sample: { first: Ada }
---
system:
Greet {{first}}.

user:
Hi {{ first | upper }}
`;
  const { graph, notes, rows } = await imported({ "basic.prompty": prompty });
  expect(graph.nodes.answer).toMatchObject({
    instruction: { file: "basic.prompty" },
    inputs: ["first"],
    templating: "jinja",
  });
  // Named once, it also writes the feedback and rewrites the texts.
  expect(graph.models).toEqual({ forward: { model: "gpt-4.1", temperature: 0.2 } });
  expect(graph.nodes.answer.model).toBeUndefined();
  expect(rows).toEqual([{ first: "Ada" }]);
  expect(notes[0]).toContain("{{ first | upper }}");
});

it("reads Dify's DSL", async () => {
  const dsl = `app: { mode: workflow, name: Slugs }
kind: app
workflow:
  graph:
    nodes:
    - id: '1'
      data: { type: start, title: Start }
    - id: '2'
      data: { type: http-request, title: Fetch }
    - id: '3'
      data:
        type: llm
        title: Make slug
        model: { name: gpt-4.1, completion_params: { temperature: 0.7 } }
        prompt_template:
        - { role: system, text: 'Make a slug of {{#2.body#}}' }
        - { role: user, text: '{{#1.title#}}' }
    - id: '4'
      data: { type: end, title: End, outputs: [{ value_selector: ['3', text], variable: out }] }
`;
  const { graph, errors, notes } = await imported({ "slugs.yml": dsl });
  expect(errors).toEqual([expect.stringContaining("no-target")]);
  expect(graph.output).toBe("Make_slug");
  expect(graph.nodes.Make_slug).toMatchObject({
    instruction: { file: "slugs.yml", key: "workflow.graph.nodes.2.data.prompt_template.0.text" },
    variables: { "2.body": "body" },
    inputs: ["body", "Make_slug_user"],
  });
  expect(notes.join("\n")).toContain('The step "Fetch" (http-request) does not run here.');
});

it("asks what a chatflow of Dify asks after its messages: the query, as the memory words it", async () => {
  const chatflow = (memory: string) => `app: { mode: advanced-chat, name: Chat }
kind: app
workflow:
  graph:
    nodes:
    - id: '1'
      data: { type: start, title: Start }
    - id: '2'
      data:
        type: llm
        title: LLM
        ${memory}
        model: { name: gpt-4.1 }
        prompt_template:
        - { role: system, text: You help. }
    - { id: '3', data: { type: answer, title: Answer, answer: '{{#2.text#}}' } }
`;
  const worded = await imported({
    "a.yml": chatflow("memory: { query_prompt_template: 'Asked: {{#sys.query#}}', window: { enabled: false } }"),
  });
  expect(worded.graph.inputs).toEqual({ query: "" });
  expect(worded.graph.nodes.LLM_user).toMatchObject({
    text: { key: "workflow.graph.nodes.1.data.memory.query_prompt_template" },
    inputs: ["query"],
  });
  expect(worded.graph.nodes.LLM.frame).toEqual(["system:", "{{instruction}}", "", "user:", "{{LLM_user}}"]);
  const plain = await imported({
    "a.yml": chatflow("memory: { query_prompt_template: '', window: { enabled: true } }"),
  });
  expect(plain.graph.nodes.LLM).toMatchObject({
    inputs: ["query"],
    frame: ["system:", "{{instruction}}", "", "user:", "{{query}}"],
  });
  const none = await imported({ "a.yml": chatflow("memory: null") });
  expect(none.graph.inputs).toEqual({});
});

it("reads Agent Spec and DSPy's saved state", async () => {
  const spec = `component_type: Flow
agentspec_version: 25.4.1
name: Two steps
nodes:
- { component_type: LlmNode, id: a, name: plan, prompt_template: 'Plan {{topic}}' }
- { component_type: LlmNode, id: b, name: write, prompt_template: 'Write {{outline}}' }
data_flow_connections:
- { component_type: DataFlowEdge, source_node: { $component_ref: a }, source_output: generated_text, destination_node: { $component_ref: b }, destination_input: outline }
`;
  const flow = await imported({ "flow.yaml": spec });
  expect(flow.graph.nodes.write).toMatchObject({ inputs: ["plan"], variables: { outline: "plan" } });
  expect(flow.errors).toEqual([expect.stringContaining("no-target")]);
  const field = (name: string) => ({ prefix: `${name}:`, description: `\${${name}}` });
  const state = {
    "plan.predict": {
      signature: { instructions: "Plan it.", fields: [field("question"), field("outline")] },
      demos: [{}],
    },
    answer: {
      signature: { instructions: "Answer.", fields: [field("question"), field("outline"), field("answer")] },
      demos: [],
    },
  };
  const program = await imported({ "program.json": JSON.stringify(state) });
  expect(program.graph.nodes.answer).toMatchObject({
    inputs: ["question", "plan"],
    instruction: { file: "program.json", key: "answer.signature.instructions" },
  });
  expect(program.loaded.graph?.nodes[0]?.text).toBe("Plan it.");
});

it("reads a loop of Agent Spec as its first round, and says which value to give it", async () => {
  const edge = (from: string, source: string, to: string, target: string) =>
    `- { component_type: DataFlowEdge, source_node: { $component_ref: ${from} }, source_output: ${source}, destination_node: { $component_ref: ${to} }, destination_input: ${target} }`;
  const next = (from: string, to: string) =>
    `- { component_type: ControlFlowEdge, from_node: { $component_ref: ${from} }, to_node: { $component_ref: ${to} } }`;
  const nodes = [
    "- { component_type: LlmNode, id: r, name: review, prompt_template: 'Review {{text}}' }",
    "- { component_type: LlmNode, id: w, name: write, prompt_template: 'Write about {{topic}}. Mend: {{review}}' }",
    "- { component_type: StartNode, id: s, name: start }",
  ];
  const spec = (...more: string[]) => `component_type: Flow
agentspec_version: 25.4.1
name: Loop
start_node: { $component_ref: s }
nodes:
${nodes.join("\n")}
control_flow_connections:
${[next("s", "w"), next("w", "r"), next("r", "w")].join("\n")}
data_flow_connections:
${[edge("r", "generated_text", "w", "review"), edge("w", "generated_text", "r", "text"), ...more].join("\n")}
`;
  const { graph, errors, notes } = await imported({ "flow.yaml": spec() });
  expect(errors).toEqual([expect.stringContaining("no-target")]);
  expect(graph.nodes.write.inputs).toEqual(["topic", "review_2"]);
  expect(graph.nodes.review.inputs).toEqual(["write"]);
  expect(graph.output).toBe("review");
  expect(Object.keys(graph.inputs)).toEqual(["topic", "review_2"]);
  expect(notes.filter((note) => note.includes("round"))).toEqual([
    'flow.yaml: "write" reads "review" of the round before. Loops do not run here: give the graph input "review_2" the value of the first round.',
  ]);
  // The value of the first round is often in the flow: it comes from its start.
  const started = await imported({ "flow.yaml": spec(edge("s", "draft", "w", "review")) });
  expect(Object.keys(started.graph.inputs)).toEqual(["topic", "draft"]);
  expect(started.notes).toContainEqual(expect.stringContaining('give the graph input "draft" the value'));
  expect(started.errors).toEqual([expect.stringContaining("no-target")]);
});

it("reads flows of Agent Spec whose edges hold their nodes, with flows in them", async () => {
  const ref = (id: string) => ({ $component_ref: id });
  const llm = (id: string, name: string, prompt_template: string) => ({
    component_type: "LlmNode",
    id,
    name,
    prompt_template,
  });
  const data = (from: string, to: string, input: string) => ({
    component_type: "DataFlowEdge",
    source_node: ref(from),
    source_output: "generated_text",
    destination_node: ref(to),
    destination_input: input,
  });
  const inner = {
    component_type: "Flow",
    id: "inner",
    start_node: ref("p"),
    nodes: [llm("p", "plan", "Plan {{topic}}"), llm("c", "check", "Check {{plan}}")],
    control_flow_connections: [{ component_type: "ControlFlowEdge", from_node: ref("p"), to_node: ref("c") }],
    data_flow_connections: [data("p", "c", "plan")],
  };
  const flow = {
    component_type: "Flow",
    agentspec_version: "25.4.1",
    name: "Nested",
    start_node: ref("f"),
    nodes: [llm("w", "write", "Write {{plan}}")],
    control_flow_connections: [
      {
        component_type: "ControlFlowEdge",
        from_node: { component_type: "FlowNode", id: "f", subflow: inner },
        to_node: ref("w"),
      },
    ],
    data_flow_connections: [data("c", "w", "plan")],
  };
  const { graph, notes } = await imported({ "flow.json": JSON.stringify(flow) });
  expect(Object.keys(graph.nodes)).toEqual(["plan", "check", "write"]);
  expect(graph.nodes.check.inputs).toEqual(["plan"]);
  expect(graph.nodes.write).toMatchObject({ inputs: ["check"], variables: { plan: "check" } });
  expect(Object.keys(graph.inputs)).toEqual(["topic"]);
  expect(notes).toContain("These components do not run here: FlowNode.");
});

it("takes no file of Agent Spec for rows", async () => {
  const agent = {
    component_type: "Agent",
    agentspec_version: "25.4.1",
    name: "a",
    system_prompt: "Answer {{question}} as {{name}}",
  };
  const parts = [1, 2, 3].map((at) => ({
    component_type: "ServerTool",
    name: `tool ${at}`,
    question: "?",
    outputs: [],
  }));
  const { graph } = await imported({
    "agent.json": JSON.stringify(agent),
    "tools.json": JSON.stringify(parts),
  });
  expect(graph.data).toEqual({ train: [], validation: [] });
});

it("never throws on what is not a such file", async () => {
  for (const text of ["", "- a", "a: *x", "prompts: 5\nproviders: 1", "prompts: [{}]\nproviders: []\ntests: 7"]) {
    await expect(imported({ "promptfooconfig.yaml": text })).rejects.toThrow(/promptfooconfig|holds no|has no prompt/);
  }
});

it("takes prompts of a flow as texts, agents by the names of their methods, and no template that is not there", async () => {
  const flow = `inputs: { topic: { type: string } }
outputs: { answer: { reference: '\${write.output}' } }
nodes:
- { name: rules, type: prompt, source: { type: code, path: rules.jinja2 }, inputs: { topic: '\${inputs.topic}' } }
- { name: gone, type: llm, source: { type: code, path: gone.jinja2 }, inputs: {} }
- { name: write, type: llm, source: { type: code, path: write.jinja2 }, inputs: { rules: '\${rules.output}', gone: '\${gone.output}' } }
`;
  const templates = {
    "rules.jinja2": "Rules of {{topic}}",
    "write.jinja2": "{# made by hand #}\nsystem:\n{{rules}}\n\nuser:\n{{gone}}\n",
  };
  const { graph, errors, notes, loaded } = await imported({ "flow.dag.yaml": flow, ...templates });
  expect(errors).toEqual([expect.stringContaining("no-target")]);
  expect(graph.nodes.rules).toMatchObject({ kind: "text", inputs: ["topic"], text: { file: "rules.jinja2" } });
  expect(notes.join("\n")).toContain("The template gone.jinja2 can't be read.");
  const node = loaded.graph?.nodes.find(({ id }) => id === "write");
  if (node?.kind !== "llm") throw new Error("no node");
  const sent = renderNode(node, node.text, [
    ["rules", "R"],
    ["gone", "G"],
  ]);
  expect(sent.map(({ role, content }) => [role, content])).toEqual([
    ["system", "R"],
    ["user", "G"],
  ]);

  const crew = 'def boss(self):\n  return Agent(config=self.agents_config["editor"])\n# tasks_config\n';
  const tasks = "collect:\n  description: Collect.\n  agent: boss\n";
  const team = await imported({ "config/agents.yaml": AGENTS, "config/tasks.yaml": tasks, "crew.py": crew });
  expect(team.graph.nodes.collect.inputs).toContain("editor_role");
});

it("reads which fields of DSPy's signatures are outputs, as its versions 2.5 to 3.0 save them", async () => {
  const field = (name: string) => ({ prefix: `${name}:`, description: `\${${name}}` });
  const predictor = (instructions: string, ...fields: string[]) => ({
    traces: [],
    train: [],
    demos: [],
    signature: { instructions, fields: fields.map(field) },
    lm: null,
  });
  const react = "Given the fields `question`, produce the fields `answer`.\n\nYou are an Agent.";
  const state = {
    react: predictor(react, "question", "trajectory", "next_thought", "next_tool_name", "next_tool_args"),
    "extract.predict": predictor("Extract.", "question", "trajectory", "reasoning", "answer", "source"),
    tuned: predictor("Extract well.", "question", "trajectory", "answer", "source"),
    "rate[0]": predictor("Given the fields `answer`, produce the fields `score`, `doubt`.", "answer", "score", "doubt"),
    metadata: { dependency_versions: { dspy: "3.0.4" } },
  };
  const { graph, notes } = await imported({ "program.json": JSON.stringify(state, null, 2) });
  expect(Object.keys(graph.inputs)).toEqual(["question"]);
  expect(graph.nodes.react.inputs).toEqual(["question"]);
  expect(graph.nodes.extract).toMatchObject({ role: "gives answer, source", inputs: ["question", "react"] });
  expect(graph.nodes.tuned).toMatchObject({ role: "gives answer, source", inputs: ["question", "react"] });
  expect(graph.nodes.rate_0).toMatchObject({ role: "gives score, doubt", inputs: ["tuned"] });
  expect(notes.join("\n")).toContain("the loop of ReAct and its tools do not run here");
});

it("reads the state that DSPy up to 2.4 saves, without fields", async () => {
  const predictor = (instructions: string, prefix: string, more = {}) => ({
    ...{ lm: null, traces: [], train: [], demos: [], signature_instructions: instructions, signature_prefix: prefix },
    ...more,
  });
  const state = {
    plan: predictor("Given the fields `question`, produce the fields `plan`.", "Plan:", {
      extended_signature_instructions: "Plan well.",
      extended_signature_prefix: "Plan:",
    }),
    "solve.predictor": predictor("Solve it.", "Answer:", {
      demos: [{ augmented: true, question: "q", plan: "p", answer: "a" }],
    }),
    judge: predictor("Is it right?", "Verdict:"),
  };
  const { graph, notes } = await imported({ "program.json": JSON.stringify(state, null, 2) });
  expect(graph.nodes.plan).toMatchObject({
    inputs: ["question"],
    instruction: { file: "program.json", key: "plan.extended_signature_instructions" },
  });
  expect(graph.nodes.solve).toMatchObject({
    inputs: ["question", "plan"],
    instruction: { file: "program.json", key: "solve.predictor.signature_instructions" },
  });
  expect(graph.nodes.judge).toMatchObject({ inputs: [] });
  expect(notes.join("\n")).toContain('does not name the inputs of "judge"');
});

it("names what a pickled DSPy program has to be saved as", async () => {
  await expect(imported({ "program.pkl": "\u0080\u0004" })).rejects.toThrow('program.save("program.json")');
});

describe("rows that are not in the program's files", () => {
  const crew = {
    "src/desk/config/agents.yaml": "clerk:\n  role: Clerk\n  goal: Sort\n  backstory: Long there\n",
    "src/desk/config/tasks.yaml":
      "sort:\n  description: Sort {customer_message} of {tenant}\n  expected_output: A label\n  agent: clerk\n",
  };
  const table = (head: string, count = 40) =>
    [head, ...Array.from({ length: count }, (_, at) => `m${at};t${at};${at % 2 ? "a" : "b"}`), ""].join("\r\n");

  it("come from the nearest data file with columns for the inputs, up to the root", async () => {
    const { graph, errors, notes, loaded, written } = await imported({
      ...crew,
      "package.json": '[{"tenant": 1, "customer_message": 2}]',
      "src/desk/data/other.csv": "x,y\n1,2\n",
      "data/tickets.csv": `\uFEFF${table("Customer Message;Tenant;Label")}`,
    });
    expect(errors).toEqual([]);
    expect(written.size).toBe(1);
    expect(graph.data).toMatchObject({
      file: "../../../data/tickets.csv",
      fields: { customer_message: "Customer Message", tenant: "Tenant" },
      target: "Label",
      split: { train: 0.4, validation: 0.3, test: 0.3 },
    });
    expect(graph.loss).toEqual({ kind: "exact" });
    expect(notes).toContain(
      'The rows come from ../../../data/tickets.csv, which is nearby. The answer is in its column "Label".',
    );
    expect(loaded.task?.data.train[0]?.inputs.customer_message).toMatch(/^m/);
  });

  it("name the inputs that the file has no column for, and are never from a file without any", async () => {
    const part = await imported({ ...crew, "data.csv": table("Message;Tenant;Label").replace("Message", "Text") });
    expect(part.notes.join(" ")).toContain('data.csv has no column for the input "customer_message"');
    const none = await imported({ ...crew, "data.csv": table("A;B;C") });
    expect(none.graph.data).toMatchObject({ train: [] });
    expect(none.notes.join(" ")).toContain("There are no rows yet");
  });

  it("are not a schema or another file with one object, and a column is the value of one input", async () => {
    const prompty = "---\nname: a\n---\nuser:\n{{firstName}} {{lastName}} {{question}}\n";
    const schema = '[{"name": "question", "kind": "string", "default": "What is AI?"}]';
    const none = await imported({ "a.prompty": prompty, "schema.json": schema });
    expect(none.graph.data).toMatchObject({ train: [] });
    const fields = '[{"name": "question", "kind": "string"}, {"name": "lastName", "kind": "string"}]';
    const fieldList = await imported({ "a.prompty": prompty, "fields.json": fields });
    expect(fieldList.graph.data).toMatchObject({ train: [] });
  });

  it("are those beside a flow and a .prompty with one sample", async () => {
    const flow = await imported({
      "flow/flow.dag.yaml":
        "inputs:\n  question:\n    type: string\noutputs:\n  answer:\n    type: string\n    reference: ${solve.output}\nnodes:\n- name: solve\n  type: llm\n  source:\n    type: code\n    path: solve.jinja2\n  inputs:\n    question: ${inputs.question}\n",
      "flow/solve.jinja2": "system:\nAnswer {{question}}\n",
      "flow/data.jsonl": '{"question":"1+1","ground_truth":"2"}\n{"question":"1+2","ground_truth":"3"}\n',
    });
    expect(flow.graph.data).toMatchObject({ file: "data.jsonl", target: "ground_truth" });
    expect(flow.graph.loss).toEqual({ kind: "number" });
    const prompty = await imported({
      "a.prompty": "---\nname: a\nsample:\n  question: 1+1\n---\nuser:\n{{question}}\n",
      "rows.csv": "question,answer\n1+1,2\n1+2,3\n",
    });
    expect(prompty.graph.data).toMatchObject({ file: "rows.csv", target: "answer" });
    const file = await imported({
      "a.prompty": "---\nname: a\nsample: ${file:sample.json}\n---\nuser:\n{{question}}\n",
      "sample.json": '{"question": "1+1"}',
    });
    expect(file.rows).toEqual([{ question: "1+1" }]);
  });
});

it("gives the answer another name than a variable of promptfoo", async () => {
  const { graph, errors, rows } = await imported({
    "promptfooconfig.yaml":
      "prompts: ['Grade {{answer}} of {{question}}']\nproviders: [openai:gpt-4.1]\ntests:\n  - vars: {answer: '4', question: 2+2}\n    assert: [{type: equals, value: right}]\n",
  });
  expect(errors.filter((one) => !one.startsWith("empty-set"))).toEqual([]);
  expect(Object.keys(graph.inputs)).toEqual(["answer", "question"]);
  expect(graph.output).toBe("answer_2");
  expect(rows[0]).toMatchObject({ answer: "4", question: "2+2" });
});

it("finds several crews in one folder by the ends of their names", async () => {
  const folder = await folderOf({
    "config/agents_review.yaml": AGENTS,
    "config/tasks_review.yaml": TASKS,
    "config/agents.yaml": AGENTS,
    "config/write-tasks.yaml": TASKS,
    "config/tasks_of_the_week.yaml": "monday:\n  description: rest\n",
  });
  const found = await findImports(folder, nodeFiles());
  const files = found.map(({ importer, file }) => [
    relative(folder, file).replaceAll("\\", "/"),
    importer.filesOf?.(basename(file), ["agents.yaml", "agents_review.yaml"])[1],
  ]);
  expect(files).toEqual([
    ["config/tasks_review.yaml", "agents_review.yaml"],
    ["config/write-tasks.yaml", "agents.yaml"],
  ]);
});
