/** Table of runs: each row is built once, and only changed texts are set. */

import { h, setText } from "../lib/dom";
import { outlook, progress, seconds } from "../lib/format";
import type { Row } from "../lib/messages";

export type Verb = Row["can"][number];

export const VERBS: Record<Verb, string> = { cancel: "Cancel", retry: "Retry download", resume: "Resume" };

interface Line {
  element: HTMLTableRowElement;
  word: HTMLElement;
  note: HTMLElement;
  cells: Map<string, HTMLElement>;
  time: HTMLElement;
  usual: HTMLElement;
  bar: HTMLElement;
  fill: HTMLElement;
  cost: HTMLElement;
  actions: HTMLElement;
  offered: string;
}

/** A column: its name, its heading, and its text in a row. */
export interface Column {
  name: string;
  title: string;
  text(row: Row): string;
}

const heading = (name: string) => name.replace(/^var_/, "").replaceAll("_", " ");

/** The columns: what a sweep varies, or model and prompt for a store. */
export function columns(rows: Iterable<Row>, kind: string): Column[] {
  if (kind !== "sweep") {
    return [
      { name: "model", title: "model", text: (row) => `${row.provider} ${row.model}` },
      { name: "prompt", title: "prompt", text: (row) => row.prompt },
    ];
  }
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row.values)) names.add(name);
  const found = [...names].map((name) => ({
    name,
    title: heading(name),
    text: (row: Row) => row.values[name] ?? "",
  }));
  return found.length ? found : [{ name: "prompt", title: "prompt", text: (row) => row.prompt }];
}

export class Table {
  readonly element: HTMLElement;
  readonly #head = h("tr");
  readonly #body = h("tbody");
  readonly #lines = new Map<string, Line>();
  readonly #act: (verb: Verb, id: string, button: HTMLButtonElement) => void;
  #columns: Column[] = [];

  constructor(label: string, act: (verb: Verb, id: string, button: HTMLButtonElement) => void) {
    this.#act = act;
    const table = h("table", { "aria-label": label }, h("thead", {}, this.#head), this.#body);
    this.element = h(
      "div",
      { class: "hailuo-rows", role: "region", "aria-label": label, tabindex: "0" },
      table,
    );
  }

  /** Sets the columns; all rows are rebuilt if they changed. */
  setColumns(found: Column[]): void {
    const same = found.map((c) => c.name).join("\n") === this.#columns.map((c) => c.name).join("\n");
    this.#columns = found;
    if (same && this.#head.childElementCount) return;
    const titles = ["status", ...found.map((c) => c.title), "time", "cost"].map((title) =>
      h("th", { scope: "col" }, title),
    );
    this.#head.replaceChildren(
      ...titles,
      h("th", { scope: "col" }, h("span", { class: "hailuo-unseen" }, "actions")),
    );
    this.#lines.clear();
    this.#body.replaceChildren();
  }

  /** Shows these rows in this order, and removes all others. */
  show(rows: Row[], now: number): void {
    const shown = new Set(rows.map((row) => row.id));
    for (const [id, line] of this.#lines) {
      if (!shown.has(id)) {
        line.element.remove();
        this.#lines.delete(id);
      }
    }
    let previous: Element | null = null;
    for (const row of rows) {
      const line = this.#lines.get(row.id) ?? this.#build(row);
      this.#fill(line, row, now);
      const next: Element | null = previous ? previous.nextElementSibling : this.#body.firstElementChild;
      if (next !== line.element) this.#body.insertBefore(line.element, next);
      previous = line.element;
    }
  }

  /** Updates the times of unfinished rows. */
  tick(rows: Iterable<Row>, now: number): void {
    for (const row of rows) {
      const line = this.#lines.get(row.id);
      if (line && row.live) this.#time(line, row, now);
    }
  }

  #build(row: Row): Line {
    const word = h("span", { class: "hailuo-word" });
    const note = h("div", { class: "hailuo-note" });
    const cells = new Map(this.#columns.map((column) => [column.name, h("td", { dir: "auto" })]));
    const time = h("span");
    const usual = h("span", { class: "hailuo-usual" });
    const fill = h("div", { class: "hailuo-fill" });
    const bar = h("div", { class: "hailuo-bar" }, fill);
    const cost = h("td", { class: "hailuo-figure" });
    const actions = h("td", { class: "hailuo-actions" });
    const first = h("th", { scope: "row" }, word, note);
    const element = h("tr", {}, first, ...cells.values(), h("td", {}, time, usual, bar), cost, actions);
    const line = { element, word, note, cells, time, usual, bar, fill, cost, actions, offered: "" };
    this.#lines.set(row.id, line);
    return line;
  }

  #fill(line: Line, row: Row, now: number): void {
    line.element.dataset.status = row.status;
    line.element.title = `run ${row.id}${row.simulated ? " · simulated" : ""}`;
    setText(line.word, row.word);
    const elsewhere = row.live && !row.here ? "not followed here" : "";
    setText(line.note, [row.error, row.live ? null : row.hint, elsewhere].filter(Boolean).join(" · "));
    for (const column of this.#columns) {
      const cell = line.cells.get(column.name);
      if (cell) setText(cell, column.text(row));
    }
    const unsent = row.status === "planned" || row.status === "skipped";
    setText(line.cost, unsent ? "" : row.kind === "reused" ? "from the archive" : row.cost);
    line.cost.classList.toggle("hailuo-unknown-cost", row.amount === null);
    this.#time(line, row, now);
    this.#offer(line, row);
  }

  #time(line: Line, row: Row, now: number): void {
    const passed = row.elapsed ?? Math.max(0, now - row.since);
    const waits = row.status === "planned";
    setText(line.time, waits ? "not sent yet" : row.live || row.elapsed !== null ? seconds(passed) : "");
    setText(line.usual, row.live && !waits ? outlook(passed, row) : "");
    line.bar.hidden = !row.live || waits || row.eta === null;
    if (row.eta !== null && row.live)
      line.fill.style.width = `${(progress(passed, row.eta) * 100).toFixed(1)}%`;
  }

  #offer(line: Line, row: Row): void {
    const offered = row.can.join(" ");
    if (offered === line.offered) return;
    line.offered = offered;
    const buttons = row.can.map((verb) => {
      const name = VERBS[verb];
      const button = h("button", { type: "button", "aria-label": `${name} run ${row.id}` }, name);
      button.addEventListener("click", () => this.#act(verb, row.id, button));
      return button;
    });
    line.actions.replaceChildren(...buttons);
  }
}
