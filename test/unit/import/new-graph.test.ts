// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readGraphText } from "../../../src/graph/read.ts";
import { starters } from "../../../src/graph/starters.ts";
import { renderNode } from "../../../src/graph/text/template.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { type Chosen, newGraph } from "../../../src/import/new-graph.ts";
import { type GuessedLoss, guessLoss } from "../../../src/loss/guess.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { loadTask } from "../../../src/run/load.ts";
import { folderOf } from "./folder.ts";

const files = nodeFiles();
const clock = { now: () => 0, sleep: async () => {} };

const table = (head: string, row: (at: number) => string, count = 60) =>
  [head, ...Array.from({ length: count }, (_, at) => row(at)), ""].join("\n");

async function made(content: Readonly<Record<string, string>>, chosen: Chosen = {}, paths: readonly string[] = ["."]) {
  const folder = await folderOf(content);
  const result = await newGraph(
    paths.map((path) => join(folder, path)),
    files,
    ENGLISH.t,
    chosen,
  );
  await files.write(result.path, result.text);
  const { faults, task } = await loadTask(
    result.path,
    { files, clock },
    { models: { forward: { model: "m", params: {} } } },
  );
  const graph = JSON.parse(await readFile(result.path, "utf8"));
  return { ...result, folder, graph, task, faults: faults.map(({ code, message }) => `${code}: ${message}`) };
}

