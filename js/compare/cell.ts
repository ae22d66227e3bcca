/** Cell of the grid: a run's clip and values, and the user's rating, tags and note. */

import { h, message, setOptional, setText } from "../lib/dom";
import type { GridCell } from "../lib/messages";
import { hearButton } from "../lib/volume";
import { marked } from "./diff";
import { axisName } from "./names";

/**
 * A run in the grid. `frozen`: it cannot be rated, tagged or noted, as in a report. `values`: what tells it from the
 * others, by name: its place on each axis, then its label.
 */
export type CellData = GridCell & { frozen: boolean; values: [string, string][] };

export interface CellActs {
  pick(id: string): void;
  rate(id: string, rating: number | null): void;
  tag(id: string, tags: string[]): void;
  note(id: string, note: string): void;
  listen(id: string): void;
  /** Shows the clip alone in full screen, or leaves it. */
  enlarge(frame: HTMLElement): void;
  shift(id: string, seconds: number): void;
  /** Resolves to all known values of the run, with their names. */
  open(id: string): Promise<[string, string][]>;
}

const STARS = 5;

export class Cell {
  readonly element: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly frame: HTMLElement;
  readonly data: CellData;
  readonly #stars: HTMLButtonElement[] = [];
  readonly #pick: HTMLButtonElement;
  readonly #sound: HTMLButtonElement;
  readonly #run = h("dl", { class: "hailuo-run" });
  readonly #trouble = h("div", { class: "hailuo-problem", role: "alert" });

  /** `first` is the prompt that the run's own is compared with. */
  constructor(data: CellData, first: string, acts: CellActs, signal: AbortSignal) {
    this.data = data;
    const named = `run ${data.id}`;
    this.video = h("video", { playsinline: true, preload: "none", "aria-label": `Clip of ${named}` });
    this.video.muted = true;
    this.frame = h(
      "div",
      { class: "hailuo-frame", tabindex: "-1", title: "Double click: full screen" },
      this.video,
    );
    const word = h("span", { class: "hailuo-word" }, data.word);
    const told = data.label.map(([name, value]) => `${name} ${value}`).join(" · ");
    const label = h("div", { class: "hailuo-said" }, ...(data.clip ? [] : [word, " "]), told);
    const badge = h("span", { class: "hailuo-badge" }, "SIMULATED");
    badge.hidden = !data.simulated;
    const on = (part: HTMLElement, act: () => void) => part.addEventListener("click", act, { signal });

    this.#pick = h(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        "aria-label": `A/B: ${named} by itself`,
        title: "Choose two clips, A and B, to see them on one stage",
      },
      "A/B",
    );
    this.#sound = hearButton(`Hear ${named}`, () => acts.listen(data.id), signal);
    this.#sound.hidden = data.sound === false;
    on(this.#pick, () => acts.pick(data.id));
    const large = h(
      "button",
      { type: "button", "aria-label": `Full screen of ${named}`, title: "Full screen" },
      "⤢",
    );
    on(large, () => acts.enlarge(this.frame));
    this.frame.addEventListener("dblclick", () => acts.enlarge(this.frame), { signal });
    const stars = h("span", { class: "hailuo-stars", role: "group", "aria-label": `Rate ${named}` });
    for (let star = 1; star <= STARS; star++) {
      const button = h(
        "button",
        { type: "button", "aria-label": `${star} of ${STARS}`, title: `${star} of ${STARS}` },
        "★",
      );
      button.disabled = data.frozen;
      on(button, () => {
        data.rating = data.rating === star ? null : star;
        this.#showRating();
        acts.rate(data.id, data.rating);
      });
      this.#stars.push(button);
      stars.append(button);
    }
    const tags = h("input", { type: "text", placeholder: "tags", "aria-label": `Tags of ${named}` });
    tags.value = data.tags.join(", ");
    tags.addEventListener(
      "change",
      () => {
        const words = tags.value.split(",").map((t) => t.trim());
        acts.tag(data.id, words.filter(Boolean));
      },
      { signal },
    );
    const note = h("input", { type: "text", placeholder: "note", "aria-label": `Note on ${named}` });
    note.value = data.note;
    note.addEventListener("change", () => acts.note(data.id, note.value), { signal });
    const shift = h("input", {
      type: "number",
      step: "0.04",
      value: "0",
      "aria-label": `Start ${named} later, seconds`,
    });
    shift.addEventListener("input", () => acts.shift(data.id, Number(shift.value) || 0), { signal });
    tags.hidden = Boolean(data.frozen && !tags.value);
    note.hidden = Boolean(data.frozen && !note.value);
    tags.readOnly = data.frozen;
    note.readOnly = data.frozen;
    const given = data.given.length ? ` · tagged ${data.given.join(", ")}` : "";
    const facts = `run ${data.id} · ${data.status === "succeeded" ? data.cost : data.word}${given}`;
    const more = h(
      "details",
      {},
      h("summary", {}, "more"),
      h("div", { class: "hailuo-prompt", dir: "auto" }, ...marked(data.prompt, first)),
      h("div", { class: "hailuo-said" }, facts),
      this.#run,
      h("div", { class: "hailuo-inputs" }, tags, note, h("label", {}, "later by ", shift, " s")),
    );
    stars.hidden = Boolean(data.frozen && data.rating === null);
    more.addEventListener("toggle", () => more.open && void this.#open(acts), { signal });
    const tools = h("div", { class: "hailuo-cell-tools" }, stars, this.#pick, large, this.#sound, badge);
    this.element = h(
      "div",
      { class: "hailuo-cell", "data-status": data.status, role: "group", "aria-label": named },
      ...(data.clip ? [this.frame] : []),
      label,
      ...(data.error ? [h("div", { class: "hailuo-said" }, data.error)] : []),
      ...(data.clip ? [tools] : []),
      more,
      this.#trouble,
    );
    this.#trouble.hidden = true;
    this.#showRating();
  }

  /** Asks for the run's values and shows them. */
  async #open(acts: CellActs): Promise<void> {
    try {
      const rows = await acts.open(this.data.id);
      this.#run.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    } catch (error) {
      this.complain(message(error));
    }
  }

  /** What tells the run from others of the comparison; its ID if nothing does. `other`: from that run alone. */
  called(other?: Cell): string {
    const theirs = new Map(other?.data.values);
    const own = this.data.values.filter(([name, value]) => !other || theirs.get(name) !== value);
    return own.map(([name, value]) => `${axisName(name)} ${value}`).join(" · ") || `run ${this.data.id}`;
  }

  picked(name: string | null): void {
    this.#pick.setAttribute("aria-pressed", String(name !== null));
    setText(this.#pick, name ?? "A/B");
  }

  heard(on: boolean): void {
    this.#sound.setAttribute("aria-pressed", String(on));
  }

  complain(text: string): void {
    setOptional(this.#trouble, text);
  }

  #showRating(): void {
    this.#stars.forEach((star, n) => {
      star.setAttribute("aria-pressed", String(n < (this.data.rating ?? 0)));
    });
  }
}
