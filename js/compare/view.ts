/** View of a comparison: the grid, one clock for all clips, zoom and pan of all clips, and two clips on a stage. */

import { Clips } from "../lib/clips";
import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import type { GridCell, Layout } from "../lib/messages";
import { Channel, type MessageModel } from "../lib/requests";
import type { Sync } from "../lib/sync";
import { Transport } from "../lib/transport";
import { Volume } from "../lib/volume";
import { Cell } from "./cell";
import { keyList, toggleFullScreen } from "./keys";
import { axisName } from "./names";
import { Pair } from "./pair";

type Order = "rate" | "tag" | "note";

const SAFE_CLASS = /^hailuo-grid-[A-Za-z0-9-]+$/;
const LONGEST_LABEL = 160;

const short = (text: string) => (text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text);

export class View {
  readonly #transport: Transport;
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #root: HTMLElement;
  readonly #cells = new Map<string, Cell>();
  readonly #pair: Pair;
  readonly #grid = h("div", { class: "hailuo-cells" });
  readonly #page = h("select", { "aria-label": "Page" });
  readonly #problem = h("div", { class: "hailuo-problem", role: "alert" });
  readonly #keys = keyList();
  readonly #said = h("div", { class: "hailuo-said", role: "status" });
  readonly #zoom = h("input", {
    type: "range",
    min: "1",
    max: "4",
    step: "0.1",
    value: "1",
    "aria-label": "Zoom",
  });
  #layout: Layout | null = null;
  #clips: Clips | null = null;
  #paging = new AbortController();
  #picked: string[] = [];
  #counted = "";
  readonly #volume: Volume;
  #heard: string | null = null;
  /** The clip that the button and the key make heard again. */
  #chosen: string | null = null;
  #pan = [0, 0] as [number, number];

  constructor(root: HTMLElement, model: MessageModel, css: string, signal: AbortSignal) {
    this.#root = root;
    this.#signal = signal;
    this.#channel = new Channel(model, signal);
    const zoom = h("label", {}, "zoom ", this.#zoom);
    this.#volume = new Volume(signal, "Hear the chosen clip, or none (M)", () => this.#turn());
    const tool = (text: string, title: string, act: () => void) => {
      const made = h("button", { type: "button", "aria-label": title, title }, text);
      made.addEventListener("click", act, { signal });
      return made;
    };
    const large = tool("Full screen", "Full screen (F)", () => this.#enlarge(root));
    const keys = tool("?", "Keyboard shortcuts (?)", () => this.#list());
    const more = [this.#volume.element, zoom, this.#page, large, keys];
    this.#transport = new Transport(signal, "All clips", ...more);
    this.#pair = new Pair(
      signal,
      () => this.#pick(null),
      () => this.#exchange(),
      () => this.#enlarge(root),
    );
    root.className = "hailuo-widget hailuo-compare";
    root.tabIndex = -1;
    keepKeys(root, signal);
    const style = h("style");
    const safe = SAFE_CLASS.test(css) ? css : "";
    const place = ":is(.jp-OutputArea,.cell_container):has(.hailuo-compare)";
    setText(style, safe ? `${place} .hailuo-grid.${safe}{display:none}` : "");
    const bar = h("div", { class: "hailuo-bar" }, this.#transport.element, this.#said, this.#keys);
    root.append(style, bar, this.#problem, this.#pair.element, this.#grid);
    this.#problem.hidden = true;
    this.#page.addEventListener("change", () => this.#draw(), { signal });
    const own = {
      Escape: () => (this.#keys.hidden ? this.#pick(null) : this.#list()),
      m: () => this.#turn(),
      f: () => this.#enlarge(root),
      "?": () => this.#list(),
    };
    root.addEventListener("keydown", (event) => this.#transport.key(event, own), { signal });
    this.#zoom.addEventListener("input", () => this.#place(), { signal });
    signal.addEventListener("abort", () => this.#paging.abort(), { once: true });
    this.#panning();
    void this.#load();
  }

  get sync(): Sync {
    return this.#transport.sync;
  }

  async #load(): Promise<void> {
    try {
      const { data } = await this.#channel.request("layout", {
        timeoutMs: 10 * 60_000,
        slowMs: 4000,
        onSlow: () => this.#complain("The kernel is busy; the clips come when it answers."),
      });
      this.#complain("");
      this.#layout = data;
      const { names, pages, cells } = this.#layout;
      this.#page.replaceChildren(
        ...pages.map((page, n) => h("option", { value: String(n) }, `${axisName(names[2])}: ${page}`)),
      );
      this.#page.hidden = pages.length < 2;
      const clips = cells.filter((cell) => cell.clip).length;
      const without = cells.length - clips;
      this.#volume.element.hidden = !cells.some((cell) => cell.clip && cell.sound !== false);
      const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
      this.#counted = `${count(clips, "clip")}${without ? `, ${count(without, "run")} without one` : ""}`;
      this.#draw();
    } catch (error) {
      if (!this.#signal.aborted) this.#complain(message(error));
    }
  }

  /** Builds the chosen page. */
  #draw(): void {
    const layout = this.#layout;
    if (!layout) return;
    this.#pick(null);
    this.#hear(null);
    this.#chosen = null;
    this.#paging.abort();
    this.sync.pause();
    for (const id of this.#cells.keys()) this.sync.release(id);
    this.#cells.clear();
    this.#paging = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#paging.signal]);
    this.#clips = new Clips(this.#channel, signal, {
      ready: (id, video) => this.sync.hold(id, video),
      gone: (id) => this.sync.release(id),
      failed: (id, text) => this.#cells.get(id)?.complain(text),
    });
    const page = Number(this.#page.value || 0);
    const mine = layout.cells.filter((cell) => cell.page === page);
    const cols = layout.cols.length;
    this.#grid.style.setProperty("--hailuo-cols", String(cols));
    this.#grid.classList.toggle("hailuo-no-rows", !layout.names[0]);
    const heads = layout.names[1]
      ? [h("div", { class: "hailuo-corner" }), ...layout.cols.map((c) => this.#head(1, c))]
      : [];
    const parts: HTMLElement[] = layout.names[0] ? heads : heads.slice(1);
    layout.rows.forEach((row, r) => {
      if (layout.names[0]) parts.push(this.#head(0, row));
      layout.cols.forEach((_, c) => {
        const cells = mine
          .filter((cell) => cell.row === r && cell.col === c)
          .map((data) => this.#cell(data, signal));
        parts.push(h("div", { class: "hailuo-slot" }, ...cells.map((cell) => cell.element)));
      });
    });
    this.#grid.replaceChildren(...parts);
    for (const cell of this.#cells.values())
      if (cell.data.clip)
        this.#clips.add({ id: cell.data.id, video: cell.video, clip: true, poster: cell.data.poster });
    this.#place();
  }

  #head(axis: 0 | 1, text: string): HTMLElement {
    const name = this.#layout?.names[axis] ?? "";
    return h("div", { class: "hailuo-axis", title: text }, h("span", {}, `${axisName(name)} `), short(text));
  }

  /** The place of a run on each axis that has a name. */
  #places({ row, col, page }: GridCell): [string, string][] {
    const { names, rows, cols, pages } = this.#layout ?? { names: [], rows: [], cols: [], pages: [] };
    const values = [rows[row], cols[col], pages[page]];
    return names.map((name, n): [string, string] => [name, short(values[n] ?? "")]).filter(([name]) => name);
  }

  #cell(data: GridCell, signal: AbortSignal): Cell {
    const first = this.#layout?.cells[0]?.prompt ?? "";
    const order = (type: Order, id: string, more: object) => void this.#order(type, id, more);
    const cell = new Cell(
      { ...data, frozen: this.#layout?.frozen ?? false, values: [...this.#places(data), ...data.label] },
      first,
      {
        pick: (id) => this.#pick(id),
        rate: (id, rating) => order("rate", id, { rating }),
        tag: (id, tags) => order("tag", id, { tags }),
        note: (id, note) => order("note", id, { note }),
        shift: (id, seconds) => this.sync.shift(id, seconds),
        open: async (id) => {
          if (this.#layout?.frozen) return []; // a report has a table of the values
          return (await this.#channel.request("run", { data: { id }, timeoutMs: 10 * 60_000 })).data;
        },
        enlarge: (frame) => this.#enlarge(frame),
        listen: (id) => this.#hear(this.#heard === id ? null : id),
      },
      signal,
    );
    this.#cells.set(data.id, cell);
    return cell;
  }

  /** Makes one clip heard; null for none. */
  #hear(id: string | null): void {
    this.#heard = id;
    if (id !== null) this.#chosen = id;
    this.#volume.hear(id === null ? null : (this.#cells.get(id)?.video ?? null));
    for (const cell of this.#cells.values()) cell.heard(cell.data.id === id);
  }

  /** Turns the sound off, or on: of the clip that was heard last, or of the first one. */
  #turn(): void {
    if (this.#volume.element.hidden) return;
    const first = [...this.#cells.values()].find(({ data }) => data.clip && data.sound !== false);
    this.#hear(this.#heard === null ? (this.#chosen ?? first?.data.id ?? null) : null);
  }

  async #order(type: Order, id: string, more: object): Promise<void> {
    try {
      await this.#channel.request(type, { data: { id, ...more }, timeoutMs: 10 * 60_000 });
      this.#cells.get(id)?.complain("");
    } catch (error) {
      this.#cells.get(id)?.complain(message(error));
    }
  }

  /** Shows or hides the list of the keys. */
  #list(): void {
    this.#keys.hidden = !this.#keys.hidden;
  }

  /** Shows a part in full screen, or leaves it. The keys work there because the focus goes along. */
  #enlarge(part: HTMLElement): void {
    toggleFullScreen(part)
      .then(() => document.fullscreenElement && part.focus())
      .catch((error: unknown) => this.#complain(message(error)));
  }

  /** Exchanges A and B. */
  #exchange(): void {
    this.#picked.reverse();
    this.#show();
  }

  /** Chooses a clip as A, then as B; a third one takes the place of B. A chosen one is left out again; null: all. */
  #pick(id: string | null): void {
    if (id === null) this.#picked = [];
    else if (this.#picked.includes(id)) this.#picked = this.#picked.filter((other) => other !== id);
    else this.#picked = [...this.#picked.slice(0, 1), id];
    this.#show();
  }

  /** Shows what is chosen and what comes next: two clips are on the stage. */
  #show(): void {
    for (const cell of this.#cells.values()) {
      const place = this.#picked.indexOf(cell.data.id);
      cell.picked(place < 0 ? null : (["A", "B"][place] ?? null));
    }
    const [a, b] = this.#picked.map((picked) => this.#cells.get(picked));
    if (a && b) {
      this.#pair.show([a, b]);
      void this.#differences(a, b);
    } else this.#pair.hide();
    let next = `${this.#counted} · to compare two of them, press A/B on one, then on the other`;
    if (b)
      next =
        "A and B are on the stage. A/B on another clip puts it in the place of B; Esc: back to the grid.";
    else if (a) next = `A: ${a.called()}. Now choose B: press A/B on another clip. Esc: none.`;
    setText(this.#said, this.#layout ? next : "");
    this.#grid.classList.toggle("hailuo-dimmed", Boolean(a && b));
  }

  /** Asks for all values of two runs and shows those that differ. */
  async #differences(a: Cell, b: Cell): Promise<void> {
    if (this.#layout?.frozen) return; // what the grid knows of them is shown already
    const ask = (cell: Cell) =>
      this.#channel.request("run", { data: { id: cell.data.id }, timeoutMs: 10 * 60_000 });
    try {
      const [left, right] = await Promise.all([ask(a), ask(b)]);
      const now = this.#picked[0] === a.data.id && this.#picked[1] === b.data.id;
      if (now) this.#pair.compare(left.data, right.data);
    } catch (error) {
      this.#complain(message(error));
    }
  }

  /** Makes a drag pan all clips. */
  #panning(): void {
    let from: [number, number] | null = null;
    const signal = this.#signal;
    this.#grid.addEventListener(
      "pointerdown",
      (event) => {
        if (Number(this.#zoom.value) > 1 && event.target instanceof HTMLVideoElement)
          from = [event.clientX - this.#pan[0], event.clientY - this.#pan[1]];
      },
      { signal },
    );
    const move = (event: PointerEvent) => {
      if (!from) return;
      this.#pan = [event.clientX - from[0], event.clientY - from[1]];
      this.#place();
    };
    this.#grid.addEventListener("pointermove", move, { signal });
    window.addEventListener(
      "pointerup",
      () => {
        from = null;
      },
      { signal },
    );
  }

  #place(): void {
    const zoom = Number(this.#zoom.value);
    if (zoom === 1) this.#pan = [0, 0];
    const [x, y] = this.#pan;
    this.#root.style.setProperty("--hailuo-zoom", `translate(${x}px, ${y}px) scale(${zoom})`);
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#problem, text);
  }
}
