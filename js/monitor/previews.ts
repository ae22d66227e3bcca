/**
 * Posters of the visible runs, and the one clip that plays under the pointer or the focus.
 *
 * A poster is requested when its place is on screen, and only the newest stay in memory. Clips are requested when they are
 * to play, muted and one at a time.
 */

import { NOT_LOADED, watch } from "../lib/codec";
import type { Channel } from "../lib/requests";

export const MOST_POSTERS = 160;
export const MOST_CLIPS = 4;
const AT_ONCE = 4;
const PATIENCE_MS = 10 * 60_000;
/** The pointer only passes over a clip that it leaves sooner. */
const HOVER_MS = 150;

/** Object URLs by a run's id; the one used the longest ago is revoked first. */
class Urls {
  readonly #kept = new Map<string, string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(id: string): string | undefined {
    const url = this.#kept.get(id);
    if (url === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, url);
    return url;
  }

  keep(id: string, blob: Blob, used: (id: string) => boolean): string {
    const url = URL.createObjectURL(blob);
    this.#kept.set(id, url);
    for (const [old, its] of this.#kept) {
      if (this.#kept.size <= this.#most) break;
      if (used(old)) continue;
      URL.revokeObjectURL(its);
      this.#kept.delete(old);
    }
    return url;
  }

  clear(): void {
    for (const url of this.#kept.values()) URL.revokeObjectURL(url);
    this.#kept.clear();
  }
}

export class Previews {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #observer: IntersectionObserver;
  readonly #images = new Map<Element, { id: string; image: HTMLImageElement; seen: boolean }>();
  readonly #posters = new Urls(MOST_POSTERS);
  readonly #clips = new Urls(MOST_CLIPS);
  readonly #without = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #video = document.createElement("video");
  readonly #still = window.matchMedia("(prefers-reduced-motion: reduce)");
  #playing: { id: string; ending: AbortController } | null = null;

  constructor(channel: Channel, signal: AbortSignal) {
    this.#channel = channel;
    this.#signal = signal;
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "60px" });
    Object.assign(this.#video, { muted: true, loop: true, playsInline: true, tabIndex: -1 });
    this.#video.setAttribute("aria-hidden", "true");
    signal.addEventListener(
      "abort",
      () => {
        this.#observer.disconnect();
        this.stop();
        this.#posters.clear();
        this.#clips.clear();
      },
      { once: true },
    );
  }

  /** Shows a run's poster in its image as soon as the place is on screen. */
  show(id: string, place: Element, image: HTMLImageElement): void {
    if (this.#images.has(place)) return;
    this.#images.set(place, { id, image, seen: false });
    this.#observer.observe(place);
  }

  forget(place: Element): void {
    const known = this.#images.get(place);
    if (known && this.#playing?.id === known.id) this.stop();
    this.#observer.unobserve(place);
    this.#images.delete(place);
  }

  #seen(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const known = this.#images.get(entry.target);
      if (known) known.seen = entry.isIntersecting;
    }
    this.#next();
  }

  #next(): void {
    if (this.#signal.aborted) return;
    for (const { id, image, seen } of this.#images.values()) {
      if (!seen || !image.hidden) continue;
      const url = this.#posters.get(id);
      if (url !== undefined) {
        image.src = url;
        image.hidden = false;
      } else if (!this.#without.has(id) && !this.#asked.has(id) && this.#asked.size < AT_ONCE)
        void this.#ask(id);
    }
  }

  async #ask(id: string): Promise<void> {
    this.#asked.add(id);
    try {
      const { blob } = await this.#channel.request("poster", { data: { id }, timeoutMs: PATIENCE_MS });
      if (this.#signal.aborted) return;
      const shown = new Set([...this.#images.values()].map((known) => known.id));
      if (blob.size) this.#posters.keep(id, blob, (one) => shown.has(one));
      else this.#without.add(id);
    } catch {
      this.#without.add(id); // a poster is optional
    } finally {
      this.#asked.delete(id);
      this.#next();
    }
  }

  /** The clip's URL; asks for its bytes if they are not kept. */
  async clip(id: string, signal: AbortSignal): Promise<{ url: string; blob: Blob | null }> {
    const kept = this.#clips.get(id);
    if (kept !== undefined) return { url: kept, blob: null };
    const { blob } = await this.#channel.request("video", { data: { id }, timeoutMs: PATIENCE_MS, signal });
    return { url: this.#clips.keep(id, blob, (one) => one === id || one === this.#playing?.id), blob };
  }

  /** Plays a clip in its place, muted, until `stop`; not where motion is to be reduced. */
  play(id: string, place: HTMLElement): void {
    if (this.#playing?.id === id || this.#still.matches) return;
    this.stop();
    const ending = new AbortController();
    this.#playing = { id, ending };
    const timer = setTimeout(() => void this.#start(id, place, ending), HOVER_MS);
    ending.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  stop(): void {
    this.#playing?.ending.abort();
    this.#playing = null;
    this.#video.remove();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  async #start(id: string, place: HTMLElement, ending: AbortController): Promise<void> {
    try {
      const { url, blob } = await this.clip(id, AbortSignal.any([this.#signal, ending.signal]));
      if (ending.signal.aborted) return;
      const failed = () => this.stop(); // the poster stays; the opened clip says why
      watch(this.#video, blob ?? NOT_LOADED, { failed }, ending.signal);
      this.#video.src = url;
      place.append(this.#video);
      await this.#video.play();
    } catch {
      if (!ending.signal.aborted) this.stop();
    }
  }
}
