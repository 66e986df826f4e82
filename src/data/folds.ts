import { randomLcg, shuffler } from "d3";
import type { Data } from "./sample.ts";

/**
 * Splits the data once per fold: each sample is held out once as test data; half of the others are for training and
 * half for validation.
 * @param data without folds; its test set is left out
 */
export function foldsOf({ train, validation }: Data, folds: number, seed = 1): Data[] {
  const all = [...train, ...validation];
  const places = new Map(shuffler(randomLcg(seed))(all.map((_, index) => index)).map((index, place) => [index, place]));
  const placed = all.map((sample, index) => ({ sample, place: places.get(index) ?? 0 }));
  const foldOf = (place: number) => place % folds;
  // The place within the fold, so that each half has samples of every fold.
  const halfOf = (place: number) => (Math.floor(place / folds) + foldOf(place)) % 2;
  return Array.from({ length: folds }, (_, fold) => {
    const others = placed.filter(({ place }) => foldOf(place) !== fold);
    const half = (which: number) => others.filter(({ place }) => halfOf(place) === which).map(({ sample }) => sample);
    const test = placed.filter(({ place }) => foldOf(place) === fold).map(({ sample }) => sample);
    return { train: half(0), validation: half(1), test };
  });
}
