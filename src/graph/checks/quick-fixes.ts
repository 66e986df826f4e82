import { addMember, editList } from "../edits/list-edit.ts";
import type { Fix, Range, TextEdit } from "../fault.ts";
import { traitsOf } from "../node-kinds.ts";
import { starters } from "../starters.ts";
import { type JsonDocument, type JsonPath, rangeOf } from "../syntax/document.ts";
import type { Outline } from "../syntax/outline.ts";
import { dependents, sinksOf, type Use } from "../syntax/symbols.ts";
import { didYouMean } from "./did-you-mean.ts";

/** Maximum number of choices to offer. */
const MOST = 5;

/** Replaces a string with another name. */
export function rename(document: JsonDocument, range: Range, to: string): Fix {
  return change(document, range, JSON.stringify(to));
}

/** Replaces a value. @param json the new value as JSON */
export function change({ t }: JsonDocument, range: Range, json: string, title = t("Change to {0}", json)): Fix {
  return { title, edits: [replace(range, json)] };
}

/** Adds a member to the object at a path, or to the root object. @param json the value as JSON */
export function add(document: JsonDocument, path: JsonPath, key: string, json: string): Fix[] {
  const object = document.at(path);
  // While the user types, an object can be unclosed, so nothing can be added to it.
  if (object?.type !== "object" || document.text[object.offset + object.length - 1] !== "}") return [];
  const shown = json.length > 40 ? "{ … }" : json;
  return [{ title: document.t('Add "{0}": {1}', key, shown), edits: addMember(document.text, object, key, json) }];
}

/** Adds what is missing at a path, if there is a sensible value. */
export function addMissing(document: JsonDocument, outline: Outline, path: JsonPath): Fix[] {
  const [parent, key] = [path.slice(0, -1), String(path.at(-1))];
  const misspelt = didYouMean(key, document.at(parent)?.type === "object" ? keysAt(document, parent) : []);
  const place = misspelt === null ? undefined : document.keyAt([...parent, misspelt]);
  if (place) return [rename(document, rangeOf(place), key)];
  if (path.length === 3 && key === "instruction") return add(document, parent, key, '""');
  if (path.length > 1) return [];
  if (key === "output") return addOutput(document, outline);
  if (key === "inputs") return add(document, [], key, JSON.stringify(undeclared(outline)));
  if (key === "loss") return add(document, [], key, '{ "kind": "exact" }');
  if (key !== "version" || !document.root?.children?.length) return [];
  const change = { from: 0, to: 0, insert: ['"version": 1'] };
  return [{ title: document.t("Add {0}", '"version": 1'), edits: editList(document.text, document.root, [change]) }];
}

/** A first graph, for an empty file. */
export function startGraph({ text, t }: JsonDocument): Fix[] {
  return starters(t).map((starter) => ({
    title: t("Start a graph: {0}", starter.title),
    edits: [{ offset: 0, length: text.length, text: starter.text }],
  }));
}

/** Quick fixes for an unknown key. @param known every key of the format */
export function correctKey(document: JsonDocument, path: JsonPath, known: Iterable<string>): Fix[] {
  const key = String(path.at(-1));
  const place = document.keyAt(path);
  const taken = new Set(keysAt(document, path.slice(0, -1)));
  const meant = didYouMean(
    key,
    [...known].filter((it) => !taken.has(it)),
  );
  return [
    ...(place && meant ? [rename(document, rangeOf(place), meant)] : []),
    ...remove(document, path, document.t("Remove {0}", JSON.stringify(key))),
  ];
}

function keysAt(document: JsonDocument, path: JsonPath): string[] {
  const object = document.at(path);
  return object ? [...document.members(object).keys()] : [];
}

/** Names that nodes read but nothing defines. */
function undeclared(outline: Outline): string[] {
  const known = new Set(outline.nodes.map(({ id }) => id));
  const read = outline.nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name));
  return [...new Set(read)].filter((name) => !known.has(name));
}

/** Adds the missing output: a node that no other node reads. */
function addOutput(document: JsonDocument, outline: Outline): Fix[] {
  return sinksOf(outline)
    .slice(0, MOST)
    .flatMap((id) => add(document, [], "output", JSON.stringify(id)));
}

