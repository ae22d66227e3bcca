/**
 * Clock that keeps many videos synchronous.
 *
 * Browsers start and decode each video by itself: without correction nine of them are frames apart within seconds. A small
 * difference is corrected by a slightly different rate, a large one by a seek. Frame steps seek to the middle of a frame,
 * so that rounding does not show another frame.
 */

import { SeekableVideo } from "./seek";

export const FPS = 25;
/** Smaller differences are not corrected, because each correction disturbs the playback. */
const CLOSE_S = 0.15 / FPS;
/** Larger differences are corrected by a seek. */
const FAR_S = 0.25;
/** The largest change of the rate for a correction. */
const MOST_NUDGE = 0.15;
/** The interval of time reports during playback: each one costs a layout of the page. */
const TELL_MS = 100;
/** The interval of seeks for backward playback, which browsers do not support. */
const BACKWARDS_MS = 80;

export type Loop = "loop" | "once" | "ping-pong";

export interface State {
  time: number;
  duration: number;
  playing: boolean;
}

export class Sync {
  rate = 1;
  loop: Loop = "loop";
  readonly #held = new Map<string, SeekableVideo>();
  readonly #tell: (state: State) => void;
  #playing = false;
  #time = 0;
  #at = performance.now();
  #direction = 1;
  #frame: number | undefined;
  #sought = 0;
  #told = 0;

  constructor(signal: AbortSignal, tell: (state: State) => void) {
    this.#tell = tell;
    signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  get playing(): boolean {
    return this.#playing;
  }

  get time(): number {
    return this.#time;
  }

  /** The duration of the longest clip. */
  get duration(): number {
    const lengths = [...this.#held.values()].map(
      ({ video, shift }) => (video.duration || 0) + Math.max(0, shift),
    );
    return Math.max(0, ...lengths);
  }

  setRate(rate: number): void {
    this.#time = this.#now();
    this.#at = performance.now();
    this.rate = rate;
    this.#each(({ video }) => {
      video.playbackRate = rate;
    });
  }

  /** The difference of each clip from the clock, in seconds; for measurements. */
  drifts(): number[] {
    return [...this.#held.values()].map((held) => held.video.currentTime - this.#wanted(held, this.#now()));
  }

  /** Adds a video with loaded data; it starts `shift` seconds later than the others. */
  hold(id: string, video: HTMLVideoElement, shift = 0): void {
    this.release(id);
    const held = new SeekableVideo(video, shift, () => this.pause());
    this.#held.set(id, held);
    video.playbackRate = this.rate;
    this.#place(held);
    if (this.#playing && this.#direction > 0) held.play();
    this.#tell(this.#state());
  }

  release(id: string): void {
    this.#held.get(id)?.release();
    this.#held.delete(id);
  }

  shift(id: string, seconds: number): void {
    const held = this.#held.get(id);
    if (!held) return;
    held.shift = seconds;
    this.#place(held);
  }

  play(): void {
    if (this.#playing || this.#held.size === 0) return;
    if (this.#direction > 0 && this.#time >= this.duration - 1 / FPS) this.#time = 0;
    this.#playing = true;
    this.#at = performance.now();
    this.#each((held) => {
      // Less than a frame is corrected by the rate: a seek would delay the start.
      if (Math.abs(held.video.currentTime - this.#wanted(held, this.#time)) > 1 / FPS) this.#place(held);
      if (this.#direction > 0) held.play();
    });
    this.#frame = requestAnimationFrame(() => this.#tick());
    this.#tell(this.#state());
  }

  pause(): void {
    // A late frame has let the clock pass an end: it stands on the last frame then, from which one can step back.
    this.#time = Math.min(Math.max(0, this.#now()), Math.max(0, this.duration - 0.5 / FPS));
    this.#stop();
    this.#each((held) => this.#place(held));
    this.#tell(this.#state());
  }

  seek(seconds: number): void {
    this.#time = Math.min(Math.max(0, seconds), this.duration || seconds);
    this.#at = performance.now();
    this.#each((held) => this.#place(held));
    this.#tell(this.#state());
  }

  /** Pauses, and moves all clips by so many frames to the same frame. */
  step(frames: number): void {
    if (this.#playing) this.pause();
    const last = Math.max(0, Math.round(this.duration * FPS) - 1);
    const shown = Math.min(Math.floor(this.#time * FPS + 1e-6), last);
    this.seek((Math.min(Math.max(0, shown + frames), last) + 0.5) / FPS);
  }

  #stop(): void {
    this.#playing = false;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#each((held) => held.pause());
  }

  #each(act: (held: SeekableVideo) => void): void {
    for (const held of this.#held.values()) act(held);
  }

  #now(): number {
    if (!this.#playing) return this.#time;
    return this.#time + (this.#direction * this.rate * (performance.now() - this.#at)) / 1000;
  }

  /** While paused, all clips are in the middle of one frame: at its edge, rounding could show different frames. */
  #wanted({ video, shift }: SeekableVideo, now: number): number {
    const last = Math.max(0, (video.duration || 0) - 0.5 / FPS);
    const frame = Math.floor((now - shift) * FPS + 1e-6);
    const at = this.#playing ? now - shift : (frame + 0.5) / FPS;
    return Math.min(Math.max(0, at), last);
  }

  #place(held: SeekableVideo): void {
    held.seek(this.#wanted(held, this.#now()));
  }

  #tick(): void {
    if (!this.#playing) return;
    const now = this.#now();
    const end = this.duration;
    if (this.#direction > 0 ? now >= end : now <= 0) this.#turn(end);
    else if (this.#direction < 0) this.#backwards();
    else this.#each((held) => this.#correct(held, now));
    if (!this.#playing) {
      this.#each((held) => this.#place(held));
      this.#tell(this.#state());
      return;
    }
    if (performance.now() - this.#told >= TELL_MS) {
      this.#told = performance.now();
      this.#tell({ ...this.#state(), time: Math.min(Math.max(0, this.#now()), end) });
    }
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  /** At an end: starts again, turns around, or stops. */
  #turn(end: number): void {
    if (this.loop === "once") {
      this.#time = end;
      this.#stop();
      return;
    }
    if (this.loop === "ping-pong") this.#direction = -this.#direction;
    else this.#direction = 1;
    this.#time = this.#direction > 0 ? 0 : end;
    this.#at = performance.now();
    this.#each((held) => {
      if (this.#direction < 0) held.pause();
      this.#place(held);
      if (this.#direction > 0) held.play();
    });
  }

  #backwards(): void {
    if (performance.now() - this.#sought < BACKWARDS_MS) return;
    this.#sought = performance.now();
    this.#each((held) => {
      if (!held.moving) this.#place(held);
    });
  }

  #correct(held: SeekableVideo, now: number): void {
    const { video } = held;
    const wanted = this.#wanted(held, now);
    const over = now - held.shift >= (video.duration || 0) || now < held.shift;
    if (over) {
      held.pause();
      return;
    }
    held.play();
    if (held.moving || video.readyState < 2) return;
    const ahead = video.currentTime - wanted;
    if (Math.abs(ahead) > FAR_S) {
      held.seek(wanted);
      video.playbackRate = this.rate;
    } else if (Math.abs(ahead) > CLOSE_S) {
      const nudge = Math.max(-MOST_NUDGE, Math.min(MOST_NUDGE, -ahead * 3));
      video.playbackRate = this.rate * (1 + nudge);
    } else if (video.playbackRate !== this.rate) video.playbackRate = this.rate;
  }

  #state(): State {
    return { time: this.#time, duration: this.duration, playing: this.#playing };
  }
}