describe("a graph of prompt files", () => {
  it("joins prompts by the names that they use, and passes the check", async () => {
    const { graph, faults, task } = await made({
      "prompts/solve.md": "Solve.\n\n{{question}}\n\n{{check}}\n",
      "prompts/check.md": "---\nname: check\n---\nCheck {{plan}} of {{question}}.\n",
      "prompts/plan.md": "Plan {{question}}.\n",
      "README.md": "About this.\n",
      "data/problems.csv": table("id,question,answer", (at) => `${at},"How much is ${at} and ${at}?",${2 * at}`),
    });
    expect(faults).toEqual([]);
    expect(graph.output).toBe("solve");
    expect(Object.keys(graph.nodes)).toEqual(["plan", "check", "solve"]);
    expect(graph.nodes.solve.inputs).toEqual(["question", "check"]);
    expect(graph.loss).toEqual({ kind: "number" });
    expect(graph.data).toMatchObject({ file: "data/problems.csv", target: "answer" });
    expect(task?.data.test).toHaveLength(18);
  });

  it.each([
    ["md", "{{Customer Message}} {{ Réponse }} {{order-id}} {{q.1}} {{What is missing?}}", undefined],
    ["txt", "{Customer Message} {Réponse} {order-id} {q.1} {What is missing?} {{braces}}", "python"],
    ["j2", "{{ Customer Message }} {{ Réponse }} {{ order-id }} {{ q.1 }} {{ What is missing? }}", "jinja"],
  ])("reads columns as people name them in .%s", async (ending, text, templating) => {
    const { graph, faults, task } = await made({
      [`prompts/sort.${ending}`]: `Sort: ${text}\n`,
      "rows.csv": `\uFEFF${table("Customer Message;Réponse;order-id;q.1;What is missing?;Label", (at) => `"Hi; ${at}";r${at};o${at};q${at};m${at};${at % 2 ? "a" : "b"}`).replaceAll("\n", "\r\n")}`,
    });
    expect(faults).toEqual([]);
    const names = ["Customer Message", "Réponse", "order-id", "q.1", "What is missing?"];
    expect(graph.nodes.sort).toMatchObject({ inputs: names, ...(templating && { templating }) });
    const node = task?.graph.nodes[0];
    const sample = [...(task?.data.train ?? []), ...(task?.data.validation ?? []), ...(task?.data.test ?? [])].find(
      ({ inputs }) => inputs["q.1"] === "q7",
    );
    const given = names.map((name) => [name, sample?.inputs[name] ?? ""] as const);
    const [message, ...more] = node?.kind === "llm" ? renderNode(node, node.text, given) : [];
    expect([message?.content.trim(), more]).toEqual([
      `Sort: Hi; 7 r7 o7 q7 m7${templating === "python" ? " {braces}" : ""}`,
      [],
    ]);
  });

  it("maps columns in other letters, and steps, by the names that the prompts have for them", async () => {
    const { graph, faults } = await made({
      "prompts/Step One.md": "Sum up {{customer message}}.\n",
      "prompts/two.md": 'Sort {{Step One}} of {{customer-message}}. {"Customer Message": 1}\n',
      "rows.csv": table("Customer Message,Label", (at) => `m${at},${at % 2 ? "a" : "b"}`),
    });
    expect(faults).toEqual([]);
    expect(graph.inputs).toEqual({ "Customer Message": "" });
    expect(graph.nodes.Step_One.variables).toEqual({ "customer message": "Customer Message" });
    expect(graph.nodes.two.variables).toEqual({ "Step One": "Step_One", "customer-message": "Customer Message" });
  });

  it("takes a column with the name of a step for what that step is to say", async () => {
    const { graph, faults, notes } = await made({
      "prompts/extract.md": "What is wanted in {{ticket}}?\n",
      "prompts/category.md": "Billing or delivery?\n\n{{ticket}}\n{{extract}}\n",
      "prompts/final.md": "Check {{category}} of {{ticket}}.\n",
      "tickets.csv": table("ticket,category", (at) => `"Order ${at}",${at % 2 ? "billing" : "delivery"}`),
    });
    expect(faults).toEqual([]);
    expect(notes).toEqual([]);
    expect(graph.inputs).toEqual({ ticket: "" });
    expect(graph.nodes.final.inputs).toEqual(["category", "ticket"]);
    expect(graph.data.target).toBe("category");
    expect(graph.loss).toEqual({ kind: "exact" });
  });

  it("reads a column that a prompt of its own name reads", async () => {
    const { graph } = await made({
      "prompts/context.md": "Shorten {context}.\n",
      "prompts/answer.md": "Answer {question} by {context}.\n",
      "rows.csv": table("question,context,answer", (at) => `q ${at},c ${at},a ${at}`),
    });
    expect(Object.keys(graph.inputs)).toHaveLength(2);
    expect(graph.data.target).toBe("answer");
  });

  it("puts prompts without placeholders one after the other, and lets the last one read a shared text", async () => {
    const { graph, faults } = await made({
      "2_classify.md": "Choose the category.\n",
      "10_answer.md": "Answer politely.\n",
      "style.md": "Be brief.\n",
      "mails.jsonl": table("", (at) =>
        JSON.stringify({ mail: `mail ${at}`, category: ["a", "b", "c"][at % 3] }),
      ).trimStart(),
    });
    expect(faults).toEqual([]);
    expect(graph.nodes.classify.inputs).toEqual(["mail"]);
    expect(graph.nodes.answer.inputs).toEqual(["mail", "classify", "style"]);
    expect(graph.nodes.style.kind).toBe("text");
    expect(graph.loss).toEqual({ kind: "exact" });
  });

  it("reads keys of YAML, names of Python, and sets of their own", async () => {
    const rows = (name: string) =>
      table("topic,summary", (at) => `${name} ${at},about ${name} ${at} with many other words in it that go on`, 12);
    const { graph, faults } = await made({
      "prompts.yaml":
        "outline:\n  system: |\n    Outline {topic}.\n    In lines.\narticle: 'Write about {topic} by {outline_text}'\n",
      "data/train.csv": rows("train"),
      "data/dev.csv": rows("dev"),
      "data/test.csv": rows("test"),
    });
    expect(faults).toEqual([]);
    expect(graph.nodes.article).toMatchObject({
      instruction: { file: "prompts.yaml", key: "article" },
      templating: "python",
      variables: { outline_text: "outline" },
      inputs: ["topic", "outline"],
    });
    expect(graph.data).toEqual({
      train: "data/train.csv",
      validation: "data/dev.csv",
      test: "data/test.csv",
      target: "summary",
    });
    expect(graph.loss.kind).toBe("f1");
  });

  it("takes what the user chooses in place of a guess", async () => {
    const content = {
      "a.md": "A {{x}}",
      "b.md": "B {{x}}",
      "rows.csv": table("x,y,z", (at) => `${at},${at},word${at}`),
    };
    const { graph, guesses } = await made(content, { target: "y", loss: "exact", output: "a" });
    expect(graph).toMatchObject({ output: "a", loss: { kind: "exact" }, data: { target: "y" } });
    expect(graph.nodes.a.inputs).toEqual(["x", "b"]);
    expect(guesses.target.others).toContain("z");
    expect(guesses.output.others).toContain("b");
  });

  it("breaks a circle of prompts that name each other, and says where", async () => {
    const { graph, faults, notes } = await made({
      "a.md": "Improve the draft: {{b}}\nQuestion: {{question}}\n",
      "b.md": "Draft from {{a}} for {{question}}\n",
      "c.md": "Final: {{b}}\n",
      "rows.csv": table("question,answer", (at) => `How much is ${at}?,${at}`),
    });
    expect(faults).toEqual([expect.stringContaining("unknown-placeholder")]);
    expect(graph.nodes.a.inputs).toEqual(["b", "question"]);
    expect(graph.nodes.b.inputs).toEqual(["question"]);
    expect(notes).toEqual(['"b" names "a", which reads it. A graph has no cycles, so "a" is not filled in there.']);
  });

  it("finds columns of longer names, and the answer by a word of its name", async () => {
    const { graph, faults } = await made({
      "sort.md": "Sort {{ticket}}\n",
      "export.csv": table("Ticket Text,Expected Category,Prio", (at) => `ticket ${at},${at % 2 ? "a" : "b"},low`),
    });
    expect(faults).toEqual([]);
    expect(graph.data).toMatchObject({ fields: { ticket: "Ticket Text" }, target: "Expected Category" });
    expect(graph.nodes.sort.inputs).toEqual(["ticket"]);
  });

  it("takes no date and no number of a row for the answer, however their columns are written", async () => {
    const { graph } = await made({
      "team.md": "Which team handles {{ticket}}?",
      "export.csv": table(
        "ID#,ticket,Team name,Created at,Updated at",
        (at) => `${at},"Ticket ${at}",Sales,2026-01-01,2026-01-02`,
      ),
    });
    expect(graph.data.target).toBe("Team name");
  });

  it("reads names in the letters of any language", async () => {
    const { graph, faults, path } = await made(
      {
        "größe/分類.md": "分類: {{anfrage}}\n",
        "größe/Länge prüfen.md": "Prüfe {{分類}} und {{anfrage}}\n",
        "größe/daten.csv": table("anfrage,ergebnis", (at) => `Frage ${at},${at % 2 ? "ja" : "nein"}`),
      },
      {},
      ["größe"],
    );
    expect(faults).toEqual([]);
    expect(path).toMatch(/grosse\.agentgraph\.json$/);
    expect(graph.nodes.Lange_prufen).toMatchObject({ inputs: ["node", "anfrage"], variables: { 分類: "node" } });
    expect(graph.output).toBe("Lange_prufen");
  });

  it("takes a file once, also if its folder is given with it", async () => {
    const content = {
      "prompts/sort.md": "Sort {{ticket}}.\n",
      "prompts/t.csv": table("ticket,label", (at) => `t${at},a`),
    };
    const { graph } = await made(content, {}, ["prompts", "prompts/sort.md", "prompts/t.csv"]);
    expect(Object.keys(graph.nodes)).toEqual(["sort"]);
  });

  it("splits the rows as chosen", async () => {
    const content = {
      "sort.md": "Sort {{ticket}}.\n",
      "t.csv": table("ticket,label", (at) => `t${at},${"ab"[at % 2]}`),
    };
    const first = await made(content);
    expect(first.guesses.split).toEqual({ value: "40/30/30", others: ["50/50/0", "20/40/40", "60/20/20"] });
    const { graph, task, guesses } = await made(content, { split: "50/50/0" });
    expect(graph.data.split).toEqual({ train: 0.5, validation: 0.5, test: 0 });
    expect(task?.data.validation).toHaveLength(30);
    expect(guesses.split.value).toBe("50/50/0");
    for (const split of ["half", "50/50", "60/60/0", "100/0/0"]) {
      await expect(made(content, { split })).rejects.toThrow("is not a split");
    }
  });

  it("names a data file that it can't read", async () => {
    const folder = await folderOf({ "sort.md": "Sort {{ticket}}\n" });
    await writeFile(join(folder, "t.csv"), Buffer.from("ticket,label\nGr\u00f6\u00dfe,a\n", "latin1"));
    const { notes } = await newGraph([folder], files, ENGLISH.t);
    expect(notes[0]).toBe("t.csv can't be read. Save it as UTF-8 text with a header.");
  });

  it("says what it could not find, and never overwrites a file", async () => {
    const none = await made({ "a.txt": "Answer {{question}}." });
    expect(none.notes.join(" ")).toContain("No data file was found.");
    const again = await newGraph([none.folder], files, ENGLISH.t);
    expect(again.path).not.toBe(none.path);
    await expect(made({ "x.csv": "a,b\n1,2\n" })).rejects.toThrow("There is no prompt among these");
  });
});