/** Adds an input to a node; none if that would create a cycle. */
export function addInput(document: JsonDocument, outline: Outline, id: string, name: string): Fix[] {
  const edits = inputEdits(document, outline, id, name);
  return edits.length > 0 ? [{ title: document.t('Add "{0}" to the inputs of "{1}"', name, id), edits }] : [];
}

/** Edits that add an input to a node; none if it has the input, or if that would create a cycle. */
export function inputEdits(document: JsonDocument, outline: Outline, id: string, name: string): TextEdit[] {
  const node = document.at(["nodes", id]);
  const reader = outline.nodes.find((it) => it.id === id);
  if (node?.type !== "object" || !reader || !traitsOf(reader).reads || dependents(outline, id).has(name)) return [];
  if (reader.inputs.some((input) => input.name === name)) return [];
  const inputs = document.at(["nodes", id, "inputs"]);
  const json = JSON.stringify(name);
  if (inputs?.type === "array" && inputs.children?.length) {
    const end = inputs.children.length;
    return editList(document.text, inputs, [{ from: end, to: end, insert: [json] }]);
  }
  if (inputs) return [replace(rangeOf(inputs), `[${json}]`)];
  return addMember(document.text, node, "inputs", `[${json}]`);
}

/** Excludes the texts of nodes from optimization. */
export function fixTexts(document: JsonDocument, ids: readonly string[]): Fix[] {
  const edits = ids.flatMap((id) => {
    const node = document.at(["nodes", id]);
    const trainable = document.at(["nodes", id, "trainable"]);
    if (trainable) return [replace(rangeOf(trainable), "false")];
    return node?.type === "object" ? addMember(document.text, node, "trainable", "false") : [];
  });
  return [{ title: document.t('Add "trainable": false to {0}', ids.join(", ")), edits }];
}

/** Makes a name one of the graph's inputs. */
export function declareInput(document: JsonDocument, name: string): Fix[] {
  const title = document.t('Make "{0}" an input of the graph', name);
  const inputs = document.at(["inputs"]);
  const json = JSON.stringify(name);
  if (inputs?.type === "object") return [{ title, edits: addMember(document.text, inputs, name, '""') }];
  if (inputs?.type === "array") {
    const end = inputs.children?.length ?? 0;
    return [{ title, edits: editList(document.text, inputs, [{ from: end, to: end, insert: [json] }]) }];
  }
  return add(document, [], "inputs", `{ ${json}: "" }`);
}

/** Removes a member of an object or an element of a list, with its comma. */
export function remove(document: JsonDocument, path: JsonPath, title: string): Fix[] {
  const step = path.at(-1);
  const parent = document.at(path.slice(0, -1));
  const element = typeof step === "string" ? document.keyAt(path)?.parent : document.at(path);
  return parent && element ? removeChildren(document, path.slice(0, -1), [element.offset], title) : [];
}

/** Removes the children of an object or a list that start at these offsets. */
export function removeChildren(
  document: JsonDocument,
  path: JsonPath,
  offsets: readonly number[],
  title: string,
): Fix[] {
  const parent = document.at(path);
  const changes = (parent?.children ?? []).flatMap(({ offset }, from) =>
    offsets.includes(offset) ? [{ from, to: from + 1, insert: [] }] : [],
  );
  return parent && changes.length > 0 ? [{ title, edits: editList(document.text, parent, changes) }] : [];
}

