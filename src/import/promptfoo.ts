import { formatOf } from "../data/rows.ts";
import { Locale } from "../i18n/locale.ts";
import { isMapping, keyOf, listOf, type Mapping, mappingOf, parsePlain, readMapping, textOf } from "./documents.ts";
import {
  type Draft,
  type DraftNode,
  type Importer,
  ImportRefused,
  type ImportSource,
  type Row,
  type TextReference,
} from "./importer.ts";
import { hasRoles, readJinja } from "./jinja-prompt.ts";
import { modelName, Names, validName } from "./names.ts";
import { assertionsOf, expectedAssertion, lossOf } from "./promptfoo-losses.ts";
import type { Assertion, TestCase } from "./promptfoo-script.ts";

/** Keys of the configuration that are read, and those that only affect promptfoo's display and runs. */
const READ = new Set(
  "prompts providers targets tests scenarios defaultTest description tags env outputPath sharing $schema evaluateOptions commandLineOptions assertionTemplates writeLatestResults".split(
    " ",
  ),
);

/** A prompt that can be tuned. */
interface Prompt {
  readonly text: string;
  readonly reference: TextReference;
  /** The other messages of a chat, in order around the text. */
  readonly chat?: readonly { readonly role: string; readonly content: string; readonly reference: TextReference }[];
  readonly at?: number;
}

/** promptfoo: prompts are alternatives, so one of them is imported; tests become rows, and assertions the loss. */
export const promptfoo: Importer = {
  kind: "promptfoo",
  recognizes: (name, head) =>
    /^promptfooconfig.*\.(?:ya?ml|json)$/i.test(name) ||
    (/\.ya?ml$/i.test(name) && /^prompts:/m.test(head) && /^(?:providers|targets):/m.test(head)),
  async read([file = ""], source) {
    const config = await readMapping(file, source);
    return new Config(source, file, config).draft();
  },
};

class Config {
  readonly #notes: string[] = [];
  readonly #files: string[];

  constructor(
    private readonly source: ImportSource,
    private readonly file: string,
    private readonly config: Mapping,
  ) {
    this.#files = [file];
  }

