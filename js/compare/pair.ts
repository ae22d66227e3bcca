/** Stage for two clips on top of each other: wipe, onion skin, flip, difference; it can save both frames as a picture. */

import { h, setText } from "../lib/dom";
import type { Cell } from "./cell";
import { marked } from "./diff";
import { axisName } from "./names";

export const WAYS = ["wipe", "onion skin", "flip", "difference"] as const;
export type Way = (typeof WAYS)[number];
export type Values = [string, string][];

/** Values that differ in any two runs, whatever was asked for. */
const OF_THE_RUN = new Set(["planned", "task", "took", "file", "sha256", "error", "next"]);

/** The names of which two runs have different values, with both values; "" where one has none. */
export function differing(a: Values, b: Values): [string, string, string][] {
  const [left, right] = [new Map(a), new Map(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => !OF_THE_RUN.has(name) && left.get(name) !== right.get(name))
    .map((name) => [name, left.get(name) ?? "", right.get(name) ?? ""]);
}

export class Pair {
  readonly element: HTMLElement;
  readonly #stage = h("div", { class: "hailuo-stage" });
  readonly #slider = h("input", {
    type: "range",
    min: "0",
    max: "100",
    value: "50",
    "aria-label": "How much of B",
  });
  readonly #ways: HTMLButtonElement[] = [];
  readonly #names = h("div", { class: "hailuo-said" });
  readonly #table = h("table", { class: "hailuo-differences" });
  readonly #flip = h("button", { type: "button" }, "Flip");
  #cells: [Cell, Cell] | null = null;
  #way: Way = "wipe";
  #flipped = false;

  /** `swap` exchanges the two, `enlarge` shows them in full screen or leaves it. */
  constructor(signal: AbortSignal, close: () => void, exchange: () => void, enlarge: () => void) {
    const on = (part: HTMLElement, act: () => void) => part.addEventListener("click", act, { signal });
    const ways = h("div", { class: "hailuo-chips", role: "group", "aria-label": "How the two are shown" });
    for (const way of WAYS) {
      const button = h("button", { type: "button" }, way);
      on(button, () => {
        this.#way = way;
        this.#draw();
      });
      this.#ways.push(button);
      ways.append(button);
    }
    const swap = h("button", { type: "button", title: "Exchange A and B" }, "Swap");
    on(swap, exchange);
    this.#stage.addEventListener("dblclick", enlarge, { signal });
    on(this.#flip, () => {
      this.#flipped = !this.#flipped;
      this.#draw();
    });
    const save = h(
      "button",
      { type: "button", title: "Save both frames side by side as a PNG file" },
      "Save both frames",
    );
    on(save, () => this.#save());
    const leave = h("button", { type: "button", title: "Back to the grid (Esc)" }, "Back to the grid");
    on(leave, close);
    this.#slider.addEventListener("input", () => this.#draw(), { signal });
    const tools = h("div", { class: "hailuo-line" }, ways, this.#slider, this.#flip, swap, save, leave);
    this.element = h(
      "div",
      { class: "hailuo-pair", role: "group", "aria-label": "Two clips" },
      tools,
      this.#stage,
      this.#names,
      this.#table,
    );
    this.element.hidden = true;
  }

  get shown(): boolean {
    return this.#cells !== null;
  }

  /** Moves two cells' video elements onto the stage; they stay on the clock. */
  show(cells: [Cell, Cell]): void {
    this.hide();
    this.#cells = cells;
    this.#stage.replaceChildren(...cells.map((cell) => cell.video));
    const [a, b] = cells;
    setText(this.#names, `A: ${a.called(b)} | B: ${b.called(a)}`);
    this.compare(a.data.values, b.data.values);
    this.element.hidden = false;
    this.#draw();
  }

  /** Shows the values that differ, and the prompts with marks on the words that do. */
  compare(left: Values, right: Values): void {
    if (!this.#cells) return;
    const [one, two] = this.#cells.map(({ data }) => data.prompt) as [string, string];
    const rows = differing(left, right).filter(([name]) => name !== "prompt");
    const row = (name: string, ...both: (Node | string)[][]) =>
      h("tr", {}, h("th", { scope: "row" }, name), ...both.map((text) => h("td", { dir: "auto" }, ...text)));
    const head = h("tr", {}, ...["differs", "A", "B"].map((name) => h("th", { scope: "col" }, name)));
    const body = rows.map(([name, a, b]) => row(axisName(name), [a || "not set"], [b || "not set"]));
    if (one !== two) body.unshift(row("prompt", marked(one, two), marked(two, one)));
    this.#table.replaceChildren(...(body.length ? [head, ...body] : []));
  }

  hide(): void {
    for (const cell of this.#cells ?? []) {
      cell.video.removeAttribute("style");
      cell.frame.append(cell.video);
    }
    this.#cells = null;
    this.element.hidden = true;
  }

  #draw(): void {
    if (!this.#cells) return;
    const [below, above] = this.#cells.map((cell) => cell.video) as [HTMLVideoElement, HTMLVideoElement];
    const share = Number(this.#slider.value);
    below.removeAttribute("style");
    above.removeAttribute("style");
    if (this.#way === "wipe") above.style.clipPath = `inset(0 0 0 ${100 - share}%)`;
    if (this.#way === "onion skin") above.style.opacity = String(share / 100);
    if (this.#way === "flip") above.style.visibility = this.#flipped ? "visible" : "hidden";
    if (this.#way === "difference") above.style.mixBlendMode = "difference";
    this.#slider.hidden = this.#way === "flip" || this.#way === "difference";
    this.#flip.hidden = this.#way !== "flip";
    setText(this.#flip, this.#flipped ? "Show A" : "Show B");
    this.#ways.forEach((button, n) => {
      button.setAttribute("aria-pressed", String(WAYS[n] === this.#way));
    });
  }

  #save(): void {
    if (!this.#cells) return;
    const videos = this.#cells.map((cell) => cell.video);
    const canvas = document.createElement("canvas");
    canvas.width = videos.reduce((sum, video) => sum + video.videoWidth, 0);
    canvas.height = Math.max(...videos.map((video) => video.videoHeight));
    const context = canvas.getContext("2d");
    let left = 0;
    for (const video of videos) {
      context?.drawImage(video, left, 0);
      left += video.videoWidth;
    }
    const time = videos[0]?.currentTime.toFixed(2) ?? "0";
    const name = `${this.#cells.map((cell) => cell.data.id).join("-")}-${time}s.png`;
    canvas.toBlob((blob) => {
      if (!blob) return;
      const url = URL.createObjectURL(blob);
      const link = h("a", { href: url, download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    }, "image/png");
  }
}