it.each<[GuessedLoss, readonly unknown[]]>([
  ["number", ["4", "1,000", 5, "3/4"]],
  ["exact", ["refund", "parcel", "refund", "other thing"]],
  ["set", [["a", "b"], ["c"]]],
  ["set", ["red, blue", "green; red", "blue, red, green"]],
  ["json", ['{"a": 1}', { a: 2 }]],
  ["f1", ["the cat sat on the mat today", "a dog ran over the long road home"]],
  ["judge", Array.from({ length: 4 }, (_, at) => `${"many different words of a long answer ".repeat(6)}${at}`)],
  ["judge", []],
])("guesses %s by the form of the answers", (loss, values) => {
  expect(guessLoss(values, [])).toBe(loss);
});

it("guesses choice where the rows hold options", () => {
  expect(guessLoss(["A", "C"], [{ question: "Which? (A) one (B) two (C) three" }])).toBe("choice");
});

it("guesses choice for letters in brackets, also if one row has a text", () => {
  const rows = Array.from({ length: 60 }, (_, at) => ({
    question: "Which?\n(A) one\n(B) two",
    answer: at ? "(B)" : "one",
  }));
  const values = rows.map(({ answer }) => answer);
  expect(guessLoss(values, rows)).toBe("choice");
});

it("guesses exact for words in another order, which F1 doesn't see", () => {
  const rows = Array.from({ length: 40 }, (_, at) => ({
    question: `Sort: pear apple w${at} fig date lime`,
    answer: `apple date fig lime pear w${at}`,
  }));
  expect(
    guessLoss(
      rows.map(({ answer }) => answer),
      rows,
    ),
  ).toBe("exact");
  const spans = rows.map(({ question }) => ({ question, answer: question.slice(6, 31) }));
  expect(
    guessLoss(
      spans.map(({ answer }) => answer),
      spans,
    ),
  ).not.toBe("exact");
});

