import { gradientsIn, lackingIn } from "./backward.ts";
import { chance, pick } from "./chance.ts";
import { skillsOf } from "./forward.ts";
import { type Block, blocksOf } from "./prompt.ts";
import type { Skill } from "./task.ts";

/** Share of rewrites that make things worse though the feedback says what is missing. */
const RUINOUS = 0.1;
const RUIN = "Rough figures will do.";

const TEXT = /text|instruction|prompt|parameter|present|current|incumbent/i;
const PAST =
  /history|attempt|reject|accept|earlier|previous|version|tried|case|sample|example|place|purpose|constraint/i;

/** Cases that a rewrite can go by. */
const CASE = /case|sample|feedback|gradient|critic|trace/i;
const ATTEMPT = /^(attempt|scored|previous|version)\b.*\bscore="([\d.]+)/i;
/** Share of ideas, without a case to go by, that are something the step can do. */
const APT = 0.35;
/** Feedback that says which answer was right, and no more. */
const ANSWER = /\b(right|correct|expected|desired) (answer|output)\b|^expected\b/i;
const EMPTY_WORDS = [
  "Take your time.",
  "You are an expert.",
  "Give your best.",
  "Work with care.",
  "Stay on the task.",
];

export interface Rewrite {
  readonly text: string;
  readonly hypothesis: string;
}

/**
 * Keeps the old text and adds one thing that the feedback asks for, the most frequent first.
 * @param draw tells repeats of one prompt apart
 */
export function rewrite(prompt: string, draw: number): Rewrite {
  const blocks = blocksOf(prompt);
  if (!blocks.some(({ label }) => CASE.test(label))) return imagine(blocks, prompt, draw);
  const old = presentText(blocks);
  const add = (sentence: string, hypothesis: string): Rewrite => ({ text: `${old}\n${sentence}`.trim(), hypothesis });
  // What was tried before is shown, and is not tried again.
  const isNew = (sentence: string) => !prompt.includes(`${old}\n${sentence}`) && !old.includes(sentence);

  const feedback = gradientsIn(blocks).map(({ text }) => text);
  const skills = skillsOf(old);
  const isNamed = (skill: Skill) => feedback.some((text) => skill.asked.test(text));
  const shown = skills?.some(isNamed) ? [] : blocks.filter(({ label }) => /^case\b/i.test(label)).map(lackingInCase);
  if (!skills) return add(feedback[0] ?? "Be exact.", "The text should ask for what the feedback asks for.");

  const [wanted] = skills
    .filter((skill) => !skill.asked.test(old))
    .map((skill) => ({ skill, times: feedback.filter((text) => skill.asked.test(text)).length }))
    .map(({ skill, times }) => ({ skill, times: times + shown.filter((lacking) => lacking.includes(skill)).length }))
    .filter(({ times }) => times > 0)
    .sort((a, b) => b.times - a.times);
  const said = feedback.filter((text) => !/^\s*(no change\b[^.]*\.?\s*)?$/i.test(text));
  const isVague = said.some((text) => !ANSWER.test(text));
  // Where feedback asks for something that it cannot make out, it guesses once, and badly.
  if (isNew(RUIN) && (wanted ? chance(`ruin ${draw} ${prompt}`) < RUINOUS : isVague)) {
    return add(RUIN, "Fewer demands should make fewer mistakes.");
  }
  // That an answer was wrong says nothing of why.
  const empty = said.length > 0 && !isVague && pick(EMPTY_WORDS.filter(isNew), `${draw} ${prompt}`);
  if (!wanted && empty) return add(empty, `An idea: ${empty}`);
  const useful = wanted && pick(wanted.skill.advice.filter(isNew), `${draw} ${prompt}`);
  if (!useful) return { text: old, hypothesis: "The feedback does not say what is missing: the text stays." };
  return add(useful, `${wanted.times === 1 ? "One case asks" : `${wanted.times} cases ask`} for it: ${useful}`);
}

/** Whether the prompt shows a text that a rewrite could replace. */
export function hasTextToRewrite(prompt: string): boolean {
  return presentText(blocksOf(prompt)) !== "";
}

/** What an output lacks by the inputs beside it, where no feedback says so. */
function lackingInCase({ text }: Block): readonly Skill[] {
  const output = blocksOf(text).find(({ label }) => /^output\b/i.test(label))?.text;
  return output === undefined ? [] : lackingIn(output, text);
}

/**
 * Without any case to go by: the best version that the prompt shows, and one idea more, which is mostly of no use.
 */
function imagine(blocks: readonly Block[], prompt: string, draw: number): Rewrite {
  const attempts = blocks.flatMap(({ label, text }) => {
    const score = ATTEMPT.exec(label)?.[2];
    return score === undefined ? [] : [{ text: text.trim(), score: Number(score) }];
  });
  const best = attempts.reduce((best, one) => (one.score >= best.score ? one : best), { text: "", score: -1 });
  const old = best.text || presentText(blocks);
  const chosen = (purpose: string) => chance(`${purpose} ${draw} ${prompt}`);
  const apt = (skillsOf(old) ?? []).flatMap(({ advice }) => advice);
  const ideas = [...(chosen("apt") < APT ? apt : chosen("ruin") < RUINOUS ? [RUIN] : EMPTY_WORDS)];
  const idea = pick(
    ideas.filter((sentence) => !old.includes(sentence)),
    `${draw} ${prompt}`,
  );
  return { text: `${old}\n${idea ?? ""}`.trim(), hypothesis: `An idea: ${idea ?? "none"}` };
}

function presentText(blocks: readonly Block[]): string {
  const candidates = blocks.filter(
    ({ label, text, within }) => TEXT.test(label) && !PAST.test([...within, label].join(" ")) && text.trim() !== "",
  );
  return (candidates.find(({ text }) => skillsOf(text) !== null) ?? candidates[0])?.text.trim() ?? "";
}
