/**
 * Loader of many clips: posters first, a clip when it becomes visible, and at most `MOST_LIVE` clips at once.
 *
 * A browser decodes few videos at once, and the bytes of each stay in memory until its object URL is revoked. So clips
 * outside the screen are unloaded, the one that was visible the longest ago first.
 */

import { watch } from "./codec";
import { message } from "./dom";
import type { Channel } from "./requests";

export const MOST_LIVE = 16;
const AT_ONCE = 4;
const PATIENCE_MS = 30 * 60_000;

export interface Place {
  id: string;
  video: HTMLVideoElement;
  /** Whether the run has a clip. */
  clip: boolean;
  poster: boolean;
}

interface Kept extends Place {
  visible: boolean;
  seen: number;
  url: string | null;
  posterUrl: string | null;
  watching: AbortController | null;
  asked: boolean;
  loading: boolean;
}

export class Clips {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #places = new Map<Element, Kept>();
  readonly #observer: IntersectionObserver;
  readonly #ready: (id: string, video: HTMLVideoElement) => void;
  readonly #gone: (id: string) => void;
  readonly #failed: (id: string, text: string) => void;
  #busy = 0;
  #count = 0;

  constructor(
    channel: Channel,
    signal: AbortSignal,
    on: {
      ready(id: string, video: HTMLVideoElement): void;
      gone(id: string): void;
      failed(id: string, text: string): void;
    },
  ) {
    this.#channel = channel;
    this.#signal = signal;
    this.#ready = on.ready;
    this.#gone = on.gone;
    this.#failed = on.failed;
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "60px" });
    signal.addEventListener("abort", () => this.clear(), { once: true });
  }

  get live(): number {
    return [...this.#places.values()].filter((place) => place.url !== null).length;
  }

  add(place: Place): void {
    const kept = {
      ...place,
      visible: false,
      seen: 0,
      url: null,
      posterUrl: null,
      watching: null,
      asked: false,
      loading: false,
    };
    this.#places.set(place.video, kept);
    this.#observer.observe(place.video);
  }

  clear(): void {
    this.#observer.disconnect();
    for (const place of this.#places.values()) {
      this.#drop(place);
      if (place.posterUrl) URL.revokeObjectURL(place.posterUrl);
    }
    this.#places.clear();
  }

  #seen(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const place = this.#places.get(entry.target);
      if (!place) continue;
      place.visible = entry.isIntersecting;
      this.#count += 1;
      if (place.visible) place.seen = this.#count;
    }
    this.#next();
  }

  /** Requests the next visible poster or clip; posters first. */
  #next(): void {
    if (this.#signal.aborted) return;
    const seen = [...this.#places.values()].filter((place) => place.visible && !place.loading);
    const wanted =
      seen.find((place) => place.poster && !place.asked) ??
      seen.find((place) => place.clip && place.url === null && this.#room());
    if (!wanted || this.#busy >= AT_ONCE) return;
    void this.#load(wanted);
    this.#next();
  }

  /** Unloads an invisible clip if there are too many; returns whether one more can be loaded. */
  #room(): boolean {
    const alive = [...this.#places.values()].filter(
      (place) => place.url !== null || (place.loading && place.asked),
    );
    if (alive.length < MOST_LIVE) return true;
    const [oldest] = alive.filter((p) => !p.visible && p.url !== null).sort((a, b) => a.seen - b.seen);
    if (!oldest) return false;
    this.#drop(oldest);
    return true;
  }

  async #load(place: Kept): Promise<void> {
    this.#busy += 1;
    place.loading = true;
    const picture = place.poster && !place.asked;
    place.asked = true;
    try {
      const options = { data: { id: place.id }, timeoutMs: PATIENCE_MS };
      const { blob } = await this.#channel.request(picture ? "poster" : "video", options);
      if (this.#signal.aborted || !this.#places.has(place.video)) return;
      const url = URL.createObjectURL(blob);
      if (picture) {
        place.posterUrl = url;
        place.video.poster = url;
      } else {
        place.url = url;
        place.watching = new AbortController();
        const signal = AbortSignal.any([this.#signal, place.watching.signal]);
        const failed = (text: string) => {
          place.clip = false; // it is not requested again
          this.#drop(place);
          this.#failed(place.id, text);
        };
        watch(place.video, blob, { ready: () => this.#ready(place.id, place.video), failed }, signal);
        place.video.src = url;
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#failed(place.id, message(error));
      place.clip = false;
    } finally {
      this.#busy -= 1;
      place.loading = false;
      this.#next();
    }
  }

  #drop(place: Kept): void {
    if (place.url === null) return;
    place.watching?.abort(); // else removing the source counts as an error
    this.#gone(place.id);
    place.video.removeAttribute("src");
    place.video.load();
    URL.revokeObjectURL(place.url);
    place.url = null;
  }
}