it("reads columns inside objects", async () => {
  const { graph, faults, guesses } = await made({
    "plan.md": "Plan: {{question}}\n",
    "solve.md": "Use {{plan}} for {{question}}\n",
    "rows.jsonl": table("", (at) =>
      JSON.stringify({ input: { question: `${at} + ${at}?` }, expected: { answer: 2 * at }, meta: { id: at } }),
    ),
  });
  expect(faults).toEqual([]);
  expect(graph.data).toMatchObject({ fields: { question: "input.question" }, target: "expected.answer" });
  expect(graph.loss.kind).toBe("number");
  expect(guesses.target.others).toContain("meta.id");
});

it("keeps an answer with several members whole", async () => {
  const { graph, faults } = await made({
    "solve.md": "Read {{ticket}}\n",
    "rows.jsonl": table("", (at) => JSON.stringify({ in: { ticket: `t ${at}` }, expected: { kind: "a", urgent: at } })),
  });
  expect(faults).toEqual([]);
  expect(graph.data).toMatchObject({ fields: { ticket: "in.ticket" }, target: "expected" });
  expect(graph.loss.kind).toBe("json");
});

it("joins prompts by names with spaces", async () => {
  const { graph, faults } = await made({
    "Step One.md": "Read {{ticket}}.\n",
    "Step Two.md": "Given {Step One}, decide.\n",
    "Final.txt": "Class of {{ticket}}, given {{Step Two}}:\n",
    "rows.csv": table("ticket,y", (at) => `ticket ${at},${at % 2 === 0 ? "bug" : "billing"}`),
  });
  expect(graph.output).toBe("Final");
  expect(graph.nodes.Step_Two.inputs).toEqual(["Step_One"]);
  expect(graph.nodes.Final.inputs).toEqual(["ticket", "Step_Two"]);
  expect(graph.nodes.Step_Two).toMatchObject({ templating: "python", variables: { "Step One": "Step_One" } });
  expect(graph.nodes.Final.variables).toEqual({ "Step Two": "Step_Two" });
  expect(faults).toEqual([]);
});

