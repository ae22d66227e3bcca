/** A run on a board, as a row or a tile: built once, and only what changed is set. */

import { h, setOptional, setText } from "../lib/dom";
import { outlook, seconds } from "../lib/format";
import { icon } from "../lib/icons";
import type { Row } from "../lib/messages";
import type { Box } from "./layout";
import { type Column, labelOf, speaks } from "./rows";

export type Verb = Row["can"][number];

export const VERBS: Record<Verb, string> = {
  cancel: "Cancel",
  retry: "Retry download · free",
  resume: "Follow again · free",
};

/** What an order is called at a run: one without a clip's file is followed again, not downloaded. */
export function verbText(verb: Verb, row: Pick<Row, "status">): string {
  return verb === "retry" && row.status !== "failed" ? VERBS.resume : VERBS[verb];
}

const STARS = 5;

export interface TileActs {
  open(id: string): void;
  enter(id: string, thumb: HTMLElement): void;
  leave(): void;
  rate(id: string, rating: number | null): void;
  verb(verb: Verb, id: string, button: HTMLElement): void;
  menu(id: string, button: HTMLElement): void;
  /** Opens the studio with the run's request; null where nothing can be opened. */
  edit: ((id: string) => void) | null;
}

/** The share of the bar's scale, which ends at the 90th percentile or at 1.5 times the median. */
export function scale(row: Pick<Row, "eta" | "high">): number | null {
  return row.high ?? (row.eta === null ? null : row.eta * 1.5);
}

export class Tile {
  readonly element: HTMLElement;
  readonly thumb: HTMLButtonElement;
  readonly image = h("img", { alt: "" });
  readonly id: string;
  readonly #acts: TileActs;
  readonly #columns: readonly Column[];
  readonly #word = h("span", { class: "hailuo-word" });
  readonly #icon = h("span", { class: "hw-mark" });
  readonly #note = h("span", { class: "hw-note" });
  readonly #length = h("span", { class: "hw-over" });
  readonly #values: HTMLElement[];
  readonly #time = h("span", { class: "hw-passed" });
  readonly #usual = h("span", { class: "hw-usual" });
  readonly #band = h("i", { class: "hw-band" });
  readonly #fill = h("i", { class: "hw-fill" });
  readonly #tick = h("i", { class: "hw-tick" });
  readonly #bar: HTMLElement;
  readonly #cost = h("span", { class: "hw-cost" });
  readonly #stars = h("span", { class: "hw-stars", role: "group" });
  readonly #orders = h("span", { class: "hw-orders" });
  readonly #more: HTMLButtonElement;
  #offered = "";
  #state = "";
  #rating: number | null = null;