/** Splits one data file into the sets, instead of the sets that name it. */
export function splitData(document: JsonDocument): Fix[] {
  const data = document.at(["data"]);
  const given = ["file", "train", "validation", "test"].flatMap((key) => {
    const value = document.at(["data", key]);
    const file: unknown = value?.type === "object" ? document.at(["data", key, "file"])?.value : value?.value;
    return value ? [{ key, file }] : [];
  });
  const [first] = given;
  if (!data || typeof first?.file !== "string" || given.some(({ file }) => file !== first.file)) return [];
  const title = document.t("Split {0} into train, validation and test", JSON.stringify(first.file));
  const split = '"split": { "train": 0.4, "validation": 0.3, "test": 0.3, "seed": 1 }';
  const member = document.keyAt(["data", first.key])?.parent;
  if (!member) return [];
  const children = data.children ?? [];
  const changes = given.flatMap(({ key }, index) => {
    const offset = document.keyAt(["data", key])?.parent?.offset;
    const from = children.findIndex((child) => child.offset === offset);
    const insert = index === 0 ? [`"file": ${JSON.stringify(first.file)}`, split] : [];
    return [{ from, to: from + 1, insert }];
  });
  if (document.at(["data", "split"])) return [];
  const ordered = joined(changes.sort((a, b) => a.from - b.from));
  return [{ title, edits: editList(document.text, data, ordered) }];
}

/** Names the field that contains the answer. @param fields of the data's rows */
export function chooseTarget(document: JsonDocument, outline: Outline, fields: readonly string[]): Fix[] {
  const inputs = new Set(outline.inputs.map(({ name }) => name));
  return fields
    .filter((field) => !inputs.has(field))
    .slice(0, MOST)
    .flatMap((field) => add(document, ["data"], "target", JSON.stringify(field)));
}

/** Maps inputs or the target to fields, if the rows have no field of that name. */
export function mapFields(document: JsonDocument, { inputs }: Outline, fields: readonly string[]): Fix[] {
  const known = new Set(fields);
  const [mapping, target] = [document.at(["data", "fields"]), document.at(["data", "target"])];
  const fixes: Fix[] = [];
  for (const { name } of inputs) {
    const mapped = mapping && document.at(["data", "fields", name]);
    const field: unknown = mapped ? mapped.value : name;
    if (typeof field !== "string" || known.has(field)) continue;
    const taken = new Set([...inputs.map((input) => input.name), String(target?.value)]);
    for (const other of fields.filter((it) => !taken.has(it)).slice(0, MOST)) {
      const title = document.t('Read the input "{0}" from the field "{1}"', name, other);
      const [json, key] = [JSON.stringify(other), JSON.stringify(name)];
      const added = mapping
        ? add(document, ["data", "fields"], name, json)
        : add(document, ["data"], "fields", `{ ${key}: ${json} }`);
      const edits = mapped ? [replace(rangeOf(mapped), json)] : added[0]?.edits;
      if (edits) fixes.push({ title, edits });
    }
  }
  if (target && typeof target.value === "string" && !known.has(target.value)) {
    const meant = didYouMean(target.value, fields);
    for (const field of new Set([...(meant ? [meant] : []), ...fields.slice(0, MOST)])) {
      fixes.push(
        change(
          document,
          rangeOf(target),
          JSON.stringify(field),
          document.t('Take the answer from the field "{0}"', field),
        ),
      );
    }
  }
  return known.size > 0 ? fixes : [];
}

/** Quick fixes for a `{{name}}` that is not an input. @param backslash as written at that place */
export function correctPlaceholder(
  { t }: Pick<JsonDocument, "t">,
  { range, around, name }: Use,
  meant: string | null,
  backslash: string,
): Fix[] {
  const fixes: Fix[] = [];
  if (meant) fixes.push({ title: t("Change to {0}", `{{${meant}}}`), edits: [replace(range, meant)] });
  const edits = [{ offset: around.start, length: 0, text: backslash }];
  return [...fixes, { title: t("Write {0} to send the braces", `\\{{${name}}}`), edits }];
}

/** Replaces keys or values. A name with JSON escapes is one value. */
export function replace({ start, end }: Range, text: string): TextEdit {
  return { offset: start, length: end - start, text };
}

/** Merges neighbouring changes, as `editList` requires. */
function joined(changes: readonly { from: number; to: number; insert: string[] }[]) {
  const result: { from: number; to: number; insert: string[] }[] = [];
  for (const change of changes) {
    const last = result.at(-1);
    if (last?.to === change.from) {
      result[result.length - 1] = { from: last.from, to: change.to, insert: [...last.insert, ...change.insert] };
    } else result.push(change);
  }
  return result;
}