it("names a workbook, whatever its name", async () => {
  const folder = await folderOf({ "solve.md": "Solve {{question}}\n" });
  await writeFile(join(folder, "rows.csv"), Buffer.from("504b03041400", "hex"));
  const { notes, path, text } = await newGraph([folder], files, ENGLISH.t);
  expect(notes[0]).toBe('rows.csv is an Excel workbook. Save it as "CSV UTF-8", and name that file in "data".');
  await files.write(
    path,
    text.replace(
      '"train": [], "validation": []',
      '"file": "rows.csv", "split": {"train": 0.5, "validation": 0.5, "test": 0}',
    ),
  );
  const { faults } = await loadTask(path, { files, clock }, { models: { forward: { model: "m", params: {} } } });
  expect(faults.map(({ message }) => message)).toContain(
    'The file "rows.csv" is an Excel workbook or another ZIP file, not text.',
  );
});

describe("an empty file", () => {
  it.each(["", "\n", "{", "{ }\n", " { "])("has one fault, which offers whole graphs: %j", (text) => {
    const { faults } = readGraphText("/g.agentgraph.json", text, graphFormat);
    expect(faults.map(({ message }) => message)).toEqual(["The file is empty."]);
    expect(faults[0]?.fixes?.()).toHaveLength(starters(ENGLISH.t).length);
  });

  it("can become graphs without a fault", () => {
    for (const { text } of starters(ENGLISH.t)) {
      const { faults } = readGraphText("/g.agentgraph.json", text, graphFormat);
      expect(faults).toEqual([]);
    }
  });
});

