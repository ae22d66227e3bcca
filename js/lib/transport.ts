/** Playback controls of all clips together: play, frame steps, slider, speed, behaviour at the end; and their keys. */

import { h, setText } from "./dom";
import { FPS, type Loop, type State, Sync } from "./sync";

const RATES = ["0.1", "0.25", "0.5", "1", "2"];
// The keys that move a slider that has the focus.
const SLIDES = new Set([
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);
const LOOPS: readonly Loop[] = ["loop", "once", "ping-pong"];

export class Transport {
  readonly sync: Sync;
  readonly element: HTMLElement;
  readonly #play = h("button", { type: "button", class: "hailuo-play" }, "Play");
  readonly #seek = h("input", {
    type: "range",
    min: "0",
    max: "1",
    step: "0.001",
    value: "0",
    "aria-label": "Time",
  });
  readonly #time = h("span", { class: "hailuo-said" });

  /** `called` is the group's accessible name; `more` is appended to the controls. */
  constructor(signal: AbortSignal, called: string, ...more: HTMLElement[]) {
    this.sync = new Sync(signal, (state) => this.#told(state));
    const button = (text: string, label: string, act: () => void) => {
      const made = h("button", { type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", act, { signal });
      return made;
    };
    const rate = h(
      "select",
      { "aria-label": "Speed" },
      ...RATES.map((r) => h("option", { value: r }, `${r}×`)),
    );
    rate.value = "1";
    rate.addEventListener("change", () => this.sync.setRate(Number(rate.value)), { signal });
    const loop = h(
      "select",
      { "aria-label": "At the end" },
      ...LOOPS.map((name) => h("option", { value: name }, name)),
    );
    const choose = () => {
      this.sync.loop = loop.value as Loop;
    };
    loop.addEventListener("change", choose, { signal });
    this.#play.addEventListener("click", () => this.toggle(), { signal });
    const seek = () => {
      if (this.sync.playing) this.sync.pause();
      this.sync.seek(Number(this.#seek.value));
    };
    this.#seek.addEventListener("input", seek, { signal });
    this.element = h(
      "div",
      { class: "hailuo-transport", role: "group", "aria-label": called },
      this.#play,
      button("◂", "One frame back", () => this.sync.step(-1)),
      button("▸", "One frame on", () => this.sync.step(1)),
      this.#seek,
      this.#time,
      rate,
      loop,
      ...more,
    );
  }

  toggle(): void {
    if (this.sync.playing) this.sync.pause();
    else this.sync.play();
  }

  /** Handles a key of these controls or of the board (`own`); not while the focus is in a text field or a menu. */
  key(event: KeyboardEvent, own: Record<string, () => void> = {}): void {
    const target = event.target as HTMLElement;
    const writes = target.matches("input[type=text], input[type=number], textarea, select");
    const presses = target.matches("button, summary, input[type=range]");
    const slides = target.matches("input[type=range]") && SLIDES.has(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || writes || slides) return;
    if (presses && (event.key === " " || event.key === "Enter")) return;
    const acts: Record<string, () => void> = {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      ",": () => this.sync.step(-1),
      ".": () => this.sync.step(1),
      Home: () => this.sync.seek(0),
      ...own,
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || event.key === "," || event.key === ".") act();
  }

  #told({ time, duration, playing }: State): void {
    this.#seek.max = duration.toFixed(3);
    this.#seek.value = time.toFixed(3);
    setText(this.#play, playing ? "Pause" : "Play");
    const frame = Math.floor(time * FPS + 1e-6);
    setText(this.#time, `${time.toFixed(2)} of ${duration.toFixed(2)} s · frame ${frame}`);
  }
}
