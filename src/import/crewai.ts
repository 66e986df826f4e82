import { findPlaceholders, isFormatString } from "../graph/text/templating.ts";
import { crewInPython, type PythonCrew } from "./crew-py.ts";
import { isMapping, keyOf, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused, type ImportSource } from "./importer.ts";
import { modelName, Names } from "./names.ts";

/** Keys of agents and tasks that are read; the program keeps all others. */
const READ = new Set([
  "role",
  "goal",
  "backstory",
  "description",
  "expected_output",
  "agent",
  "context",
  "llm",
  "name",
]);

/**
 * CrewAI: `agents.yaml` and `tasks.yaml`. A task is a node whose instruction is its description; its expected output and
 * the role, goal and backstory of its agent are texts that it reads. Without `context`, a task reads the outputs of all
 * tasks before it, as in a sequential process.
 */
export const crewai: Importer = {
  kind: "crewai",
  recognizes: (name, head, siblings) =>
    agentsFor(name, siblings) !== null && (/^tasks\.ya?ml$/i.test(name) || /^\s+expected_output:/m.test(head)),
  filesOf: (name, siblings) => [name, agentsFor(name, siblings)].filter((one) => one !== null),
  async read(files, source) {
    const [tasksFile = "", agentsFile = ""] = files;
    const [tasks, agents] = await Promise.all([readMapping(tasksFile, source), readMapping(agentsFile, source)]);
    const [taskList, agentList] = [listed(tasks, "tasks"), listed(agents, "agents")];
    const crewFiles = { tasksFile, agentsFile, tasksAt: taskList.steps, agentsAt: agentList.steps };
    return new Crew(source, crewFiles, agentList.members, await pythonOf(source)).draft(taskList.members);
  },
};

/**
 * The file of agents beside a file of tasks: `agents_review.yaml`, else `agents.yaml`, for `tasks_review.yaml`; null if
 * there is none.
 */
function agentsFor(name: string, siblings: readonly string[]): string | null {
  const parts = /^((?:.*[_-])?)tasks((?:[_-].*)?)\.ya?ml$/i.exec(name);
  if (!parts) return null;
  const [, before = "", after = ""] = parts;
  const lower = (one: string) => one.toLowerCase().replace(/\.ya?ml$/, "");
  const wanted = [`${before}agents${after}`, "agents"].map(lower);
  const files = siblings.filter((file) => /\.ya?ml$/i.test(file));
  const found = wanted.map((one) => files.find((file) => lower(file) === one));
  return found.find((file) => file !== undefined) ?? null;
}

/** The tasks or agents of a file, which can be under a key of that name. */
function listed(file: Mapping, key: "tasks" | "agents"): { readonly members: Mapping; readonly steps: string[] } {
  const inner = file[key];
  const isOne = isMapping(inner) && (textOf(inner.description) ?? textOf(inner.role)) !== null;
  return isMapping(inner) && !isOne ? { members: inner, steps: [key] } : { members: file, steps: [] };
}

interface CrewFiles {
  readonly tasksFile: string;
  readonly agentsFile: string;
  /** Keys that lead to the tasks and the agents. */
  readonly tasksAt: readonly string[];
  readonly agentsAt: readonly string[];
}

/** The Python file next to the `config` folder, or in it, that creates the tasks. */
async function pythonOf(source: ImportSource): Promise<PythonCrew> {
  const files = [...(await source.match("../*.py")), ...(await source.match("*.py"))];
  const texts = await Promise.all(files.slice(0, 20).map((file) => source.text(file)));
  return crewInPython(texts.filter((text) => text?.includes("tasks_config")).join("\n"));
}

class Crew {
  readonly #notes: string[] = [];
  readonly #names = new Names();
  readonly #nodes: Record<string, DraftNode> = {};
  readonly #inputs: Record<string, string> = {};
  readonly #inputNames = new Map<string, string>();
  /** Ids of the text nodes of an agent. */
  readonly #agents = new Map<string, Readonly<Record<"role" | "goal" | "backstory", string | null>>>();

  constructor(
    private readonly source: ImportSource,
    private readonly files: CrewFiles,
    private readonly agents: Mapping,
    private readonly python: PythonCrew,
  ) {}

  draft(tasks: Mapping): Draft {
    const { t } = this.source;
    const entries = Object.entries(tasks).filter((entry): entry is [string, Mapping] => {
      if (isMapping(entry[1]) && textOf(entry[1].description) !== null) return true;
      this.#notes.push(t("{0} of {1} is left out, because it has no description.", entry[0], this.files.tasksFile));
      return false;
    });
    const [, ...rest] = entries;
    if (entries.length === 0) throw new ImportRefused(t("{0} has no task with a description.", this.files.tasksFile));
    // Nodes come first, so that tasks keep their names and clashing inputs are renamed.
    const ids = new Map(entries.map(([name]) => [name, this.#names.take(name)]));
    const before: string[] = [];
    for (const [name, task] of entries) {
      const id = ids.get(name) ?? name;
      this.#task(id, name, task, this.#contextOf(name, task, ids, before));
      before.push(id);
    }
    if (rest.some(([name, { context }]) => !context && !this.python.tasks.get(name)?.context)) {
      this.#notes.push(t('Tasks without "context" read the outputs of all tasks before them.'));
    }
    this.#notes.push(
      t('The frame of each task follows CrewAI without tools. Change "frame" if your version sends something else.'),
    );
    const files = [this.files.tasksFile, this.files.agentsFile];
    const nodes = this.#nodes;
    return { name: "Crew", inputs: this.#inputs, nodes, output: before.at(-1) ?? "", files, notes: this.#notes };
  }

  #agentOf(name: string, task: Mapping): string | null {
    const named = textOf(task.agent);
    if (named === null) return this.python.tasks.get(name)?.agent ?? null;
    return named in this.agents ? named : (this.python.agentNames.get(named) ?? named);
  }

  #contextOf(name: string, task: Mapping, ids: ReadonlyMap<string, string>, before: readonly string[]): string[] {
    const context = task.context ?? this.python.tasks.get(name)?.context ?? null;
    if (context === null) return [...before];
    return listOf(context).flatMap((one) => {
      const id = ids.get(String(one)) ?? ids.get(this.python.taskNames.get(String(one)) ?? "");
      if (id !== undefined && before.includes(id)) return [id];
      this.#notes.push(
        this.source.t(
          'The context "{0}" of the task {1} is left out, because it is not an earlier task.',
          String(one),
          name,
        ),
      );
      return [];
    });
  }