describe("prompts that are not files of their own", () => {
  it("are strings of source code, which is left as it is", async () => {
    const { graph, faults, task } = await made({
      "app.py":
        'PLAN_PROMPT = """\nPlan {question}.\n"""\n\nclass Solver:\n    template: str = f"""Solve {question} by {plan}"""\n\nHELP = """Usage of this program: call it with words"""\nprint("{x}")\n',
      "data.jsonl": Array.from({ length: 40 }, (_, at) => `{"question":"${at}+${at}","answer":${2 * at}}\n`).join(""),
    });
    expect(faults).toEqual([]);
    expect(graph.nodes.plan.instruction).toEqual({ file: "app.py", between: ['PLAN_PROMPT = """', '"""'] });
    const [solve] = Object.keys(graph.nodes).filter((id) => id !== "plan");
    expect(graph.nodes[solve ?? ""]).toMatchObject({ inputs: ["question", "plan"], templating: "python" });
    expect(Object.keys(graph.nodes)).toHaveLength(2);
    expect(task?.graph.nodes.find(({ id }) => id === "plan")?.text).toBe("Plan {question}.");
  });

  it("are strings that LangChain and LlamaIndex make templates and messages of, and no other calls", async () => {
    const { graph, faults, task } = await made({
      "chain.py":
        'plan = ChatPromptTemplate.from_template("""\nPlan {question}.\n""")\nsolve = PromptTemplate(template="""Solve the problem {question} in the steps of {plan}: one number""")\nrows = conn.execute("""SELECT every row of the big table where id = {question}""")\n',
      "data.jsonl": Array.from({ length: 40 }, (_, at) => `{"question":"${at}+${at}","answer":${2 * at}}\n`).join(""),
    });
    expect(faults).toEqual([]);
    expect(Object.keys(graph.nodes)).toEqual(["plan", "solve"]);
    expect(graph.nodes.solve).toMatchObject({
      inputs: ["question", "plan"],
      templating: "python",
      instruction: { file: "chain.py", between: ['solve = PromptTemplate(template="""', '"""'] },
    });
    expect(task?.graph.nodes.find(({ id }) => id === "plan")?.text).toBe("Plan {question}.");
  });

  it("are strings that begin below the bracket or after other arguments, also of LangChain.js", async () => {
    const { graph, faults, task } = await made({
      "chain.py":
        'plan = PromptTemplate(\n    input_variables=["question"],\n    template="""Plan {question}.""",\n)\nsolve_prompt = (\n    """Solve {question} by {plan}."""\n)\nrows = conn.execute(\n    """SELECT every row of the big table where id = {question}"""\n)\n',
      "check.ts":
        "const check = ChatPromptTemplate.fromTemplate(\n  `Check {solve} for {question}.`,\n);\nconst page = render(`The page of the answer {solve} that everybody can see`);\n",
      "data.jsonl": Array.from({ length: 40 }, (_, at) => `{"question":"${at}+${at}","answer":${2 * at}}\n`).join(""),
    });
    expect(faults).toEqual([]);
    expect(task?.graph.nodes.map(({ id, text }) => [id, text])).toEqual([
      ["plan", "Plan {question}."],
      ["solve", "Solve {question} by {plan}."],
      ["check", "Check {solve} for {question}."],
    ]);
    expect(graph.nodes.solve.instruction.between).toEqual(['solve_prompt = (\n    """', '"""']);
  });

  it("are named where no mark finds them", async () => {
    const { graph, notes } = await made({
      "first.py": 'PROMPT = """Plan {question}."""\nTASK_PROMPT = """Name the task of {question}."""\n',
      "windows.py": 'check = PromptTemplate(\r\n    template="""Check {question}.""",\r\n)\r\n',
      "wine.py":
        'rate = PromptTemplate(\r\n    """Rate {question}."""\r\n)\r\nsum = PromptTemplate(\r\n    """Sum up {question}."""\r\n)\r\n',
    });
    expect(Object.keys(graph.nodes)).toEqual(["task", "check"]);
    expect(notes.join("\n")).toContain(
      "where they start (3): PROMPT (first.py), rate (wine.py), sum (wine.py). Start each on the line of its name",
    );
  });

  it("name values in Python's braces without rows, beside texts that name none", async () => {
    const { graph } = await made({
      "prompts.py":
        'clarify_instructions="""\nThese are the messages: {messages}. Today is {date}. Answer as {{"need": true}}.\n"""\n\nclean_message = """All above messages are about research. Clean them up."""\n',
    });
    expect(Object.keys(graph.inputs)).toEqual(["messages", "date"]);
    expect(graph.nodes.clarify).toMatchObject({
      templating: "python",
      inputs: expect.arrayContaining(["messages", "date"]),
    });
    expect(graph.nodes.clean).toMatchObject({ instruction: { file: "prompts.py" } });
  });

  it("are told apart where a name ends like another, or functions use the same one", async () => {
    const { graph, faults, task } = await made({
      "prompts.py":
        'import os\nSYSTEM_PROMPT = """Plan {question}."""\nTASK_SYSTEM_PROMPT = """Name the task of {question}."""\n\ndef solve():\n    prompt = """Solve {question}."""\n\ndef judge():\n    prompt = """Judge {question}."""\n',
      "data.jsonl": Array.from({ length: 40 }, (_, at) => `{"question":"${at}+${at}","answer":${2 * at}}\n`).join(""),
    });
    expect(faults).toEqual([]);
    expect(task?.graph.nodes.map(({ text }) => text).sort()).toEqual([
      "Judge {question}.",
      "Name the task of {question}.",
      "Plan {question}.",
      "Solve {question}.",
    ]);
    expect(graph.nodes.task.instruction).toEqual({ file: "prompts.py", between: ['TASK_SYSTEM_PROMPT = """', '"""'] });
  });

  it("are no files for assistants and no pages about the repository, unless there are no others", async () => {
    const about = {
      "CLAUDE.md": "Write code. Run {command}.",
      "AGENTS.md": "Write tests for {module}.",
      "docs/models.md": "The model {name} is deployed.",
      "storage/DESIGN.md": "Keys are `{prefix}:{name}`.\n```\n{id}\n```\n",
    };
    const { graph, notes } = await made({
      ...about,
      "prompts/solve.md": "Solve {question}.",
      "solve.md": "Check {question}.",
    });
    const files = Object.values(graph.nodes).map((node) => Object(node).instruction.file);
    expect(files.sort()).toEqual(["prompts/solve.md", "solve.md"]);
    expect(notes.join("\n")).toMatch(/Left out, because nothing marks them as prompts \(4\): .*CLAUDE\.md/);
    expect(Object.keys((await made({ "AGENTS.md": about["AGENTS.md"] })).graph.nodes)).toEqual(["AGENTS"]);
  });

  it("have no rows in a list of settings that none of them names", async () => {
    const { guesses, graph } = await made({
      "app.py": 'PROMPT = """\nAnswer {question}.\n"""\n',
      "cors.json": '[{ "AllowedMethods": ["GET"], "AllowedOrigins": ["*"] }]',
    });
    expect(guesses.data).toEqual({ value: null, others: ["cors.json"] });
    expect(JSON.stringify(graph)).not.toContain("cors");
  });

  it("are one node where a file has the texts of two roles", async () => {
    const { graph, faults, task } = await made({
      "prompts.yaml":
        'summarize:\n  system: |\n    You sum up tickets.\n  user: "Ticket: {Ticket Text} {{}}"\nclassify:\n  system: Choose billing or bug.\n  user: |\n    {Ticket Text}\n    Summary: {summarize}\n',
      "rows.csv": table("Ticket Text,label", (at) => `t${at},${at % 2 ? "bug" : "billing"}`),
    });
    expect(faults).toEqual([]);
    expect(Object.keys(graph.nodes)).toEqual(["summarize", "classify"]);
    expect(graph.nodes.classify).toMatchObject({
      inputs: ["Ticket Text", "summarize"],
      instruction: { file: "prompts.yaml", key: "classify.system" },
      frame: ["system:", "{{instruction}}", "", "user:", "{{Ticket Text}}", "Summary: {{summarize}}"],
    });
    const node = task?.graph.nodes[0];
    expect(node?.kind === "llm" && renderNode(node, node.text, [["Ticket Text", "hi {x}"]])).toEqual([
      { role: "system", content: "You sum up tickets." },
      { role: "user", content: "Ticket: hi {x} {}" },
    ]);
  });
});

describe("a folder with more than prompts", () => {
  const notes = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`notes/${at} note.md`, `# Note ${at}\n`]));
  const lock = { "pnpm-lock.yaml": "a:\n  b: a text of more than eight words that is no prompt\n" };

  it("gives the texts that name an input, those in a folder for prompts and their neighbours, and says what is left", async () => {
    const { graph, notes: said } = await made({
      ...notes,
      ...lock,
      "flow/solve.md": "Solve {{question}}.\n",
      "flow/style.md": "Be brief.\n",
      "prompts/plan.md": "Plan it.\n",
    });
    expect(Object.keys(graph.nodes).sort()).toEqual(["plan", "solve", "style"]);
    expect(said.join(" ")).toContain("Left out, because nothing marks them as prompts (40): 0 note.md");
  });

  it("without any such text says that it took them all", async () => {
    const { graph, notes: said } = await made({ ...notes, ...lock });
    expect(Object.keys(graph.nodes)).toHaveLength(40);
    expect(said.join(" ")).toContain("No text names an input, so all follow each other (40)");
  });
});
