/** Camera pad: one button per camera move; a press inserts the move into the prompt. */

import { h } from "../lib/dom";
import type { Instruction } from "../lib/messages";

/** An arrow for each move. */
const ARROWS: Record<string, string> = {
  "Truck left": "⇐",
  "Truck right": "⇒",
  "Pan left": "↶",
  "Pan right": "↷",
  "Push in": "⤢",
  "Pull out": "⤡",
  "Pedestal up": "⇑",
  "Pedestal down": "⇓",
  "Tilt up": "⤴",
  "Tilt down": "⤵",
  "Zoom in": "⊕",
  "Zoom out": "⊖",
  Shake: "≈",
  "Tracking shot": "⇢",
  "Static shot": "▣",
};

export function cameraPad(
  moves: Instruction[],
  signal: AbortSignal,
  press: (move: string) => void,
): HTMLElement {
  const buttons = moves.map(({ english, chinese, meaning }) => {
    const arrow = h("span", { class: "hailuo-arrow", "aria-hidden": "true" }, ARROWS[english] ?? "•");
    const button = h("button", { type: "button", title: `${meaning} · ${chinese}` }, arrow, english);
    button.addEventListener("click", () => press(english), { signal });
    return button;
  });
  return h("div", { class: "hailuo-pad", role: "group", "aria-label": "Camera moves" }, ...buttons);
}
