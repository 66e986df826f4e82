import { gradientsIn } from "./backward.ts";
import { chance, pick } from "./chance.ts";
import { skillsOf } from "./forward.ts";
import { type Block, blocksOf } from "./prompt.ts";

/** Share of rewrites that make things worse. */
const RUINOUS = 0.12;
const RUINS = ["Rough figures will do.", "An estimate is enough.", "Approximate figures are fine."];
const VAGUE = ["Work carefully.", "Check everything twice.", "Take your time before you answer.", "Be exact."];
/** Skills asked for in one rewrite. */
const AT_ONCE = 2;

const TEXT = /text|instruction|prompt|parameter|present|current|incumbent/i;
const PAST =
  /history|attempt|reject|accept|earlier|previous|version|tried|case|sample|example|place|purpose|constraint/i;

export interface Rewrite {
  readonly text: string;
  readonly hypothesis: string;
}

/**
 * Keeps the old text and adds what the feedback that the prompt shows asks for, most frequent first.
 * @param draw tells repeats of one prompt apart
 */
export function rewrite(prompt: string, draw: number): Rewrite {
  const blocks = blocksOf(prompt);
  const old = presentText(blocks);
  const add = (sentence: string, hypothesis: string): Rewrite => ({ text: `${old}\n${sentence}`.trim(), hypothesis });
  const isNew = (sentence: string) => !prompt.includes(`${old}\n${sentence}`) && !old.includes(sentence);

  const ruin = RUINS.find(isNew);
  if (chance(`ruin ${draw} ${prompt}`) < RUINOUS && ruin) return add(ruin, "Fewer demands should make fewer mistakes.");

  const feedback = gradientsIn(blocks).map(({ text }) => text);
  const asked = skillsOf(old)
    .filter((skill) => !skill.asked.test(old))
    .map((skill) => ({ skill, times: feedback.filter((text) => skill.asked.test(text)).length }))
    .filter(({ times }) => times > 0)
    .sort((a, b) => b.times - a.times)
    .slice(0, AT_ONCE);
  const sentences = asked.flatMap(({ skill }) => pick(skill.advice, `${draw} ${prompt}`) ?? []);
  const count = Math.max(...asked.map(({ times }) => times));
  const several = `${count} ${count === 1 ? "case asks" : "cases ask"} for it: ${sentences.join(" ")}`;
  const useful = sentences.join("\n");
  if (useful !== "" && isNew(useful)) return add(useful, several);
  // The same words were turned down before: one thing at a time, in other words.
  const other = asked.flatMap(({ skill }) => skill.advice).find(isNew);
  if (other !== undefined) return add(other, `Said in other words, it may be understood: ${other}`);
  return add(VAGUE.find(isNew) ?? `${VAGUE.join(" ")}`, "Nothing in the feedback says what exactly is missing.");
}

function presentText(blocks: readonly Block[]): string {
  const candidates = blocks.filter(
    ({ label, text, within }) => TEXT.test(label) && !PAST.test([...within, label].join(" ")) && text.trim() !== "",
  );
  return (candidates.find(({ text }) => skillsOf(text).length > 0) ?? candidates[0])?.text.trim() ?? "";
}
