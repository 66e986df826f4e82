/** Holds requests back while a run is paused. */
export interface RequestPause {
  readonly isOpen: boolean;
  /** Resolves once requests may leave. @throws the signal's reason when aborted while waiting */
  opened(signal: AbortSignal): Promise<void>;
}
