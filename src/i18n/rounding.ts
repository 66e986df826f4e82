/** Less than this is noise of adding up floating-point numbers. */
const NOISE = 1e-9;

/**
 * Rounds a share or a score from 0 to 1 so that only all reads as 1 and only nothing as 0: 0.998 with two digits is 0.99.
 * Other values are returned as they are.
 * @param digits digits after the decimal point that are shown
 */
export function roundedInside(value: number, digits: number): number {
  const step = 10 ** -digits;
  if (value > 1 - step / 2 - NOISE && value < 1 - NOISE) return 1 - step;
  return value < step / 2 && value > NOISE ? step : value;
}
