/** Errors of the run layer: fields only. Their messages are in `src/i18n/errors.ts`. */

/** Another process is running this graph. */
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

/** A file of the run has a newer version than this program reads, or is damaged. */
export class RunUnreadable extends Error {
  override readonly name = "RunUnreadable";
  constructor(
    readonly path: string,
    readonly detail: string,
  ) {
    super(`${path}: ${detail}`);
  }
}

/** The run is finished, so there is nothing to resume. */
export class RunComplete extends Error {
  override readonly name = "RunComplete";
  constructor(readonly run: string) {
    super(`run ${run} is done`);
  }
}

/** Batches of the run have replies that were not collected yet, and the run is resumed without the batch tier. */
export class BatchesOpen extends Error {
  override readonly name = "BatchesOpen";
  constructor(
    readonly run: string,
    /** Number of requests that would be paid for again. */
    readonly requests: number,
  ) {
    super(`run ${run} has ${requests} requests in batches`);
  }
}

/** The run used another provider, so its replies can't be replayed. */
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

/** The log or the replies could not be written: disk full, missing folder, no permission. */
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

/** The run was made on another machine or changed since, so its replies and verdicts are not trusted. */
export class UntrustedRun extends Error {
  override readonly name = "UntrustedRun";
  constructor(readonly run: string) {
    super(`run ${run} was not made on this machine`);
  }
}
