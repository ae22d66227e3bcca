/**
 * One video that is moved much: one seek at a time is on its way, and it plays when it stands where it should.
 *
 * A seek that meets another one, or a start that is still pending, is at times lost by Chromium: the video then says for
 * ever that it seeks, and shows the frame it had. So the newest place is kept, and sought when the last seek has ended.
 */

/** So close a video stands where it should. */
const EXACT_S = 1e-3;

export class SeekableVideo {
  readonly video: HTMLVideoElement;
  /** So many seconds later than the others. */
  shift: number;
  readonly #refused: () => void;
  readonly #ending = new AbortController();
  #place: number | null = null;
  #plays = false;
  #starts = false;

  /** `refused` is called when the browser will not play: not when something else was asked of the video meanwhile. */
  constructor(video: HTMLVideoElement, shift: number, refused: () => void) {
    this.video = video;
    this.shift = shift;
    this.#refused = refused;
    video.addEventListener("seeked", () => this.#next(), { signal: this.#ending.signal });
  }

  /** Whether it is still on its way to where it was sent. */
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

  /** Lets go of the video, which stands. */
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
      this.#plays = false; // until it is asked again: a page out of sight gives up every start at once
      const ours = error instanceof DOMException && error.name === "AbortError";
      if (!ours && !this.#ending.signal.aborted) this.#refused();
    } finally {
      this.#starts = false;
      this.#next();
    }
  }
}
