/** Sorting, filtering and summary of a board's rows. */

import { type Row, STATUSES, type Totals } from "../lib/messages";

export type Order = "start" | "stage" | "time" | "cost";

const amount = (row: Row) => row.amount ?? Number.POSITIVE_INFINITY; // unknown costs are last

/** The rows in an order; equal ones keep theirs. */
export function sorted(rows: Iterable<Row>, order: Order, now: number): Row[] {
  const listed = [...rows];
  const time = (row: Row) => row.elapsed ?? now - row.since;
  const by: Record<Order, (a: Row, b: Row) => number> = {
    start: () => 0,
    stage: (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status),
    time: (a, b) => time(b) - time(a),
    cost: (a, b) => amount(a) - amount(b),
  };
  return order === "start" ? listed : listed.sort(by[order]);
}

/** Whether a row is in a group of statuses and contains all words of a filter. */
export function wanted(row: Row, group: string, words: string): boolean {
  if (group === "live" && !row.live) return false;
  if (group === "trouble" && (row.live ? row.error === null : row.status === "succeeded")) return false;
  if (group === "done" && row.status !== "succeeded") return false;
  const text = [row.id, row.word, row.provider, row.model, row.prompt, row.variant, row.error, row.sweep]
    .concat(Object.entries(row.values).flat())
    .join(" ")
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The totals as one line: "3 of 8 done · 2 running, 3 queued · $0.84 + 2 unknown · about 3 min left". */
export function summary(totals: Totals, left: string): string {
  const stages = STATUSES.filter((status) => status !== "succeeded" && totals.statuses[status]).map(
    (status) => `${totals.statuses[status]} ${status}`,
  );
  const spent = [...totals.spent, ...(totals.unknown ? [`${totals.unknown} at an unknown cost`] : [])];
  const running = totals.done < totals.runs;
  return [
    `${totals.statuses.succeeded ?? 0} of ${totals.runs} succeeded${totals.reused ? ` (${totals.reused} reused)` : ""}`,
    stages.join(", "),
    spent.length ? `cost ${spent.join(" + ")}` : "",
    running && left ? `about ${left} left` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
