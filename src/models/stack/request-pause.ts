/** Holds requests back while a run is paused. */
export interface RequestPause {
  readonly isOpen: boolean;
  /** Resolves once requests can be sent. @throws the signal's reason if aborted while waiting */
  opened(signal: AbortSignal): Promise<void>;
}
