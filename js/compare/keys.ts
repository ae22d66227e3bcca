/** Full screen, and the list of the keys. */

import { h } from "../lib/dom";

const KEYS: readonly [string, string][] = [
  ["Space or K", "play or pause"],
  [", and .", "one frame back, one frame on"],
  ["Home", "to the start"],
  ["M", "sound of the chosen clip on or off"],
  ["F", "full screen, of the pair where two clips are chosen"],
  ["Esc", "close this list, or go back from A and B to the grid"],
  ["?", "show or hide this list"],
];

/** The list of the keys, hidden at first. */
export function keyList(): HTMLElement {
  const rows = KEYS.flatMap(([key, act]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, act)]);
  const list = h("div", { role: "group", "aria-label": "Keyboard shortcuts" });
  list.append(h("dl", { class: "hailuo-keys" }, ...rows));
  list.hidden = true;
  return list;
}

/** Shows an element in full screen, or leaves full screen; rejects where the page does not allow it. */
export async function toggleFullScreen(element: HTMLElement): Promise<void> {
  if (document.fullscreenElement) return document.exitFullscreen();
  try {
    await element.requestFullscreen();
  } catch {
    throw new Error(
      "This page does not allow full screen. Open the notebook in a browser window of its own.",
    );
  }
}
