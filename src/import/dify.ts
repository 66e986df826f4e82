import { findPlaceholders } from "../graph/text/templating.ts";
import { keyOf, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import {
  type Draft,
  type DraftNode,
  type Importer,
  ImportRefused,
  type ImportSource,
  type TextReference,
} from "./importer.ts";
import { Names } from "./names.ts";
import { topologicalOrder } from "./order.ts";

interface Message {
  readonly role: string;
  readonly text: string;
  /** Absent: it is not in the file. */
  readonly reference?: TextReference;
}

interface LlmStep {
  readonly id: string;
  readonly title: string;
  readonly messages: readonly Message[];
  readonly data: Mapping;
}

/** Dify's DSL: the LLM steps of a workflow, with their messages; other steps become inputs of the graph. */
export const dify: Importer = {
  kind: "dify",
  recognizes: (name, head) =>
    /\.ya?ml$/i.test(name) &&
    /^(?:app|kind|workflow):/m.test(head) &&
    /^\s*(?:mode:\s|kind:\s*app\b)/m.test(head) &&
    /^(?:workflow|model_config):/m.test(head),
  async read([file = ""], source) {
    return new Workflow(source, file, await readMapping(file, source)).draft();
  },
};

class Workflow {
  readonly #notes: string[] = [];
  readonly #names = new Names();
  readonly #inputs: Record<string, string> = {};
  readonly #nodes: Record<string, DraftNode> = {};
  /** Steps of the workflow → names of the graph. */
  readonly #ids = new Map<string, string>();

  constructor(
    private readonly source: ImportSource,
    private readonly file: string,
    private readonly dsl: Mapping,
  ) {}

  draft(): Draft {
    const { t } = this.source;
    const graph = mappingOf(mappingOf(this.dsl.workflow).graph);
    const steps = listOf(graph.nodes).map((one, index) => ({
      index,
      id: String(mappingOf(one).id ?? index),
      data: mappingOf(mappingOf(one).data),
    }));
    const asked = steps.flatMap(({ index, id, data }) => (data.type === "llm" ? [this.#step(index, id, data)] : []));
    const usable = asked.filter(({ messages }) => messages.length > 0);
    if (usable.length === 0) throw new ImportRefused(t("{0} has no step that asks a model with a prompt.", this.file));
    const order = topologicalOrder(
      usable,
      ({ id }) => id,
      ({ messages }) => messages.flatMap(({ text }) => namesIn(text).map((name) => name.split(".")[0] ?? "")),
    );
    for (const { id, title } of order) this.#ids.set(id, this.#names.take(title));
    for (const { id, data } of steps) {
      const type = String(data.type ?? "");
      if (this.#ids.has(id) || /^(?:start|end|answer|llm)?$/.test(type)) continue;
      this.#notes.push(
        t(
          'The step "{0}" ({1}) does not run here. Prompts that read it now read a graph input.',
          String(data.title ?? id),
          type,
        ),
      );
    }
    for (const step of order) this.#add(step);
    const last = this.#lastOf(steps, order);
    const name = textOf(mappingOf(this.dsl.app).name) ?? "Dify";
    return { name, inputs: this.#inputs, nodes: this.#nodes, output: last, files: [this.file], notes: this.#notes };
  }

  #step(index: number, id: string, data: Mapping): LlmStep {
    const at = ["workflow", "graph", "nodes", index, "data", "prompt_template"];
    const one = mappingOf(data.prompt_template);
    const list = Array.isArray(data.prompt_template) ? data.prompt_template : [];
    const messages = list.flatMap((message, place) => {
      const { role, text } = mappingOf(message);
      const reference = { file: this.file, key: keyOf(...at, place, "text") };
      return typeof text === "string" && text !== "" ? [{ role: String(role ?? "user"), text, reference }] : [];
    });
    const single = textOf(one.text);
    const all =
      single !== null && single !== ""
        ? [{ role: "user", text: single, reference: { file: this.file, key: keyOf(...at, "text") } }]
        : [...messages, ...(messages.length > 0 ? this.#query(index, mappingOf(data.memory)) : [])];
    return { id, title: String(data.title ?? id), messages: all, data };
  }

  /** With a memory, Dify ends the messages with the query, in the words of the memory if it has any. */
  #query(index: number, memory: Mapping): Message[] {
    if (Object.keys(memory).length === 0) return [];
    const key = keyOf("workflow", "graph", "nodes", index, "data", "memory", "query_prompt_template");
    const text = textOf(memory.query_prompt_template) ?? "";
    if (text !== "") return [{ role: "user", text, reference: { file: this.file, key } }];
    const isChat = textOf(mappingOf(this.dsl.app).mode) === "advanced-chat";
    return isChat ? [{ role: "user", text: "{{#sys.query#}}" }] : [];
  }

  #add({ id, title, messages, data }: LlmStep): void {
    const name = this.#ids.get(id) ?? id;
    const system = messages.findIndex(({ role }) => role === "system");
    const at = system >= 0 ? system : messages.findLastIndex(({ reference }) => reference !== undefined);
    const main = messages[at];
    if (!main?.reference) return;
    const node: DraftNode = { role: title, inputs: [], instruction: main.reference };
    this.#fill(node, main.text);
    const frame: string[] = [];
    for (const [index, { role, text, reference }] of messages.entries()) {
      if (index > 0) frame.push("");
      frame.push(`${role}:`);
      if (index === at) frame.push("{{instruction}}");
      else if (!reference) frame.push(...this.#fixed(text, node));
      else {
        const part: DraftNode = { kind: "text", role: `a message of the ${role} to ${title}`, text: reference };
        this.#fill(part, text);
        const made = (part.inputs ?? []).filter((input) => !(input in this.#inputs));
        if (made.length > 0) {
          this.#notes.push(
            this.source.t(
              'A message of "{0}" reads {1}, whose value a model produces. The message stays fixed in the frame.',
              title,
              made.join(", "),
            ),
          );
          frame.push(...this.#fixed(text, node));
        } else {
          const partId = this.#names.take(`${name}_${role}`);
          this.#nodes[partId] = part;
          node.inputs = [...new Set([...(node.inputs ?? []), partId])];
          frame.push(`{{${partId}}}`);
        }
      }
    }
    if (messages.length > 1 || main.role === "system") node.frame = frame;
    const model = textOf(mappingOf(data.model).name);
    const { temperature } = mappingOf(mappingOf(data.model).completion_params);
    if (model !== null && model !== "")
      node.model =
        typeof temperature === "number" && temperature >= 0 && temperature <= 2 ? { model, temperature } : model;
    if (mappingOf(data.memory).window !== undefined)
      this.#notes.push(this.source.t('The memory of "{0}" is not used here.', title));
    this.#nodes[name] = node;
  }

  /** A message with the graph's own placeholders. */
  #fixed(text: string, node: DraftNode): string[] {
    let result = "";
    let at = 0;
    for (const { name, offset, length } of findPlaceholders(text, "dify")) {
      const input = this.#nameOf(name);
      node.inputs = [...new Set([...(node.inputs ?? []), input])];
      result += `${text.slice(at, offset)}{{${input}}}`;
      at = offset + length;
    }
    return (result + text.slice(at)).split("\n");
  }

  #fill(node: DraftNode, text: string): void {
    for (const name of new Set(namesIn(text))) {
      node.templating = "dify";
      const input = this.#nameOf(name);
      node.variables = { ...node.variables, [name]: input };
      node.inputs = [...new Set([...(node.inputs ?? []), input])];
    }
  }

  /** The node or input that `step.value` is in the graph. */
  #nameOf(name: string): string {
    const [step = "", ...rest] = name.split(".");
    const node = this.#ids.get(step);
    if (node !== undefined) return node;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#names.take(rest.at(-1) ?? step);
    this.#ids.set(name, id);
    this.#inputs[id] = "";
    return id;
  }

  #lastOf(steps: readonly { readonly data: Mapping }[], order: readonly LlmStep[]): string {
    const ends = steps.filter(({ data }) => data.type === "end" || data.type === "answer");
    const named = ends.flatMap(({ data }) => [
      ...namesIn(String(data.answer ?? "")),
      ...listOf(data.outputs).map((one) => String(listOf(mappingOf(one).value_selector)[0] ?? "")),
    ]);
    const found = named
      .map((name) => this.#ids.get(name.split(".")[0] ?? ""))
      .find((id) => id !== undefined && id in this.#nodes);
    return found ?? this.#ids.get(order.at(-1)?.id ?? "") ?? "";
  }
}

function namesIn(text: string): string[] {
  return findPlaceholders(text, "dify").map(({ name }) => name);
}