  #task(id: string, name: string, task: Mapping, context: readonly string[]): void {
    const { t } = this.source;
    const node: DraftNode = { role: this.#roleOf(name, this.#agentOf(name, task)), inputs: [] };
    this.#nodes[id] = node;
    const place = (key: string) => ({ file: this.files.tasksFile, key: keyOf(...this.files.tasksAt, name, key) });
    node.instruction = place("description");
    this.#fill(node, textOf(task.description) ?? "", `${this.files.tasksFile}: ${name}.description`);
    const agentName = this.#agentOf(name, task);
    const agent = agentName === null ? null : this.#agent(agentName);
    if (!agent) {
      const why =
        agentName === null
          ? t("Its agent is not named in {0}.", this.files.tasksFile)
          : t("There is no agent {0} in {1}.", agentName, this.files.agentsFile);
      this.#notes.push(t("The task {0} runs without an agent. {1}", name, why));
    }
    const expected = textOf(task.expected_output);
    const expectedId =
      expected === null
        ? null
        : this.#text(`${id}_expected_output`, "what the output has to be", place("expected_output"), expected);
    const { role = null, goal = null, backstory = null } = agent ?? {};
    const reads = [role, goal, backstory, expectedId, ...context].filter((one) => one !== null);
    node.inputs = [...new Set([...(node.inputs ?? []), ...reads])];
    const system = [
      ...(role === null && backstory === null
        ? []
        : [`${role === null ? "" : `You are {{${role}}}. `}${backstory === null ? "" : `{{${backstory}}}`}`.trim()]),
      ...(goal === null ? [] : [`Your personal goal is: {{${goal}}}`]),
    ];
    node.frame = [
      ...(system.length > 0 ? ["system:", ...system, ""] : []),
      "user:",
      "Current task: {{instruction}}",
      ...(expectedId === null ? [] : ["", `The expected criteria for your final answer: {{${expectedId}}}`]),
      ...(context.length === 0 ? [] : ["", "The context that you work with:", ...context.map((one) => `{{${one}}}`)]),
    ];
    const model = agentName === null ? null : textOf(mappingOf(this.agents[agentName]).llm);
    if (model !== null && !model.includes("{")) node.model = modelName(model);
    this.#tellOfRest(task, t("the task {0}", name));
  }

  #roleOf(name: string, agentName: string | null): string {
    const agent = mappingOf(this.agents[agentName ?? ""]);
    const role = (textOf(agent.role) ?? "").replace(/\s+/g, " ").trim();
    return role === "" ? name.replaceAll("_", " ") : `${name.replaceAll("_", " ")}, by ${role.slice(0, 80)}`;
  }

  #agent(name: string) {
    const known = this.#agents.get(name);
    const agent = this.agents[name];
    if (known || !isMapping(agent)) return known ?? null;
    const part = (key: "role" | "goal" | "backstory", role: string) => {
      const text = textOf(agent[key]);
      const reference = { file: this.files.agentsFile, key: keyOf(...this.files.agentsAt, name, key) };
      return text === null ? null : this.#text(`${name}_${key}`, role, reference, text);
    };
    const ids = {
      role: part("role", "who the agent is"),
      goal: part("goal", "what the agent is after"),
      backstory: part("backstory", "where the agent comes from"),
    };
    this.#agents.set(name, ids);
    this.#tellOfRest(agent, this.source.t("the agent {0}", name));
    return ids;
  }

  /** A text node. Its inputs are filled in as CrewAI does. @returns its id */
  #text(wanted: string, role: string, reference: DraftNode["text"] & object, text: string): string {
    const id = this.#names.take(wanted);
    const node: DraftNode = { kind: "text", role, text: reference };
    this.#nodes[id] = node;
    this.#fill(node, text, "key" in reference ? `${reference.file}: ${reference.key}` : wanted);
    return id;
  }

  /** Adds the inputs that a text names in braces. */
  #fill(node: DraftNode, text: string, where: string): void {
    const names = [...new Set(findPlaceholders(text, "python").map(({ name }) => name))];
    if (names.length > 0 || /[{}]/.test(text)) node.templating = "python";
    if (/\{\{|\}\}/.test(text) && isFormatString(text)) {
      this.#notes.push(
        this.source.t("{0} has doubled braces, which are sent as single ones. CrewAI sends them as they are.", where),
      );
    }
    for (const name of names) {
      const input = this.#inputNames.get(name) ?? this.#names.take(name);
      this.#inputNames.set(name, input);
      this.#inputs[input] = "";
      if (input !== name) node.variables = { ...node.variables, [name]: input };
      node.inputs = [...new Set([...(node.inputs ?? []), input])];
    }
  }

  #tellOfRest(part: Mapping, what: string): void {
    const rest = Object.keys(part).filter((key) => !READ.has(key));
    if (rest.length > 0) {
      this.#notes.push(this.source.t("Of {0}, these settings are not used here: {1}.", what, rest.join(", ")));
    }
  }
}
