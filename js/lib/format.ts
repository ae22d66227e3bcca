/** Formats of durations and progress; the static cards (hailuo_widgets/render/card.py) use the same. */

/** Seconds: "8 s", "1 min 05 s", "1 h 02 min". */
export function seconds(value: number): string {
  const whole = Math.max(0, Math.round(value));
  const two = (part: number) => String(part).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** A span of seconds: "40–70 s", "55 s – 1 min 10 s"; one duration if both ends have the same text. */
export function span(low: number, high: number): string {
  const [from, to] = [seconds(low), seconds(high)];
  if (from === to) return from;
  const sameUnit = high < 59.5;
  return sameUnit ? `${Math.round(low)}–${to}` : `${from} – ${to}`;
}

/**
 * The length of a progress bar after `elapsed` of `eta` expected seconds: 0 to 0.97. It slows down from 0.85 on and never
 * reaches 1, because only the provider knows when a clip is done.
 */
export function progress(elapsed: number, eta: number): number {
  const bend = 0.85;
  const ceiling = 0.97;
  const share = Math.max(0, elapsed) / Math.max(eta, 1);
  if (share <= bend) return share;
  return bend + (ceiling - bend) * (1 - Math.exp(-(share - bend) / (ceiling - bend)));
}

export interface Expectation {
  eta?: number | null;
  low?: number | null;
  high?: number | null;
}

/** The usual time as a text; "" if it is not known. */
export function outlook(elapsed: number, { eta, low, high }: Expectation): string {
  const usual = low != null && high != null ? span(low, high) : eta != null ? `about ${seconds(eta)}` : "";
  if (!usual) return "";
  const limit = high ?? (eta ?? 0) * 1.5;
  return elapsed > limit ? `longer than usual (${usual})` : `usually ${usual}`;
}
