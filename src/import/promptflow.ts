import { isMapping, listOf, type Mapping, mappingOf, readMapping, textOf } from "./documents.ts";
import { type Draft, type DraftNode, type Importer, ImportRefused, type ImportSource } from "./importer.ts";
import { framed, readJinja, withoutHistory } from "./jinja-prompt.ts";
import { Names } from "./names.ts";
import { topologicalOrder } from "./order.ts";

const REFERENCE = /^\$\{\s*([^.}\s]+)(?:\.([^}\s]+))?\s*\}$/;

interface FlowNode {
  readonly name: string;
  readonly type: string;
  /** Path of its template; null if it has none. */
  readonly path: string | null;
  readonly inputs: Mapping;
}

/** Inputs of an LLM node that are request settings, not values of its text. */
const SETTINGS = new Set(
  "deployment_name model temperature top_p max_tokens stop n logprobs echo presence_penalty frequency_penalty best_of logit_bias suffix response_format seed tools tool_choice functions function_call detail stream".split(
    " ",
  ),
);

/**
 * Prompt flow: the LLM and prompt nodes of a flow become nodes; the outputs of Python nodes become inputs of the
 * graph.
 */
export const promptflow: Importer = {
  kind: "promptflow",
  recognizes: (name) => /^flow\.dag\.ya?ml$/i.test(name),
  async read([file = ""], source) {
    return new Flow(source, file, await readMapping(file, source)).draft();
  },
};

class Flow {
  readonly #notes: string[] = [];
  readonly #names = new Names();
  readonly #nodes: Record<string, DraftNode> = {};
  readonly #inputs: Record<string, string> = {};
  readonly #files: string[];
  /** Names of the flow → those of the graph. */
  readonly #ids = new Map<string, string>();

  constructor(
    private readonly source: ImportSource,
    private readonly file: string,
    private readonly flow: Mapping,
  ) {
    this.#files = [file];
  }

