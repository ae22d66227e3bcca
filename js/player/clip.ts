/**
 * Video of a run, loaded when it becomes visible and unloaded when it is no longer.
 *
 * A page can have about a thousand players and decodes far fewer videos, and the bytes of each stay in memory until its
 * object URL is revoked. The position, and whether it played, are restored.
 */

import { watch } from "../lib/codec";
import { message } from "../lib/dom";
import type { Channel } from "../lib/requests";

/** How long a video stays loaded off screen, so that scrolling past does not reload it. */
const RELEASE_AFTER_MS = 1500;
/** After so long without an answer the kernel is reported as busy. */
const SLOW_MS = 4000;
/** A kernel that runs a long cell answers when the cell has ended. */
const PATIENCE_MS = 30 * 60_000;

export type ClipState =
  | { kind: "idle" }
  | { kind: "loading"; slow: boolean }
  | { kind: "ready"; url: string }
  | { kind: "error"; text: string };

export class Clip {
  readonly #channel: Channel;
  readonly #video: HTMLVideoElement;
  readonly #report: (state: ClipState) => void;
  #version: string | null = null;
  #visible = false;
  #url: string | null = null;
  /** Exists from the request of the clip's bytes until they are unloaded. */
  #loading: AbortController | null = null;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #failed = false;
  #position = 0;
  #playing: boolean;

  constructor(
    channel: Channel,
    video: HTMLVideoElement,
    signal: AbortSignal,
    report: (state: ClipState) => void,
  ) {
    this.#channel = channel;
    this.#video = video;
    this.#report = report;
    this.#playing = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "80px" });
    observer.observe(video);
    signal.addEventListener(
      "abort",
      () => {
        observer.disconnect();
        clearTimeout(this.#leaving);
        this.#release();
      },
      { once: true },
    );
  }

  /** Shows another version of the file; null if there is none yet. */
  show(version: string | null): void {
    if (version === this.#version) return;
    this.#release();
    this.#version = version;
    this.#position = 0;
    this.#failed = false;
    if (this.#visible) void this.#load();
  }

  /** Requests the clip again after an error. */
  again(): void {
    this.#failed = false;
    void this.#load();
  }

  #seen(entries: IntersectionObserverEntry[]): void {
    this.#visible = entries.at(-1)?.isIntersecting ?? false;
    clearTimeout(this.#leaving);
    if (this.#visible) void this.#load();
    else if (!this.#failed) this.#leaving = setTimeout(() => this.#release(), RELEASE_AFTER_MS);
  }

  async #load(): Promise<void> {
    if (this.#version === null || this.#url !== null || this.#loading !== null || this.#failed) return;
    const loading = new AbortController();
    this.#loading = loading;
    this.#report({ kind: "loading", slow: false });
    try {
      const { blob } = await this.#channel.request("video", {
        timeoutMs: PATIENCE_MS,
        slowMs: SLOW_MS,
        onSlow: () => this.#report({ kind: "loading", slow: true }),
        signal: loading.signal,
      });
      if (loading.signal.aborted) return;
      this.#url = URL.createObjectURL(blob);
      watch(this.#video, blob, { failed: (text) => this.#unplayable(text) }, loading.signal);
      this.#video.src = this.#url;
      if (this.#position > 0) this.#video.currentTime = this.#position;
      this.#report({ kind: "ready", url: this.#url });
      if (this.#playing) await this.#play();
    } catch (error) {
      if (loading.signal.aborted) return;
      this.#loading = null;
      this.#failed = true;
      this.#report({ kind: "error", text: message(error) });
    }
  }

  /** Starts to play; a browser may refuse that, and the controls remain. */
  async #play(): Promise<void> {
    try {
      await this.#video.play();
    } catch {
      this.#playing = false;
    }
  }

  #release(): void {
    this.#loading?.abort(); // else removing the source counts as an error
    this.#loading = null;
    if (this.#url !== null) {
      this.#position = this.#video.currentTime;
      this.#playing = !this.#video.paused;
      this.#video.removeAttribute("src");
      this.#video.load();
      URL.revokeObjectURL(this.#url);
      this.#url = null;
    }
    this.#report({ kind: "idle" });
  }

  #unplayable(text: string): void {
    this.#release();
    this.#failed = true;
    this.#report({ kind: "error", text });
  }
}