  async draft(): Promise<Draft> {
    const { t, prompt: wanted } = this.source;
    const prompts = await this.#prompts();
    const prompt = prompts[wanted - 1];
    if (!prompt) {
      const message =
        prompts.length === 0
          ? t("{0} has no prompt that is a text.", this.file)
          : t("{0} has no prompt {1}. Prompts that can be tuned: {2}.", this.file, wanted, prompts.length);
      throw new ImportRefused([message, ...this.#notes].join(" "));
    }
    if (prompts.length > 1) {
      this.#notes.push(
        t("It has {0} alternative prompts. This is prompt {1}; import another with --prompt.", prompts.length, wanted),
      );
    }
    const tests = await this.#tests();
    const { loss, rows, target, notes } = lossOf(tests, t);
    this.#notes.push(...notes);
    const names = new Names();
    // Variables keep their names, so that the columns of the rows do.
    const written = [prompt.text, ...(prompt.chat ?? []).map(({ content }) => content)];
    for (const name of new Set(written.flatMap((text) => readJinja(text, "", t).names.map(validName))))
      names.take(name);
    const answer = names.take("answer");
    const { nodes, inputs } = this.#nodes(prompt, answer, names);
    const filled = this.#filled(rows, Object.keys(inputs));
    this.#tellOfRest();
    return {
      name: textOf(this.config.description)?.split("\n")[0]?.slice(0, 80) ?? "promptfoo",
      inputs,
      nodes,
      output: answer,
      ...(filled.length > 0 && { data: { rows: filled } }),
      ...(target !== undefined && { target }),
      loss,
      ...this.#models(),
      files: [...new Set([...this.#files, prompt.reference.file])],
      notes: this.#notes,
    };
  }

  #nodes(prompt: Prompt, answer: string, names: Names): Pick<Draft, "nodes" | "inputs"> {
    const { t } = this.source;
    const inputs: Record<string, string> = {};
    const node: DraftNode = { role: "gives the answer", inputs: [], instruction: prompt.reference };
    const fill = (one: DraftNode, text: string, where: string) => {
      const { names: found, note } = readJinja(text, where, t);
      if (note !== null) this.#notes.push(note);
      if (found.length > 0 || note !== null) one.templating = "jinja";
      for (const name of found) {
        const input = validName(name);
        inputs[input] = "";
        if (input !== name) one.variables = { ...one.variables, [name]: input };
        one.inputs = [...new Set([...(one.inputs ?? []), input])];
      }
    };
    const nodes: Record<string, DraftNode> = {};
    fill(node, prompt.text, where(prompt.reference));
    const { chat, at = 0 } = prompt;
    if (chat) {
      const frame: string[] = [];
      for (const [index, { role, content, reference }] of chat.entries()) {
        if (index > 0) frame.push("");
        frame.push(`${role}:`);
        if (index === at) frame.push("{{instruction}}");
        else {
          const id = names.take(`${role}_message`);
          const text: DraftNode = { kind: "text", role: `a message of the ${role}`, text: reference };
          fill(text, content, where(reference));
          nodes[id] = text;
          node.inputs = [...(node.inputs ?? []), id];
          frame.push(`{{${id}}}`);
        }
      }
      node.frame = frame;
    } else if (hasRoles(prompt.text))
      this.#notes.push(t("Lines that name a role divide the prompt into messages here. promptfoo sends it as one."));
    nodes[answer] = node;
    return { nodes, inputs };
  }

  /** Rows in which variables of the prompt that a test does not set have an empty text, as in promptfoo. */
  #filled(rows: readonly Row[], inputs: readonly string[]): Row[] {
    const { t } = this.source;
    const lacks = (row: Row, input: string) => Object.keys(row).every((name) => validName(name) !== input);
    const partly = inputs.filter((input) => {
      const without = rows.filter((row) => lacks(row, input)).length;
      const isPartly = without > 0 && without < rows.length;
      if (isPartly)
        this.#notes.push(t("Tests without a value for {0} have an empty text there ({1}).", input, without));
      return isPartly;
    });
    return rows.map((row) => ({
      ...Object.fromEntries(partly.filter((input) => lacks(row, input)).map((input) => [input, ""])),
      ...row,
    }));
  }

  async #prompts(): Promise<Prompt[]> {
    const { prompts } = this.config;
    const list = typeof prompts === "string" ? [prompts] : isMapping(prompts) ? Object.keys(prompts) : listOf(prompts);
    const found: Prompt[] = [];
    for (const [index, one] of list.entries()) {
      const raw = mappingOf(one).raw;
      const name = textOf(one) ?? textOf(raw) ?? textOf(mappingOf(one).id) ?? textOf(mappingOf(one).file);
      const steps =
        typeof prompts === "string"
          ? ["prompts"]
          : ["prompts", index, ...(textOf(one) !== null ? [] : [raw === undefined ? "id" : "raw"])];
      if (name !== null) found.push(...(await this.#prompt(name, keyOf(...steps))));
    }
    return found;
  }

  async #prompt(written: string, key: string): Promise<Prompt[]> {
    const { t } = this.source;
    const isFile =
      written.startsWith("file://") ||
      /^[^\n{}]{1,200}\.(?:txt|md|json|ya?ml|py|js|cjs|mjs|ts|csv|j2|jinja2?)(?::\w+)?$/.test(written.trim());
    if (!isFile) {
      const reference = { file: this.file, key };
      return chatIn(written)
        ? this.#leave(t("The prompt {0} is a chat in one text", key))
        : [{ text: written, reference }];
    }
    const pattern = written
      .trim()
      .replace(/^file:\/\//, "")
      .replace(/^\.\//, "");
    if (/\.(?:py|js|cjs|mjs|ts)(?::\w+)?$/.test(pattern))
      return this.#leave(t("The prompt {0} is generated by code", pattern));
    const files = await this.source.match(pattern);
    if (files.length === 0) return this.#leave(t("The prompt file {0} is not there", pattern));
    return (await Promise.all(files.map((file) => this.#promptFile(file)))).flat();
  }

  async #promptFile(file: string): Promise<Prompt[]> {
    const { t } = this.source;
    const text = await this.source.text(file);
    if (text === null) return this.#leave(t("The prompt file {0} can't be read", file));
    if (/\.(?:json|ya?ml)$/i.test(file)) {
      const chat = chatIn(text);
      if (!chat) return this.#leave(t("The prompt file {0} has no list of messages with texts", file));
      const messages = chat.map(({ role, content, steps }) => ({
        role,
        content,
        reference: { file, key: keyOf(...steps) },
      }));
      const system = messages.findIndex(({ role }) => role === "system");
      const at = system >= 0 ? system : messages.length - 1;
      const { content = "", reference = { file } } = messages[at] ?? {};
      return [{ text: content, reference, chat: messages, at }];
    }
    if (/^---\s*$/m.test(text.replace(/^---[\s\S]*?\n---\s*\n/, ""))) {
      return this.#leave(t("The prompt file {0} has several prompts between lines of ---", file));
    }
    return [{ text, reference: { file } }];
  }

  #leave(what: string): [] {
    this.#notes.push(this.source.t("{0}, so it is left out.", what));
    return [];
  }

  async #tests(): Promise<TestCase[]> {
    const { config } = this;
    const defaults = mappingOf(config.defaultTest);
    const templates = mappingOf(config.assertionTemplates);
    const shared = { vars: mappingOf(defaults.vars), assertions: assertionsOf(defaults.assert, templates) };
    const list = Array.isArray(config.tests) ? config.tests : config.tests === undefined ? [] : [config.tests];
    const found: TestCase[] = [];
    for (const one of list) {
      const loaded = typeof one === "string" ? await this.#testFile(one) : [one];
      for (const test of loaded) {
        const { vars, assert, threshold = defaults.threshold, __expected: expected } = mappingOf(test);
        const own = isMapping(vars) ? vars : {};
        const assertions = await this.#filesIn([
          ...shared.assertions,
          ...assertionsOf(assert, templates),
          ...(typeof expected === "string" ? expectedAssertion(expected) : []),
        ]);
        for (const values of combinations({ ...shared.vars, ...own })) {
          const test = { vars: await this.#loaded(values), assertions };
          found.push(typeof threshold === "number" ? { ...test, threshold } : test);
        }
      }
    }
    if (config.scenarios !== undefined) this.#notes.push(this.source.t("Scenarios are left out."));
    return found;
  }

  /** Values of assertions that name a file hold its text, or what a JSON or YAML file says. */
  async #filesIn(assertions: readonly Assertion[]): Promise<Assertion[]> {
    const loaded = assertions.map(async (one): Promise<Assertion[]> => {
      const written = textOf(one.value)?.trim() ?? "";
      if (!written.startsWith("file://") || one.type.endsWith("python")) return [one];
      const file = written
        .slice("file://".length)
        .replace(/^\.\//, "")
        .replace(/(\.[cm]?[jt]s):\w+$/, "$1");
      const text = await this.source.text(file);
      if (text !== null) return [{ ...one, value: /json$/.test(one.type) ? parsePlain(text, file) : text }];
      this.#tell(this.source.t('The file of an assertion of the type "{0}", {1}, can\'t be read.', one.type, written));
      return [];
    });
    return (await Promise.all(loaded)).flat();
  }

  #tell(note: string): void {
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }

  /** Variables that name a file hold its text. */
  async #loaded(vars: Mapping): Promise<Mapping> {
    const entries = Object.entries(vars).map(async ([name, value]) => {
      if (typeof value !== "string" || !value.startsWith("file://")) return [validName(name), value] as const;
      const text = await this.source.text(value.slice("file://".length).replace(/^\.\//, ""));
      if (text === null)
        this.#notes.push(this.source.t('The file of the variable "{0}", {1}, can\'t be read.', name, value));
      return [validName(name), text ?? value] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async #testFile(written: string): Promise<readonly unknown[]> {
    const { t } = this.source;
    const pattern = written.replace(/^file:\/\//, "").replace(/^\.\//, "");
    const found: unknown[] = [];
    const locale = new Locale(t, "en");
    const files = /^https?:|^huggingface:|\.(?:py|js|ts|mjs)(?::\w+)?$/.test(pattern)
      ? []
      : await this.source.match(pattern);
    for (const file of files) {
      const text = await this.source.text(file);
      if (text === null) continue;
      if (/\.ya?ml$/i.test(file)) found.push(...listOf(parsePlain(text, file)));
      else {
        const rows = await formatOf(file)?.(text, { name: JSON.stringify(file), locale, yieldNow: async () => {} });
        found.push(...(rows?.rows ?? []).map(({ fields }) => testOfRow(fields)));
      }
    }
    if (found.length === 0) this.#notes.push(t("The tests of {0} can't be read.", written));
    return found;
  }

  #models(): Pick<Draft, "models"> {
    const { providers = this.config.targets } = this.config;
    const list = typeof providers === "string" ? [providers] : listOf(providers);
    const [first, ...others] = list.flatMap((one) => {
      const name = textOf(one) ?? textOf(mappingOf(one).id) ?? (isMapping(one) ? Object.keys(one)[0] : undefined);
      return name === undefined || /^(?:file|exec|python|https?|package|echo)\b/.test(name)
        ? []
        : [{ name, config: mappingOf(mappingOf(one).config) }];
    });
    if (!first) return {};
    if (others.length > 0)
      this.#notes.push(this.source.t("Of {0} providers, the first one is used: {1}.", list.length, first.name));
    const { temperature } = first.config;
    const model = modelName(first.name);
    return { models: { forward: typeof temperature === "number" ? { model, temperature } : model } };
  }

  #tellOfRest(): void {
    const rest = Object.keys(this.config).filter((key) => !READ.has(key));
    if (rest.length > 0) this.#notes.push(this.source.t("These settings are not used here: {0}.", rest.join(", ")));
    const transform = mappingOf(mappingOf(this.config.defaultTest).options).transform;
    if (transform !== undefined) this.#notes.push(this.source.t("The transform of the output is not used here."));
  }
}

function where({ file, key }: TextReference): string {
  return key === undefined ? file : `${file}: ${key}`;
}

/** The messages of a chat in JSON or YAML; null for other texts. */
function chatIn(text: string) {
  if (!/^\s*(?:\[|-|\{)/.test(text.replace(/^(?:[ \t]*(?:#[^\n]*|---)?\r?\n)+/, ""))) return null;
  let value: unknown;
  try {
    value = parsePlain(text, "");
  } catch {
    return null;
  }
  const inside = isMapping(value) && Array.isArray(value.messages);
  const list = inside ? listOf(mappingOf(value).messages) : listOf(value);
  const messages = list.flatMap((one, index) => {
    const { role, content } = mappingOf(one);
    if (typeof role !== "string" || typeof content !== "string") return [];
    return [{ role, content, steps: [...(inside ? ["messages"] : []), index, "content"] }];
  });
  return messages.length > 0 && messages.length === list.length ? messages : null;
}

/**
 * A test from a row of a table: `__expected` is its assertion, other names that start with two underscores are
 * promptfoo's own.
 */
function testOfRow(fields: Mapping): Mapping {
  if (isMapping(fields.vars)) return fields;
  const vars = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("__")));
  return { vars, __expected: textOf(fields.__expected) ?? undefined };
}

/** Expands variables with a list of values into one test per value. */
function combinations(vars: Mapping): Mapping[] {
  let found: Mapping[] = [{}];
  for (const [name, value] of Object.entries(vars)) {
    const values = Array.isArray(value) && value.every((one) => typeof one !== "object") ? value : [value];
    found = found.flatMap((one) => values.slice(0, 100).map((each) => ({ ...one, [name]: each }))).slice(0, 10_000);
  }
  return found;
}
