import type { Clock } from "../../../src/deps.ts";

/** A clock on which every look takes so long that other work gets a turn, which is counted. */
export function slowClock(): { readonly clock: Clock; readonly turns: () => number } {
  let now = 0;
  let turns = 0;
  const clock: Clock = {
    now: () => (now += 20),
    sleep: async () => {
      turns += 1;
    },
  };
  return { clock, turns: () => turns };
}
