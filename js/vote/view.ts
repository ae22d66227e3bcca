/**
 * View of a blind vote: two clips on one clock and four answers; nothing identifies the runs.
 *
 * The answers are enabled once both clips are loaded. The next pair comes with the reply to the vote, so a vote that could
 * not be written leaves its pair on the screen.
 */

import { NOT_LOADED, watch } from "../lib/codec";
import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import type { VoteState } from "../lib/messages";
import { Channel, type MessageModel } from "../lib/requests";
import { Transport } from "../lib/transport";
import { hearButton, Volume } from "../lib/volume";
import { Stopwatch } from "./stopwatch";

const SIDES = ["left", "right"] as const;
const ANSWERS = [
  { answer: "left", text: "← Left", label: "The left one is better", key: "ArrowLeft" },
  { answer: "tie", text: "↓ Tie", label: "Tie: both are equally good", key: "ArrowDown" },
  { answer: "both bad", text: "↑ Both bad", label: "Both bad: neither is good", key: "ArrowUp" },
  { answer: "right", text: "Right →", label: "The right one is better", key: "ArrowRight" },
] as const;
export const REHEARSAL = "A rehearsal: simulated clips bear their prompts, so nobody is blind here.";
const PATIENCE_MS = 30 * 60_000;
const SLOW_MS = 4000;

/** What a page without a kernel says and does otherwise. */
export interface Own {
  /** The text of the last button. */
  end: string;
  /** What is said when every pair is judged. */
  done: string;
  /** The clip's address, if its bytes cannot be requested. */
  source?(token: string, side: string): string;
}

const NOTEBOOK: Own = {
  end: "End and show the result",
  done: "you have judged every pair. More seeds, or another rater, would tell more.",
};

export class View {
  readonly #signal: AbortSignal;
  readonly #channel: Channel;
  readonly #transport: Transport;
  readonly #watch: Stopwatch;
  readonly #root: HTMLElement;
  readonly #own: Own;
  readonly #question = h("div", { class: "hailuo-question" });
  readonly #progress = h("div", { class: "hailuo-said", role: "status" });
  readonly #prompt = h("div", { class: "hailuo-prompt", dir: "auto" });
  readonly #stage = h("div", { class: "hailuo-sides" });
  readonly #rehearsal = h("div", { class: "hailuo-said" }, REHEARSAL);
  readonly #answers = h("div", { class: "hailuo-answers", role: "group", "aria-label": "Your answer" });
  readonly #buttons: HTMLButtonElement[] = [];
  readonly #undo = h("button", { type: "button" }, "Undo (Z)");
  readonly #end = h("button", { type: "button" });
  readonly #problem = h("div", { class: "hailuo-problem", role: "alert" });
  readonly #live: HTMLElement;
  readonly #volume: Volume;
  #videos: HTMLVideoElement[] = [];
  #ears: HTMLButtonElement[] = [];
  /** The side that is heard: 0, 1, or -1 for none. */
  #heard = -1;
  #urls: string[] = [];
  #pairing = new AbortController();
  #told: VoteState | null = null;
  #open = false;

