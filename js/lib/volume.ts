/** Sound of a board: at most one clip is heard, at one volume; all others are muted. */

import { h } from "./dom";

/** The part of a video that sound needs. */
export type Audible = Pick<HTMLVideoElement, "muted" | "volume">;

/** The clip that is heard, and the volume that all clips share. */
export class Heard {
  #clip: Audible | null = null;
  #level = 1;

  /** Mutes the clip that was heard, and makes this one heard; null for none. */
  hear(clip: Audible | null): void {
    if (this.#clip) this.#clip.muted = true;
    this.#clip = clip;
    if (!clip) return;
    clip.volume = this.#level;
    clip.muted = false;
  }

  /** Sets the volume, from 0 to 1. */
  set level(level: number) {
    this.#level = Math.min(1, Math.max(0, level));
    if (this.#clip) this.#clip.volume = this.#level;
  }
}

/** A button that turns the sound on and off, and a slider for the volume. The board says which clip is heard. */
export class Volume {
  readonly element: HTMLElement;
  readonly #heard = new Heard();
  readonly #button: HTMLButtonElement;

  /** `turn` is called by the button; `title` tells what it does. */
  constructor(signal: AbortSignal, title: string, turn: () => void) {
    this.#button = h("button", { type: "button", "aria-pressed": "false", title }, "Sound");
    this.#button.addEventListener("click", turn, { signal });
    const slider = h("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.05",
      value: "1",
      "aria-label": "Volume",
    });
    const set = () => {
      this.#heard.level = Number(slider.value);
    };
    slider.addEventListener("input", set, { signal });
    this.element = h("span", { class: "hailuo-volume" }, this.#button, slider);
  }

  hear(clip: Audible | null): void {
    this.#heard.hear(clip);
    this.#button.setAttribute("aria-pressed", String(clip !== null));
  }
}

/** A button at one clip that makes it heard. */
export function hearButton(label: string, hear: () => void, signal: AbortSignal): HTMLButtonElement {
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false", "aria-label": label, title: label },
    "♪",
  );
  button.addEventListener("click", hear, { signal });
  return button;
}
