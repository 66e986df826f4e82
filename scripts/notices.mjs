import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const RULE = "-".repeat(80);

/**
 * The licences of everything third that is in a bundle, one section a package.
 * @param files what was bundled, ours and others', as paths from `root`
 * @throws where a package brings no licence: it must not be shipped then
 */
export function thirdPartyNotices(root, files) {
  const folders = new Set();
  for (const file of files) {
    // The innermost: a package may bring its own version of another.
    const found = /^(.*[\\/]|)node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/.exec(file);
    if (found) folders.add(found[0]);
  }
  const ours = readFileSync(join(root, "LICENSE"), "utf8");
  const sections = new Map([...folders].map((folder) => sectionOf(join(root, folder), ours)));
  const names = [...sections.keys()].sort();
  const intro = "AgentGraph contains the following software of others, under the licences given with each.";
  return `${[intro, ...names.map((name) => sections.get(name))].join(`\n\n${RULE}\n`)}\n`;
}

/** @param ours our own licence, for the words of MIT where a package only names it */
function sectionOf(folder, ours) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
  if (texts.length === 0 && license === "MIT") {
    const holder = typeof author === "string" ? author : (author?.name ?? `the authors of ${name}`);
    texts.push(ours.replace(/^Copyright.*$/m, `Copyright (c) ${holder}`).trim());
  }
  if (texts.length === 0) throw new Error(`${name} ${version} is bundled, and brings no licence.`);
  const title = `${name} ${version} (${license ?? "see below"})`;
  return [title, [title, ...texts].join("\n\n")];
}
