/** Stopwatch of a vote; it stops while the page is hidden. */

export class Stopwatch {
  #since: number | null = null;
  #sum = 0;
  #running = false;

  constructor(signal: AbortSignal) {
    document.addEventListener("visibilitychange", () => this.#turned(), { signal });
  }

  start(): void {
    this.#sum = 0;
    this.#running = true;
    this.#since = document.hidden ? null : performance.now();
  }

  stop(): void {
    this.#running = false;
    this.#since = null;
    this.#sum = 0;
  }

  /** Seconds so far; null if it was not started. */
  get seconds(): number | null {
    if (!this.#running) return null;
    const now = this.#since === null ? 0 : performance.now() - this.#since;
    return (this.#sum + now) / 1000;
  }

  #turned(): void {
    if (!this.#running) return;
    if (document.hidden && this.#since !== null) {
      this.#sum += performance.now() - this.#since;
      this.#since = null;
    } else if (!document.hidden && this.#since === null) this.#since = performance.now();
  }
}
