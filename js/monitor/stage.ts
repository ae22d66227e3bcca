/** An opened clip: large, with its controls, and with those before and after it. */

import { NOT_LOADED, watch } from "../lib/codec";
import { h, message, setOptional, setText } from "../lib/dom";
import type { Row } from "../lib/messages";
import type { Previews } from "./previews";

export class Stage {
  readonly element: HTMLDialogElement;
  readonly #previews: Previews;
  readonly #signal: AbortSignal;
  readonly #title = h("strong");
  readonly #facts = h("span", { class: "hw-sub" });
  readonly #prompt = h("p", { dir: "auto" });
  readonly #video = h("video", { controls: true, loop: true, playsinline: true });
  readonly #trouble = h("div", { class: "hw-stage-note", role: "status" });
  readonly #back = h("button", { type: "button", class: "hw-btn" }, "Previous");
  readonly #on = h("button", { type: "button", class: "hw-btn" }, "Next");
  readonly #neighbour: (id: string, step: number) => Row | undefined;
  readonly #label: (row: Row) => string;
  readonly #closed: (id: string) => void;
  #loading: AbortController | null = null;
  #shown = "";

  constructor(
    previews: Previews,
    on: {
      neighbour(id: string, step: number): Row | undefined;
      label(row: Row): string;
      closed(id: string): void;
    },
    signal: AbortSignal,
  ) {
    this.#previews = previews;
    this.#signal = signal;
    this.#neighbour = on.neighbour;
    this.#label = on.label;
    this.#closed = on.closed;
    const close = h("button", { type: "button", class: "hw-btn" }, "Close");
    const bar = h("div", { class: "hw-stage-bar" }, this.#title, this.#facts, this.#back, this.#on, close);
    this.element = h(
      "dialog",
      { class: "hw-stage", "aria-label": "Clip" },
      bar,
      this.#video,
      this.#trouble,
      this.#prompt,
    );
    const listen = (part: HTMLElement, act: () => void) => part.addEventListener("click", act, { signal });
    listen(close, () => this.element.close());
    listen(this.#back, () => this.#step(-1));
    listen(this.#on, () => this.#step(1));
    this.element.addEventListener("close", () => this.#end(), { signal });
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.element.addEventListener("click", (event) => event.target === this.element && this.element.close(), {
      signal,
    });
    signal.addEventListener("abort", () => this.#release(), { once: true });
  }

  open(row: Row): void {
    this.#previews.stop();
    if (!this.element.open) this.element.showModal();
    void this.#show(row);
  }

  #key(event: KeyboardEvent): void {
    if (event.target === this.#video || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    this.#step(event.key === "ArrowLeft" ? -1 : 1);
  }

  #step(by: number): void {
    const row = this.#neighbour(this.#shown, by);
    if (row) void this.#show(row);
  }

  async #show(row: Row): Promise<void> {
    this.#release();
    this.#shown = row.id;
    const loading = new AbortController();
    this.#loading = loading;
    const label = this.#label(row);
    this.element.setAttribute("aria-label", `Clip: ${label}`);
    this.#video.setAttribute("aria-label", label);
    setText(this.#title, label);
    setText(this.#facts, [row.simulated ? "simulated" : "", row.cost].filter(Boolean).join(" · "));
    setText(this.#prompt, row.prompt);
    this.#back.disabled = !this.#neighbour(row.id, -1);
    this.#on.disabled = !this.#neighbour(row.id, 1);
    setOptional(this.#trouble, "Loading the clip…");
    const signal = AbortSignal.any([this.#signal, loading.signal]);
    try {
      const { url, blob } = await this.#previews.clip(row.id, signal);
      if (signal.aborted) return;
      const ready = () => setOptional(this.#trouble, "");
      watch(
        this.#video,
        blob ?? NOT_LOADED,
        { ready, failed: (text) => setOptional(this.#trouble, text) },
        signal,
      );
      this.#video.src = url;
      await this.#video.play();
    } catch (error) {
      // A browser may refuse to play by itself: the controls remain.
      if (!signal.aborted && !this.#video.src) setOptional(this.#trouble, message(error));
    }
  }

  #release(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #end(): void {
    this.#release();
    this.#closed(this.#shown);
  }
}
