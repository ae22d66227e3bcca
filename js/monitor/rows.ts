/** Sorting, filtering, labels and sums of a board's rows. */

import { seconds, span } from "../lib/format";
import { type BoardHead, type Row, STATUSES, type Totals } from "../lib/messages";

export type Order = "start" | "stage" | "time" | "cost" | "rating";

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
    rating: (a, b) => (b.rating ?? 0) - (a.rating ?? 0),
  };
  return order === "start" ? listed : listed.sort(by[order]);
}

/** Whether a row is in a group of statuses and contains all words of a filter. */
export function wanted(row: Row, group: string, words: string): boolean {
  if (group === "live" && !row.live) return false;
  if (group === "trouble" && (row.live ? row.error === null : row.status === "succeeded")) return false;
  if (group === "done" && row.status !== "succeeded") return false;
  const text = [row.id, row.word, row.provider, row.model, row.prompt, row.variant, row.error, row.sweep]
    .concat(row.tags, Object.entries(row.values).flat())
    .join(" ")
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const heading = (name: string) => name.replace(/^var_/, "").replaceAll("_", " ");

/** A column: its name, its heading, and its text in a row. */
export interface Column {
  name: string;
  title: string;
  text(row: Row): string;
}

/** The columns: what a sweep varies, or model and prompt for a store. */
export function columns(rows: Iterable<Row>, kind: string): Column[] {
  const prompt: Column = { name: "prompt", title: "prompt", text: (row) => row.prompt };
  if (kind !== "sweep")
    return [{ name: "model", title: "model", text: (row) => `${row.provider} ${row.model}` }, prompt];
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row.values)) names.add(name);
  const found = [...names].map((name) => ({
    name,
    title: heading(name),
    text: (row: Row) => row.values[name] ?? "",
  }));
  return found.length ? found : [prompt];
}

/** Whether a column's values need no name: "tracking", and not "2". */
export function speaks(column: Column): boolean {
  return ["variant", "prompt", "model", "provider"].includes(column.name);
}

/** A value with its name: "tracking", "seed 2". */
export function valueText(column: Column, row: Row): string {
  const text = column.text(row);
  return !text || speaks(column) ? text : `${column.title} ${text}`;
}

/** What a run is called: its values, else its prompt. */
export function labelOf(row: Row, shown: readonly Column[]): string {
  return (
    shown
      .map((column) => valueText(column, row))
      .filter(Boolean)
      .join(", ") || `run ${row.id}`
  );
}

/** "2 variants × 4 seeds": the numbers of values of each column, if they make up all runs. */
export function shape(rows: readonly Row[], shown: readonly Column[]): string {
  const counts = shown
    .map((column) => [new Set(rows.map((row) => column.text(row))).size, column.title] as const)
    .filter(([count]) => count > 1);
  const whole = counts.reduce((product, [count]) => product * count, 1);
  if (!counts.length || whole !== rows.length) return rows.length === 1 ? "1 run" : `${rows.length} runs`;
  return counts.map(([count, title]) => `${count} ${title}${title.endsWith("s") ? "" : "s"}`).join(" × ");
}

/** The column by which a sweep is grouped at first: one of several whose groups have two runs or more; "" for none. */
export function usualGroup(rows: readonly Row[], shown: readonly Column[]): string {
  if (shown.length < 2) return "";
  const values = (column: Column) => new Set(rows.map((row) => column.text(row))).size;
  return shown.find((column) => values(column) > 1 && values(column) * 2 <= rows.length)?.name ?? "";
}

/** The figures above the rows, each with its importance: clips, states, time left, money. */
export function figures(totals: Totals, head: Pick<BoardHead, "budgets">): string[] {
  const { statuses, runs, done, reused } = totals;
  const clips = statuses.succeeded ?? 0;
  const live = runs - done;
  const ended = ["failed", "unconfirmed", "cancelled", "skipped", "lost"]
    .filter((status) => statuses[status])
    .map((status) => `${statuses[status]} ${status}`);
  const states = [live ? `${live} in progress` : "", ...ended].filter(Boolean).join(" · ");
  const range =
    totals.left_low !== null && totals.left_high !== null && totals.left_high > 0
      ? ` (${span(totals.left_low, totals.left_high)})`
      : "";
  const left = live && totals.left !== null ? `about ${seconds(totals.left)} left${range}` : "";
  const known = totals.spent.join(" + ");
  const reserved = totals.reserved.length ? ` (${totals.reserved.join(" + ")} reserved)` : "";
  const count = `${totals.unknown} ${totals.unknown === 1 ? "run" : "runs"} at an unknown cost`;
  const list = totals.simulated ? " at list price" : "";
  const spent = [known && known + list + reserved, totals.unknown ? count : ""].filter(Boolean).join(" + ");
  const told = totals.simulated ? "; simulated, so nothing is billed" : "";
  return [
    `${clips} of ${runs} clips${reused ? ` (${reused} reused)` : ""}`,
    states,
    left,
    spent && `${spent}${told}`,
    ...head.budgets,
  ].filter(Boolean);
}
