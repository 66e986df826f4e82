/** Errors of the run layer: code and fields; words for people are put at the edge. */

/** Another process is at work on this graph. */
export class RunInProgress extends Error {
  override readonly name = "RunInProgress";
  constructor(
    readonly run: string,
    readonly process: number,
    readonly host: string,
    readonly lockFile: string,
  ) {
    super(`run ${run} of this graph is under way (process ${process} on ${host})`);
  }
}

export class RunMissing extends Error {
  override readonly name = "RunMissing";
  constructor(
    readonly run: string,
    readonly folder: string,
  ) {
    super(`there is no run ${run} in ${folder}`);
  }
}

/** A file of the run is of a later version than this program reads, or damaged beyond reading. */
export class RunUnreadable extends Error {
  override readonly name = "RunUnreadable";
  constructor(
    readonly path: string,
    readonly detail: string,
  ) {
    super(`${path}: ${detail}`);
  }
}

/** The run came to its end: there is nothing to resume. */
export class RunComplete extends Error {
  override readonly name = "RunComplete";
  constructor(readonly run: string) {
    super(`run ${run} is done`);
  }
}

/** What the run recorded was asked of another provider: its replies cannot be replayed. */
export class OtherProvider extends Error {
  override readonly name = "OtherProvider";
  constructor(
    readonly run: string,
    readonly recorded: string,
    readonly given: string,
  ) {
    super(`run ${run} asked ${recorded}, not ${given}`);
  }
}

/** The log or the replies could not be written: disk full, folder gone, no permission. */
export class NotRecorded extends Error {
  override readonly name = "NotRecorded";
  constructor(
    readonly path: string,
    /** From the system: ENOSPC, EACCES, … */
    readonly systemCode: string,
    detail: string,
  ) {
    super(`${path} could not be written: ${detail}`);
  }
}

/** Another machine made the run, or somebody changed it since: its replies and verdicts are claims. */
export class UntrustedRun extends Error {
  override readonly name = "UntrustedRun";
  constructor(readonly run: string) {
    super(`run ${run} was not made on this machine`);
  }
}