  async draft(): Promise<Draft> {
    const { t } = this.source;
    const nodes = listOf(this.flow.nodes).map((one) => this.#node(mappingOf(one)));
    const models = new Set(nodes.filter(({ type }) => type === "llm").map(({ name }) => name));
    const asked: FlowNode[] = [];
    for (const node of nodes) if (await this.#canRun(node, models)) asked.push(node);
    if (!asked.some(({ type }) => type === "llm")) {
      throw new ImportRefused(t("{0} has no node that asks a model with a template.", this.file));
    }
    for (const { name } of asked) this.#ids.set(name, this.#names.take(name));
    const others = nodes.filter(({ name }) => !this.#ids.has(name));
    const order = topologicalOrder(
      asked,
      ({ name }) => name,
      ({ inputs }) => Object.values(inputs).flatMap((one) => REFERENCE.exec(String(one))?.[1] ?? []),
    );
    for (const node of order) await this.#add(node);
    for (const { name, type } of others) {
      const said = this.#ids.has(name)
        ? t(
            'The node "{0}" ({1}) does not run here. Nodes that read it now read a graph input, so record its values in the data.',
            name,
            type || "?",
          )
        : t('The node "{0}" ({1}) does not run here.', name, type || "?");
      this.#notes.push(said);
    }
    for (const [name, input] of Object.entries(mappingOf(this.flow.inputs))) {
      const id = this.#ids.get(`inputs.${name}`);
      if (id === undefined) this.#notes.push(t('No model reads the input "{0}" of the flow.', name));
      else if (textOf(mappingOf(input).description) !== null) this.#inputs[id] = String(mappingOf(input).description);
    }
    return {
      name: textOf(this.flow.display_name) ?? "Flow",
      inputs: this.#inputs,
      nodes: this.#nodes,
      output: this.#output(order, nodes),
      files: [...new Set(this.#files)],
      notes: this.#notes,
    };
  }

  /** Whether a node has a readable template. A prompt that reads model outputs can't be a text node. */
  async #canRun({ name, type, path, inputs }: FlowNode, models: ReadonlySet<string>): Promise<boolean> {
    const { t } = this.source;
    if (path === null || (type !== "llm" && type !== "prompt")) return false;
    if ((await this.source.text(path)) === null) {
      this.#notes.push(t("The template {0} can't be read.", path));
      return false;
    }
    const made = Object.values(inputs).flatMap((one) => REFERENCE.exec(String(one))?.[1] ?? []);
    const reads = made.filter((one) => models.has(one));
    if (type === "llm" || reads.length === 0) return true;
    this.#notes.push(
      t(
        'The prompt "{0}" reads {1}, whose value a model produces. A text can only be filled in with graph inputs.',
        name,
        reads.join(", "),
      ),
    );
    return false;
  }

  /** Reads a node by its default variant. */
  #node(node: Mapping): FlowNode {
    const name = textOf(node.name) ?? "node";
    let chosen = node;
    const variants = mappingOf(mappingOf(this.flow.node_variants)[name]);
    if (node.use_variants === true) {
      const id = String(variants.default_variant_id ?? Object.keys(mappingOf(variants.variants))[0] ?? "");
      chosen = { ...node, ...mappingOf(mappingOf(mappingOf(variants.variants)[id]).node) };
      const others = Object.keys(mappingOf(variants.variants)).filter((one) => one !== id);
      if (others.length > 0) {
        this.#notes.push(
          this.source.t(
            'The node "{0}" uses its variant {1}. Others are left as they are: {2}.',
            name,
            id,
            others.join(", "),
          ),
        );
      }
    }
    const source = mappingOf(chosen.source);
    const path = textOf(source.path);
    const type = textOf(chosen.type) ?? "";
    return { name, type, path: path !== null && !/\.py$/i.test(path) ? path : null, inputs: mappingOf(chosen.inputs) };
  }

  async #add({ name, type, path, inputs }: FlowNode): Promise<void> {
    const { t } = this.source;
    const id = this.#ids.get(name) ?? name;
    const file = path ?? "";
    this.#files.push(file);
    const text = await this.source.text(file);
    const history = type === "llm" && text !== null ? withoutHistory(text, file) : null;
    if (history)
      this.#notes.push(
        t('The loop {0} of {1} is left out: "{2}" runs without what it adds.', history.loop, file, name),
      );
    const { names: found, note } = readJinja(history?.text ?? text ?? "", file, t);
    if (note !== null) this.#notes.push(note);
    const names = [...new Set([...found, ...(history?.framed ?? [])])];
    const node: DraftNode = { inputs: [] };
    const read: string[] = [];
    for (const variable of names) {
      const input = variable in inputs ? this.#value(variable, inputs[variable], name) : this.#input(variable);
      read.push(input);
      if (input !== variable) node.variables = { ...node.variables, [variable]: input };
    }
    node.inputs = [...new Set(read)];
    node.templating = "jinja";
    this.#nodes[id] = node;
    const unread = Object.keys(inputs).filter((one) => !names.includes(one) && !SETTINGS.has(one) && !history);
    if (unread.length > 0 && text !== null)
      this.#notes.push(t('The template of "{0}" names no {1}.', name, unread.join(", ")));
    if (type === "prompt") {
      this.#nodes[id] = { kind: "text", ...node, text: { file } };
      return;
    }
    node.instruction = history?.reference ?? { file };
    if (history) node.frame = framed(history.frame, node.variables);
    const model = textOf(inputs.deployment_name) ?? textOf(inputs.model);
    const temperature = typeof inputs.temperature === "string" ? Number(inputs.temperature) : inputs.temperature;
    const isUsable = typeof temperature === "number" && temperature >= 0 && temperature <= 2;
    if (model !== null && model !== "" && !REFERENCE.test(model))
      node.model = isUsable ? { model, temperature } : model;
    if (listOf(inputs.tools).length > 0 || inputs.functions !== undefined)
      this.#notes.push(t('The tools of "{0}" are not used here.', name));
  }

  /** The name for a value in the graph. */
  #value(variable: string, value: unknown, reader: string): string {
    const [, from, of] = REFERENCE.exec(typeof value === "string" ? value : "") ?? [];
    if (from === "inputs" && of !== undefined) return this.#input(of);
    if (from !== undefined) {
      const id = this.#ids.get(from);
      return id ?? this.#input(from === "inputs" ? variable : from, from);
    }
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    this.#notes.push(
      this.source.t('The value "{0}" of {1} in "{2}" is an input of the graph.', shown.slice(0, 60), variable, reader),
    );
    return this.#input(`${variable}`);
  }

  #input(name: string, key = `inputs.${name}`): string {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#names.take(name);
    this.#ids.set(key, id);
    this.#inputs[id] = "";
    return id;
  }

  /** The model whose value is the flow's output; else the nearest one before it, or the last one. */
  #output(order: readonly FlowNode[], nodes: readonly FlowNode[]): string {
    const { t } = this.source;
    const outputs = Object.values(mappingOf(this.flow.outputs));
    const models = order.filter(({ type }) => type === "llm").map(({ name }) => name);
    const given = outputs.flatMap((output) => referencesIn(isMapping(output) ? output.reference : ""));
    const found = given.find((name) => models.includes(name));
    if (found !== undefined) return this.#ids.get(found) ?? "";
    const seen = new Set(given);
    for (const name of seen) {
      const { inputs = {} } = nodes.find((one) => one.name === name) ?? {};
      for (const before of Object.values(inputs).flatMap(referencesIn)) seen.add(before);
    }
    const nearest = [...seen].find((name) => models.includes(name)) ?? models.at(-1) ?? "";
    this.#notes.push(
      t('The output of the flow is not produced by a model, so the answer is taken from "{0}".', nearest),
    );
    return this.#ids.get(nearest) ?? "";
  }
}

/** Nodes that a value names: `${node.output}`. */
function referencesIn(value: unknown): string[] {
  const [, name] = REFERENCE.exec(typeof value === "string" ? value : "") ?? [];
  return name === undefined ? [] : [name];
}