  constructor(row: Row, shown: readonly Column[], acts: TileActs) {
    this.id = row.id;
    this.#acts = acts;
    this.#columns = shown;
    this.image.hidden = true;
    this.thumb = h("button", { type: "button", class: "hw-thumb" }, this.image, this.#length);
    this.#values = shown.map(() =>
      h("span", { class: "hw-value", dir: "auto" }, h("span", { class: "hw-name" }), h("span")),
    );
    this.#bar = h("span", { class: "hw-eta", "aria-hidden": "true" }, this.#band, this.#fill, this.#tick);
    this.#more = h(
      "button",
      { type: "button", class: "hw-btn hw-icon", "aria-haspopup": "menu", title: "More actions" },
      icon("more"),
    );
    this.element = h(
      "div",
      { class: "hw-run", role: "group" },
      this.thumb,
      h("div", { class: "hw-state" }, h("span", { class: "hw-status" }, this.#icon, this.#word), this.#note),
      h("div", { class: "hw-values" }, ...this.#values),
      h("div", { class: "hw-time" }, h("span", {}, this.#time, this.#usual), this.#bar, this.#cost),
      h("div", { class: "hw-acts" }, this.#stars, this.#orders, this.#more),
    );
    this.thumb.addEventListener("click", () => acts.open(this.id));
    for (const event of ["pointerenter", "focus"])
      this.thumb.addEventListener(event, () => !this.thumb.disabled && acts.enter(this.id, this.thumb));
    for (const event of ["pointerleave", "blur"]) this.thumb.addEventListener(event, () => acts.leave());
    this.#more.addEventListener("click", () => acts.menu(this.id, this.#more));
    this.#buildStars();
  }

  get label(): string {
    return this.element.dataset.label ?? "";
  }

  /** Puts it into its place. */
  place(box: Box): void {
    const { style } = this.element;
    style.transform = `translate(${box.left}px, ${box.top}px)`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
  }

  /** `by` is the column of the group's head: its value is not said again. */
  update(row: Row, now: number, by: string): void {
    const label = labelOf(row, this.#columns);
    this.element.dataset.label = label;
    this.element.dataset.clip = row.clip ? "yes" : "no";
    this.element.setAttribute("aria-label", `${label}: ${row.word}`);
    this.element.title = `run ${row.id}`;
    const state = row.reused ? "reused" : row.status;
    if (state !== this.#state) {
      this.#state = state;
      this.element.dataset.status = state;
      this.#icon.replaceChildren(icon(state));
    }
    setText(this.#word, row.word);
    const elsewhere = row.live && !row.here ? "Followed by another kernel" : "";
    const waits = row.status === "planned" && row.here ? "Waits for a free slot" : "";
    const why = [row.error, row.live ? null : row.hint, row.error ? null : row.note, elsewhere || waits];
    setText(this.#note, why.filter(Boolean).join(" · "));
    this.#note.title = this.#note.textContent ?? "";
    this.thumb.disabled = !row.clip;
    this.thumb.setAttribute("aria-label", row.clip ? `Open ${label}` : `${label}: no clip`);
    setOptional(this.#length, row.clip && row.seconds ? `${Math.round(row.seconds)} s` : "");
    this.#values.forEach((cell, n) => {
      const column = this.#columns[n];
      if (!column) return;
      const [name, value] = cell.children;
      const text = column.text(row);
      cell.title = text;
      cell.hidden = column.name === by;
      cell.classList.toggle("hw-none", !text);
      if (name instanceof HTMLElement) setText(name, text && !speaks(column) ? `${column.title} ` : "");
      if (value instanceof HTMLElement) setText(value, text);
    });
    const unsent = row.status === "planned" || row.status === "skipped";
    setText(this.#cost, unsent ? "" : row.reused ? "nothing paid" : row.cost);
    this.#stars.hidden = !row.clip;
    this.#stars.setAttribute("aria-label", `Rate ${label}`);
    this.#more.setAttribute("aria-label", `More actions for ${label}`);
    this.#rate(row.rating);
    this.tick(row, now);
    this.#offer(row, label);
  }

  /** Shows the time that has passed, and how long such runs usually take. */
  tick(row: Row, now: number): void {
    const passed = row.elapsed ?? Math.max(0, now - row.since);
    const waits = row.status === "planned";
    const usual = row.live && !waits ? outlook(passed, row) || "no estimate yet" : "";
    setText(this.#time, waits || (!row.live && row.elapsed === null) ? "" : seconds(passed));
    setText(this.#usual, usual);
    const end = scale(row);
    this.#bar.hidden = !row.live || waits || end === null;
    if (end === null || this.#bar.hidden) return;
    const part = (value: number) => `${Math.min(100, (100 * value) / Math.max(end, 0.001)).toFixed(1)}%`;
    this.#fill.style.width = part(passed);
    this.#bar.classList.toggle("hw-late", passed > end);
    this.#band.hidden = row.low === null || row.high === null;
    if (row.low !== null) this.#band.style.left = part(row.low);
    this.#tick.hidden = row.eta === null;
    if (row.eta !== null) this.#tick.style.left = part(row.eta);
  }

  #buildStars(): void {
    for (let star = 1; star <= STARS; star++) {
      const named = {
        type: "button",
        "aria-label": `${star} of ${STARS}`,
        tabindex: star === 1 ? "0" : "-1",
      };
      const button = h("button", named, icon("star"));
      button.addEventListener("click", () => this.rate(star));
      this.#stars.append(button);
    }
    this.#stars.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (!step || !(event.target instanceof HTMLElement)) return;
      event.preventDefault();
      event.stopPropagation();
      const next = step > 0 ? event.target.nextElementSibling : event.target.previousElementSibling;
      if (next instanceof HTMLElement) next.focus();
    });
  }

  /** Rates the clip; the same number of stars again removes them. */
  rate(stars: number): void {
    if (this.#stars.hidden) return;
    const rating = this.#rating === stars ? null : stars;
    this.#rate(rating);
    this.#acts.rate(this.id, rating);
  }

  #rate(rating: number | null): void {
    this.#rating = rating;
    [...this.#stars.children].forEach((star, n) => {
      star.setAttribute("aria-pressed", String(n < (rating ?? 0)));
    });
  }

  #offer(row: Row, label: string): void {
    const edit = row.status === "failed" && !row.can.length ? this.#acts.edit : null;
    const offered = `${row.can.join(" ")} ${row.status} ${edit !== null} ${label}`;
    if (offered === this.#offered) return;
    this.#offered = offered;
    const made = (name: string, act: (button: HTMLElement) => void) => {
      const button = h(
        "button",
        { type: "button", class: "hw-btn", "aria-label": `${name}: ${label}` },
        name,
      );
      button.addEventListener("click", () => act(button));
      return button;
    };
    const buttons = row.can.map((verb) =>
      made(verbText(verb, row), (button) => this.#acts.verb(verb, row.id, button)),
    );
    if (edit) buttons.push(made("Edit in studio", () => edit(row.id)));
    this.#orders.replaceChildren(...buttons);
  }
}
