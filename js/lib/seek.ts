/**
 * Video with one seek at a time, which starts to play only after its last seek.
 *
 * Chromium sometimes loses a seek during another one or during a pending start: the video then reports for ever that it
 * seeks, and shows its old frame. So the newest position is kept, and sought when the last seek has ended.
 */

/** Differences below this are not corrected. */
const EXACT_S = 1e-3;

export class SeekableVideo {
  readonly video: HTMLVideoElement;
  /** Seconds by which it starts later than the others. */
  shift: number;
  readonly #refused: () => void;
  readonly #ending = new AbortController();
  #place: number | null = null;
  #plays = false;
  #starts = false;

  /** `refused` is called if the browser refuses to play; not if the start was only interrupted by another order. */
  constructor(video: HTMLVideoElement, shift: number, refused: () => void) {
    this.video = video;
    this.shift = shift;
    this.#refused = refused;
    video.addEventListener("seeked", () => this.#next(), { signal: this.#ending.signal });
  }

  /** Whether a seek or a start is pending. */
  get moving(): boolean {
    return this.video.seeking || this.#place !== null || this.#starts;
  }

  seek(seconds: number): void {
    this.#place = seconds;
    this.#next();
  }

  play(): void {
    this.#plays = true;
    this.#next();
  }

  pause(): void {
    this.#plays = false;
    this.#next();
  }

  /** Pauses the video and stops listening to it. */
  release(): void {
    this.#ending.abort();
    this.video.pause();
  }

  #next(): void {
    const { video } = this;
    if (this.#ending.signal.aborted || this.#starts || video.seeking) return;
    if (!this.#plays && !video.paused) video.pause();
    const place = this.#place;
    this.#place = null;
    if (place !== null && Math.abs(video.currentTime - place) > EXACT_S) video.currentTime = place;
    else if (this.#plays && video.paused && !video.ended) void this.#start();
  }

  async #start(): Promise<void> {
    this.#starts = true;
    try {
      await this.video.play();
    } catch (error) {
      this.#plays = false; // until the next order: an invisible page interrupts every start at once
      const ours = error instanceof DOMException && error.name === "AbortError";
      if (!ours && !this.#ending.signal.aborted) this.#refused();
    } finally {
      this.#starts = false;
      this.#next();
    }
  }
}
