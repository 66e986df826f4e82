import { blockIn, feedbackFor, promptModel } from "./prompt-model.ts";

/**
 * A model that knows nothing but what its prompt shows. It searches with general words unless its instruction asks for
 * names, and finds fault with a search only if it sees the search and the passages that came of it.
 */
export const searchModel = promptModel("search", { forward, feedback, rewrite });

function forward(instruction: string, user: string): string {
  const company = /founder of ([A-Z]\w+ [A-Z]\w+)/.exec(user)?.[1] ?? "";
  const founder = new RegExp(`${company} is[^.]*\\. It was founded by (\\w+ \\w+)`).exec(user)?.[1];
  const known = /(\w+ \w+) founded/.exec(user)?.[1];
  const asksNames = /names/.test(instruction);
  if (/search/.test(instruction)) {
    if (!asksNames) return "a founder who was born in a town, and the company that was founded";
    return known ?? company;
  }
  if (/one sentence/.test(instruction)) return founder ? `${founder} founded ${company}.` : "Nothing fits.";
  return new RegExp(`${known ?? "nobody"} was a founder[^.]* was born in (\\w+)`).exec(user)?.[1] ?? "unknown";
}

const NAMES = "It has to hold the names, not only general words.";

function feedback(_: string, user: string, keys: readonly string[]) {
  const step = /<step id="(\w+)"/.exec(user)?.[1] ?? "";
  const sees = (name: string) => new RegExp(`<source id="${name}"`).test(user) && /<retriever step=/.test(user);
  const note = /<input id="note"[^>]*>\n([\s\S]*?)\n<\//.exec(user)?.[1] ?? "";
  const about = (key: string): string => {
    if (key === "instruction" && /^search/.test(step)) return /names/.test(blockIn(user, "feedback")) ? NAMES : "";
    if (key === "search1" && sees("search1")) return NAMES;
    if (key === "note" && note.startsWith("Nothing")) return "It does not say who the founder is.";
    return key === "search2" && sees("search2") && !note.startsWith("Nothing") ? NAMES : "";
  };
  return feedbackFor(keys, about);
}

function rewrite(_: string, user: string) {
  const cases = [...user.matchAll(/<case id[\s\S]*?<\/case>/g)].map(([one]) => blockIn(one, "feedback"));
  const added = cases.some((one) => one.includes(NAMES)) ? "Use the names of people and companies." : "Take care.";
  return { hypothesis: "What was missing.", text: `${blockIn(user, "current_text")} ${added}` };
}