  constructor(root: HTMLElement, model: MessageModel, signal: AbortSignal, own: Own = NOTEBOOK) {
    this.#root = root;
    this.#own = own;
    setText(this.#end, own.end);
    this.#signal = signal;
    this.#channel = new Channel(model, signal);
    this.#volume = new Volume(signal, "Hear the left clip, the right one, or none (M)", () => this.#turn());
    this.#transport = new Transport(signal, "Both clips", this.#volume.element);
    this.#watch = new Stopwatch(signal);
    root.className = "hailuo-widget hailuo-vote";
    root.tabIndex = -1;
    keepKeys(root, signal);
    for (const { answer, text, label } of ANSWERS) {
      const button = h("button", { type: "button", "aria-label": label, title: label }, text);
      button.disabled = true;
      button.addEventListener("click", () => void this.#vote(answer), { signal });
      this.#buttons.push(button);
    }
    this.#answers.append(...this.#buttons);
    this.#undo.addEventListener("click", () => void this.#say("undo"), { signal });
    this.#end.addEventListener("click", () => void this.#say("end"), { signal });
    const tools = h("div", { class: "hailuo-vote-tools" }, this.#undo, this.#end);
    this.#live = h(
      "div",
      {},
      this.#prompt,
      this.#stage,
      this.#rehearsal,
      this.#answers,
      this.#transport.element,
      tools,
    );
    root.append(this.#question, this.#progress, this.#live, this.#problem);
    this.#problem.hidden = true;
    const answers = Object.fromEntries(
      ANSWERS.map(({ key, answer }) => [key, () => void this.#vote(answer)]),
    );
    const undo = () => void (this.#undo.disabled || this.#say("undo"));
    const keys = { ...answers, z: undo, Backspace: undo, m: () => this.#turn() };
    root.addEventListener("keydown", (event) => this.#transport.key(event, keys), { signal });
    signal.addEventListener("abort", () => this.#leave(), { once: true });
    void this.#say("begin");
  }

  async #vote(answer: string): Promise<void> {
    if (!this.#open) return;
    await this.#say("vote", { token: this.#told?.token, answer, seconds: this.#watch.seconds });
  }

  /** Sends a question, and shows the pair of the reply. */
  async #say(type: "begin" | "vote" | "undo" | "end", data: object = {}): Promise<void> {
    this.#allow(false);
    this.#undo.disabled = true;
    this.#end.disabled = true;
    try {
      const { data: told } = await this.#channel.request(type, {
        data,
        timeoutMs: PATIENCE_MS,
        slowMs: SLOW_MS,
        onSlow: () => this.#complain("The kernel is busy; this goes on when it answers."),
      });
      this.#complain("");
      this.#show(told);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#complain(message(error));
      this.#undo.disabled = !this.#told?.undo;
      this.#end.disabled = this.#told === null;
      this.#allow(this.#ready());
    }
  }

  #show(told: VoteState): void {
    const again = told.pair !== null && told.pair === this.#told?.pair;
    const asked = again && told.token === this.#told?.token;
    this.#told = told;
    const question = told.step ? `${told.step}: ${told.question}` : told.question;
    setText(this.#question, told.ended ? "This vote has ended." : question);
    setText(this.#progress, this.#said(told));
    setOptional(this.#prompt, told.prompt);
    this.#undo.disabled = !told.undo;
    this.#end.disabled = false;
    this.#live.hidden = told.ended;
    this.#stage.hidden = told.token === null;
    this.#rehearsal.hidden = told.token === null || !told.simulated;
    this.#answers.hidden = told.token === null;
    this.#transport.element.hidden = told.token === null;
    this.#volume.element.hidden = !told.sound;
    if (again) {
      if (!asked && this.#ready()) this.#watch.start();
      this.#allow(this.#ready());
      return;
    }
    this.#leave();
    if (told.token !== null) void this.#load(told.token, told);
  }

  #said({ given, remaining, sure, ended, result, token }: VoteState): string {
    const votes = `${given} ${given === 1 ? "vote" : "votes"}`;
    if (ended) return `${votes} in this sitting. ${result}`;
    if (token === null) return `${votes} · ${this.#own.done}`;
    const left = `${votes} · ${remaining} ${remaining === 1 ? "pair" : "pairs"} left`;
    return sure ? `${left} · the answer is sure: you may stop here` : left;
  }

  async #load(token: string, { simulated, sound }: VoteState): Promise<void> {
    const pairing = new AbortController();
    this.#pairing = pairing;
    const signal = AbortSignal.any([this.#signal, pairing.signal]);
    const label = (side: string) => (side === "left" ? "Left clip" : "Right clip");
    this.#videos = SIDES.map((side) => {
      const video = h("video", { playsinline: true, preload: "auto", "aria-label": label(side) });
      video.muted = true;
      return video;
    });
    const badge = () => (simulated ? [h("span", { class: "hailuo-badge" }, "SIMULATED")] : []);
    this.#ears = SIDES.map((side, n) => {
      const hear = () => this.#hear(this.#heard === n ? -1 : n);
      return hearButton(`Hear the ${side} clip`, hear, signal);
    });
    this.#stage.replaceChildren(
      ...this.#videos.map((video, n) => {
        const ear = sound ? this.#ears.slice(n, n + 1) : [];
        return h("figure", {}, video, h("figcaption", {}, n === 0 ? "Left " : "Right ", ...badge(), ...ear));
      }),
    );
    try {
      await Promise.all(this.#videos.map((video, n) => this.#fetch(token, n, video, signal)));
    } catch (error) {
      if (!signal.aborted) this.#complain(message(error));
      return;
    }
    if (signal.aborted) return;
    this.#videos.forEach((video, n) => {
      this.#transport.sync.hold(SIDES[n] ?? "", video);
    });
    this.#transport.sync.seek(0);
    if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) this.#transport.sync.play();
    this.#watch.start();
    this.#allow(true);
  }

  async #fetch(token: string, side: number, video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
    const data = { token, side: SIDES[side] ?? "" };
    const address = this.#own.source?.(token, data.side);
    const asked = { data, timeoutMs: PATIENCE_MS, signal };
    const blob = address === undefined ? (await this.#channel.request("clip", asked)).blob : null;
    const url = blob ? URL.createObjectURL(blob) : (address ?? "");
    if (blob) this.#urls.push(url);
    await new Promise<void>((resolve, reject) => {
      const failed = (text: string) => reject(new Error(`${text} End the vote, or open it elsewhere.`));
      watch(video, blob ?? NOT_LOADED, { ready: resolve, failed }, signal);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      video.src = url;
    });
  }

  #ready(): boolean {
    return this.#videos.length > 0 && this.#watch.seconds !== null;
  }

  #allow(open: boolean): void {
    this.#open = open;
    for (const button of this.#buttons) {
      // The keys work only while the focus is in the board: it moves on before its button is disabled.
      if (!open && button === document.activeElement) this.#root.focus({ preventScroll: true });
      button.disabled = !open;
    }
  }

  #hear(side: number): void {
    this.#heard = side;
    this.#volume.hear(this.#videos[side] ?? null);
    this.#ears.forEach((ear, n) => {
      ear.setAttribute("aria-pressed", String(n === side));
    });
  }

  /** Goes on from no sound to the left clip, to the right one, and back to none. */
  #turn(): void {
    if (this.#told?.sound) this.#hear(this.#heard === 1 ? -1 : this.#heard + 1);
  }

  /** Unloads the pair; the next one is muted at first. */
  #leave(): void {
    this.#hear(-1);
    this.#pairing.abort();
    this.#watch.stop();
    for (const side of SIDES) this.#transport.sync.release(side);
    this.#transport.sync.pause();
    for (const video of this.#videos) {
      video.removeAttribute("src");
      video.load();
    }
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#videos = [];
    this.#urls = [];
    this.#stage.replaceChildren();
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#problem, text);
  }
}
