/** Notification that all runs have ended, if the user asked for it: a count in the tab's title, and a system message. */

import { h } from "../lib/dom";
import type { Totals } from "../lib/messages";

const COUNT = /^\(\d+ (?:left|done)\) /;

export class Notifier {
  readonly element: HTMLElement;
  readonly #box = h("input", { type: "checkbox" });
  #totals: Totals | null = null;
  #rung = false;

  constructor(signal: AbortSignal) {
    this.element = h("label", { class: "hailuo-bell" }, this.#box, " Tell me when done");
    this.#box.addEventListener("change", () => void this.#switch(), { signal });
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    signal.addEventListener("abort", () => this.#title(""), { once: true });
  }

  hear(totals: Totals): void {
    this.#totals = totals;
    if (!this.#box.checked) return;
    const left = totals.runs - totals.done;
    if (left > 0) {
      this.#rung = false;
      this.#title(`(${left} left) `);
    } else if (!this.#rung) {
      this.#rung = true;
      this.#title(document.hidden ? `(${totals.done} done) ` : "");
      this.#notify(totals);
    }
  }

  async #switch(): Promise<void> {
    if (!this.#box.checked) {
      this.#title("");
      return;
    }
    this.#rung = this.#totals !== null && this.#totals.done === this.#totals.runs;
    if (this.#totals) this.hear(this.#totals);
    if ("Notification" in window && Notification.permission === "default")
      await Notification.requestPermission();
  }

  #notify(totals: Totals): void {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const clips = totals.statuses.succeeded ?? 0;
    const note = new Notification("hailuo: all runs have ended", {
      body: `${clips} of ${totals.runs} succeeded${totals.simulated ? " (simulated)" : ""}`,
    });
    note.onclick = () => window.focus();
  }

  /** Puts a count before the page's own title. */
  #title(count: string): void {
    const own = document.title.replace(COUNT, "");
    if (document.title !== count + own) document.title = count + own;
  }

  #seen(): void {
    if (!document.hidden && this.#rung) this.#title("");
  }
}
