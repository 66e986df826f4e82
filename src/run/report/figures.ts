/** How figures are written in a report. */

export function figure(value: number): string {
  return value.toFixed(2);
}

/** `0.43 … 0.82` */
export function range([low, high]: readonly [number, number]): string {
  return low === high ? figure(low) : `${figure(low)} … ${figure(high)}`;
}

/** `+0.25`, `−0.10` */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${figure(Math.abs(value))}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `12,345` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** `2026-11-21 10:53 UTC`: the same wherever the report is made. A log may name a time that is none. */
export function moment(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "?" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
