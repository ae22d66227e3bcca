/** The visible runs of a board in a scroll area: only what is near the visible part is in the page. */

import { h, setText } from "../lib/dom";
import type { Row } from "../lib/messages";
import { type Box, between, type Mode, placed } from "./layout";
import type { Previews } from "./previews";
import type { Column } from "./rows";
import { Tile, type TileActs } from "./tile";

/** Pixels above and below the visible part that are filled too. */
const BEYOND = 240;
const MOST_HEIGHT = 640;

export class Board {
  readonly element: HTMLElement;
  readonly #inner = h("div", { class: "hw-places" });
  readonly #previews: Previews;
  readonly #acts: TileActs;
  readonly #tiles = new Map<string, Tile>();
  readonly #heads = new Map<string, HTMLElement>();
  #boxes: Box[] = [];
  #groups: [string, Row[]][] = [];
  #mode: Mode = "rows";
  #columns: readonly Column[] = [];
  #by = "";
  #now: () => number = () => 0;

  constructor(label: string, previews: Previews, acts: TileActs, signal: AbortSignal) {
    this.#previews = previews;
    this.#acts = acts;
    const named = { class: "hw-body", role: "region", "aria-label": label, tabindex: "0" };
    this.element = h("div", named, this.#inner);
    this.element.addEventListener("scroll", () => this.#fill(), { signal, passive: true });
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal });
    const observer = new ResizeObserver(() => this.#arrange());
    observer.observe(this.element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  /** How many runs are in the page. */
  get live(): number {
    return this.#tiles.size;
  }

  /** Shows these groups of runs. */
  show(groups: [string, Row[]][], mode: Mode, shown: readonly Column[], by: string, now: () => number): void {
    const names = (columns: readonly Column[]) => columns.map((column) => column.name).join("\n");
    if (names(shown) !== names(this.#columns)) for (const id of [...this.#tiles.keys()]) this.#drop(id);
    this.#columns = shown;
    this.#groups = groups;
    this.#mode = mode;
    this.#by = by;
    this.#now = now;
    this.element.dataset.mode = mode;
    this.element.style.setProperty("--hw-columns", String(Math.max(1, shown.length)));
    this.#arrange();
  }

  /** Updates the times of the visible unfinished runs. */
  tick(rows: ReadonlyMap<string, Row>, now: number): void {
    for (const [id, tile] of this.#tiles) {
      const row = rows.get(id);
      if (row?.live) tile.tick(row, now);
    }
  }

  focus(id: string): void {
    const box = this.#boxes.find((one) => one.key === id);
    if (!box) return;
    const { scrollTop, clientHeight } = this.element;
    if (box.top < scrollTop) this.element.scrollTop = box.top;
    else if (box.top + box.height > scrollTop + clientHeight)
      this.element.scrollTop = box.top + box.height - clientHeight;
    this.#fill();
    const tile = this.#tiles.get(id);
    const part = tile?.thumb.disabled
      ? tile.element.querySelector<HTMLElement>("button:enabled")
      : tile?.thumb;
    part?.focus({ preventScroll: true });
  }

  #arrange(): void {
    const width = this.element.clientWidth;
    if (!width) return;
    const { boxes, height } = placed(this.#groups, this.#mode, width);
    this.#boxes = boxes;
    this.#inner.style.height = `${height}px`;
    this.element.style.height = `${Math.min(MOST_HEIGHT, height)}px`;
    this.#fill();
  }

  #fill(): void {
    const top = this.element.scrollTop;
    const seen = between(this.#boxes, top - BEYOND, top + MOST_HEIGHT + BEYOND);
    const keys = new Set(seen.map((box) => box.key));
    const focused = (this.element.getRootNode() as Document | ShadowRoot).activeElement;
    for (const [id, tile] of this.#tiles) {
      // What has the focus stays while it is on the board at all, else the focus would be lost by scrolling.
      const kept = tile.element.contains(focused) && this.#boxes.some((box) => box.key === id);
      if (!keys.has(id) && !kept) this.#drop(id);
    }
    for (const [key, head] of this.#heads) {
      if (keys.has(key)) continue;
      head.remove();
      this.#heads.delete(key);
    }
    let previous: Element | null = null;
    for (const box of seen) {
      const element: HTMLElement = box.row ? this.#run(box, box.row) : this.#head(box);
      const next: Element | null = previous ? previous.nextElementSibling : this.#inner.firstElementChild;
      if (next !== element) this.#inner.insertBefore(element, next);
      previous = element;
    }
  }

  #run(box: Box, row: Row): HTMLElement {
    let tile = this.#tiles.get(row.id);
    if (!tile) {
      tile = new Tile(row, this.#columns, this.#acts);
      this.#tiles.set(row.id, tile);
    }
    tile.update(row, this.#now(), this.#mode === "grid" ? this.#by : "");
    tile.place(box);
    if (row.clip) this.#previews.show(row.id, tile.thumb, tile.image);
    return tile.element;
  }

  #head(box: Box): HTMLElement {
    let head = this.#heads.get(box.key);
    if (!head) {
      head = h("div", { class: "hw-group" }, h("strong", { dir: "auto" }), h("span", { class: "hw-sub" }));
      this.#heads.set(box.key, head);
    }
    const [label, count] = head.children;
    const runs = box.head?.runs ?? [];
    if (label instanceof HTMLElement) setText(label, box.head?.label ?? "");
    const clips = runs.filter((row) => row.clip).length;
    const prompts = new Set(runs.map((row) => row.prompt));
    const prompt = prompts.size === 1 ? ` · ${[...prompts][0]}` : "";
    if (count instanceof HTMLElement) setText(count, `${clips} of ${runs.length} clips${prompt}`);
    head.style.transform = `translate(0, ${box.top}px)`;
    return head;
  }

  #drop(id: string): void {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    this.#previews.forget(tile.thumb);
    tile.element.remove();
    this.#tiles.delete(id);
  }

  /** Arrows move between the runs, 1 to 5 rate the focused one. */
  #key(event: KeyboardEvent): void {
    const target = event.target instanceof HTMLElement ? event.target.closest(".hw-run") : null;
    const tile = [...this.#tiles.values()].find((one) => one.element === target);
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key >= "1" && event.key <= "5") tile.rate(Number(event.key));
    const runs = this.#boxes.filter((box) => box.row);
    const at = runs.findIndex((box) => box.key === tile.id);
    const here = runs[at];
    if (!here) return;
    const beside = (down: number) =>
      runs
        .filter((box) => Math.sign(box.top - here.top) === down)
        .sort(
          (a, b) =>
            Math.abs(a.top - here.top) - Math.abs(b.top - here.top) ||
            Math.abs(a.left - here.left) - Math.abs(b.left - here.left),
        )[0];
    const next = {
      ArrowLeft: runs[at - 1],
      ArrowRight: runs[at + 1],
      ArrowUp: beside(-1),
      ArrowDown: beside(1),
    }[event.key];
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    if (next) this.focus(next.key);
  }
}
