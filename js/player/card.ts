/** Clock, steps and full texts of a player's card. */

import type { CardState } from "../lib/messages";

/** A larger difference between the clocks is no delay of a message. */
const PLAUSIBLE_LAG_S = 20;

/**
 * Elapsed seconds by the kernel's clock. A fresh card gives the difference between the clocks. A card from before the page
 * was loaded may be seconds old: then the clocks count as equal unless the difference is implausible.
 */
export class Clock {
  #offset = 0;

  hear(state: CardState, fresh: boolean, nowMs: number = Date.now()): void {
    const offset = state.now - nowMs / 1000;
    this.#offset = fresh || Math.abs(offset) > PLAUSIBLE_LAG_S ? offset : 0;
  }

  elapsed(state: CardState, nowMs: number = Date.now()): number {
    if (state.elapsed !== null) return state.elapsed;
    return Math.max(0, nowMs / 1000 + this.#offset - state.since);
  }
}

/** The steps of a run that was sent. */
export const STEPS = [
  ["queued", "Queued"],
  ["running", "Running"],
  ["downloading", "Downloading"],
] as const;

/** The index of the step that a run has reached; -1 if none. */
export function step(status: string): number {
  return STEPS.findIndex(([name]) => name === status);
}

/** A shortened card with the texts of the whole one, if both have the same run and status. */
export function restored(state: CardState, whole: CardState | null): CardState {
  if (!whole || !state.cut || whole.status !== state.status || whole.run !== state.run) return state;
  const { prompt, parameters, title, text, hint } = whole;
  return { ...state, prompt, parameters, title, text, hint, cut: false };
}
