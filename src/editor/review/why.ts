import { Hover, type HoverProvider, l10n, MarkdownString, type Position, type TextDocument } from "vscode";
import { contributionOf } from "../../run/explain/contribution.ts";
import { reasonsOf } from "../../run/explain/why.ts";
import { samplesLabel, whyHtml } from "../../run/report/why.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { NotFound } from "../errors.ts";
import type { Page, Pages } from "../runs/pages/pages.ts";
import type { RunStore } from "../runs/run-store.ts";
import { literal } from "../ui/markdown.ts";
import { sampleLabel } from "./evidence.ts";
import { parseInstructionUri } from "./instructions.ts";
import type { Review } from "./review.ts";

/** The page with the reasons for a proposal. @throws NotFound, RunMissing, RunUnreadable */
export async function whyPage(runStore: RunStore, [id = "", change = ""]: readonly string[]): Promise<Page> {
  const run = await runStore.open(id);
  const proposal = run?.state.proposals.find((one) => one.id === change);
  if (!run || !proposal) throw new NotFound(l10n.t("The run of this proposal no longer exists."));
  const about = {
    proposal,
    part: contributionOf(run.state, proposal, run.threshold),
    reasons: reasonsOf(run.state, proposal),
    label: (sample: string) => sampleLabel(run, sample),
  };
  return { title: l10n.t("Why: {0}", proposal.node), html: (theme) => whyHtml(about, LOCALE, theme) };
}

/** Shows why a text was proposed: as a page beside the diff, and as a hover over each added line. */
export class Why implements HoverProvider {
  readonly commands = { why: (target) => this.#why(target) } satisfies SomeCommands;

  constructor(
    private readonly review: Review,
    private readonly runStore: RunStore,
    private readonly pages: Pages,
  ) {}

  async #why(target: unknown): Promise<void> {
    const { run, proposal } = await this.review.proposal(target);
    await this.pages.showBeside("why", [run.entry.id, proposal.id]);
  }

  async provideHover({ uri }: TextDocument, { line }: Position): Promise<Hover | null> {
    const ref = parseInstructionUri(uri);
    const run = ref?.side === "after" ? await this.runStore.open(ref.run) : null;
    const proposal = run?.state.proposals.find(({ id }) => id === ref?.id);
    if (!run || !proposal) return null;
    const parts = reasonsOf(run.state, proposal).parts.filter((part) => part.line === line);
    const reasons = parts.flatMap((part) => part.reasons);
    if (reasons.length === 0) return null;
    const said = reasons.map(
      ({ sentence, samples }) =>
        `${literal(sentence)}  \n*${literal(samplesLabel(samples, (id) => sampleLabel(run, id), LOCALE))}*`,
    );
    return new Hover(new MarkdownString(said.join("\n\n")));
  }
}
