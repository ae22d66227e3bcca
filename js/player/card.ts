/** A player's card: the clock that ticks with it, the steps of a run, and texts that were asked for. */

import type { CardState } from "../lib/messages";

/** Beyond this a difference between the clocks is no delay of a message. */
const PLAUSIBLE_LAG_S = 20;

/**
 * Elapsed seconds by the kernel's clock. A card that has just come tells how far the clocks stand apart. One that was
 * found on loading the page may be seconds old: then the clocks count as equal unless they plainly are not.
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

/** The steps on the way of a run that was sent, and which of them it has reached (-1: none yet). */
export const STEPS = [
  ["queued", "Queued"],
  ["running", "Running"],
  ["downloading", "Downloading"],
] as const;

export function step(status: string): number {
  return STEPS.findIndex(([name]) => name === status);
}

/** A shortened card with the texts of the whole one, as long as both tell of the same status. */
export function restored(state: CardState, whole: CardState | null): CardState {
  if (!whole || !state.cut || whole.status !== state.status || whole.run !== state.run) return state;
  const { prompt, parameters, title, text, hint } = whole;
  return { ...state, prompt, parameters, title, text, hint, cut: false };
}
