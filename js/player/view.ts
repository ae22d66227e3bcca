/** View of a player: fills the elements from the card, counts the time, and sends the user's orders. */

import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import { outlook, progress, seconds } from "../lib/format";
import type { CardState } from "../lib/messages";
import { Channel, type MessageModel } from "../lib/requests";
import { Clock, restored, step } from "./card";
import { Clip, type ClipState } from "./clip";
import { build, type Parts } from "./parts";

/** Python sends the card of an unfinished run at least every 15 s; after three times that it counts as silent. */
const SILENCE_MS = 45_000;
const SAFE_CLASS = /^hailuo-run-[A-Za-z0-9-]+$/;

export class View {
  readonly #root: HTMLElement;
  readonly #parts: Parts = build();
  readonly #style = document.createElement("style");
  readonly #clock = new Clock();
  readonly #channel: Channel;
  readonly #clip: Clip;
  readonly #signal: AbortSignal;
  #state: CardState;
  /** The card with all its texts, once the user asked for them. */
  #whole: CardState | null = null;
  #heard = Date.now();
  #poster: string | null = null;
  #posterFor: string | null = null;

  constructor(root: HTMLElement, model: MessageModel, state: CardState, signal: AbortSignal) {
    this.#root = root;
    this.#state = state;
    this.#signal = signal;
    this.#channel = new Channel(model, signal);
    const parts = this.#parts;
    this.#clip = new Clip(this.#channel, parts.video, signal, (clip) => this.#showClip(clip));
    keepKeys(root, signal);
    root.append(this.#style, ...parts.order);
    const click = (button: HTMLElement, action: () => void) =>
      button.addEventListener("click", action, { signal });
    click(parts.cancel, () => this.#askToStop(true));
    click(parts.keep, () => this.#askToStop(false));
    click(parts.stop, () => void this.#order("cancel", parts.stop));
    click(parts.retry, () => void this.#order("retry", parts.retry));
    click(parts.again, () => this.#clip.again());
    click(parts.more, () => void this.#showAll());
    parts.ask.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") this.#askToStop(false);
      },
      { signal },
    );
    const tick = setInterval(() => this.#tick(), 1000);
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(tick);
        this.#dropPoster();
      },
      { once: true },
    );
    this.update(state, false);
  }

  /** Shows a card; `fresh`: Python has just sent it. */
  update(card: CardState, fresh: boolean): void {
    const state = restored(card, this.#whole);
    if (fresh) this.#heard = Date.now();
    this.#clock.hear(state, fresh);
    if (state.status !== this.#state.status) this.#settled();
    this.#state = state;
    this.#fill(state);
    this.#clip.show(state.clip);
    if (state.poster && this.#posterFor !== state.run) void this.#loadPoster(state.run);
    this.#tick();
  }

  #fill(state: CardState): void {
    const parts = this.#parts;
    const css = SAFE_CLASS.test(state.css) ? state.css : "";
    this.#root.className = `hailuo-widget hailuo-player ${css}`;
    this.#root.dataset.status = state.status;
    // Hides the static card as long as this view exists.
    const own = `:is(.jp-OutputArea,.cell_container):has(.hailuo-player.${css})`;
    setText(this.#style, css ? `${own} .hailuo-card.${css}{display:none}` : "");
    setText(parts.word, state.word);
    parts.badge.hidden = !state.simulated;
    setText(parts.kind, state.kind);
    const cost = state.cost === "unknown" ? "cost unknown" : state.cost;
    setText(parts.cost, state.cost_note ? `${cost} (${state.cost_note})` : cost);
    parts.way.hidden = !state.live;
    parts.cancel.hidden = !state.live || !parts.ask.hidden;
    const reached = step(state.status);
    parts.marks.forEach((mark, index) => {
      mark.className = index < reached ? "hailuo-past" : index === reached ? "hailuo-present" : "";
      if (index === reached) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
    });
    parts.media.hidden = state.clip === null && !state.poster;
    parts.video.style.aspectRatio = state.width && state.height ? `${state.width} / ${state.height}` : "";
    parts.video.controls = state.clip !== null;
    setOptional(parts.title, state.title);
    setOptional(parts.text, state.text);
    setOptional(parts.note, state.note);
    setOptional(parts.hint, state.hint);
    parts.retry.hidden = !state.retry;
    parts.trouble.hidden = !(state.title || state.text || state.note || state.hint || state.retry);
    setOptional(parts.prompt, state.prompt);
    parts.more.hidden = !state.cut;
    parts.parameters.hidden = state.parameters.length === 0;
    parts.parameters.replaceChildren(
      ...state.parameters.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))),
    );
    const took = state.elapsed === null ? null : `took ${seconds(state.elapsed)}`;
    const frame = state.width && state.height ? `${state.width} × ${state.height}` : null;
    const facts = [took, frame, state.size, state.file];
    setText(parts.facts, facts.filter(Boolean).join(" · "));
    parts.save.download = state.file ?? `${state.run}.mp4`;
    if (state.problem) setOptional(parts.problem, state.problem);
    setText(parts.ids, `run ${state.run}${state.task ? ` · task ${state.task}` : ""}`);
  }

  /** Updates elapsed time, bar, and the note of a silent kernel; once per second. */
  #tick(): void {
    const { bar, fill, time, silence } = this.#parts;
    const state = this.#state;
    if (!state.live) return;
    const elapsed = this.#clock.elapsed(state);
    const quiet = Date.now() - this.#heard;
    const gone = `No word from the kernel for over ${seconds(SILENCE_MS / 1000)}: it is busy or was restarted. `;
    setOptional(
      silence,
      quiet > SILENCE_MS ? `${gone}The run is in the log; %hailuo resume picks it up.` : "",
    );
    if (state.status === "planned") {
      setText(time, `not sent yet · ${seconds(elapsed)}`);
      bar.hidden = true;
      return;
    }
    const expected = outlook(elapsed, state);
    setText(time, expected ? `${seconds(elapsed)} · ${expected}` : seconds(elapsed));
    bar.hidden = false;
    bar.classList.toggle("hailuo-unknown", state.eta === null);
    if (state.eta === null) {
      bar.removeAttribute("aria-valuenow");
      fill.style.width = "";
      return;
    }
    const percent = progress(elapsed, state.eta) * 100;
    fill.style.width = `${percent.toFixed(1)}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(percent)));
  }

  #askToStop(asking: boolean): void {
    const { ask, cancel, question, stop, keep } = this.#parts;
    const sent = this.#state.status !== "planned";
    setText(
      question,
      sent ? "Stop following? The provider may still finish and bill it." : "Drop it before it is sent?",
    );
    setText(stop, sent ? "Stop following" : "Drop it");
    ask.hidden = !asking;
    cancel.hidden = asking || !this.#state.live;
    (asking ? keep : cancel).focus();
  }

  /** Closes the question and enables the buttons after a change of status. */
  #settled(): void {
    const { ask, stop, retry, problem } = this.#parts;
    ask.hidden = true;
    stop.disabled = false;
    retry.disabled = false;
    problem.hidden = true;
  }

  async #order(type: "cancel" | "retry", button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      await this.#channel.request(type, {
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("The kernel is busy; it will see this when its cell ends."),
      });
      this.#complain("");
    } catch (error) {
      this.#complain(message(error));
    } finally {
      button.disabled = false;
    }
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#parts.problem, text);
  }

  async #showAll(): Promise<void> {
    this.#parts.more.disabled = true;
    try {
      const { data } = await this.#channel.request("details", { timeoutMs: 30_000 });
      this.#whole = data;
      this.update(data, true);
    } catch (error) {
      this.#complain(message(error));
    } finally {
      this.#parts.more.disabled = false;
    }
  }

  async #loadPoster(run: string): Promise<void> {
    this.#posterFor = run;
    try {
      const { blob } = await this.#channel.request("poster", { timeoutMs: 10 * 60_000 });
      this.#dropPoster();
      if (this.#signal.aborted || blob.size === 0) return;
      this.#poster = URL.createObjectURL(blob);
      this.#parts.video.poster = this.#poster;
    } catch {
      this.#posterFor = null; // it is optional: the next card requests it again
    }
  }

  #dropPoster(): void {
    if (this.#poster !== null) URL.revokeObjectURL(this.#poster);
    this.#poster = null;
  }

  #showClip(clip: ClipState): void {
    const { veil, save, again } = this.#parts;
    const slow = "The kernel is busy; the clip comes when it answers.";
    const text =
      clip.kind === "loading"
        ? clip.slow
          ? slow
          : "Loading the clip…"
        : clip.kind === "error"
          ? clip.text
          : "";
    setOptional(veil, text);
    again.hidden = clip.kind !== "error";
    save.hidden = clip.kind !== "ready";
    if (clip.kind === "ready") save.href = clip.url;
    else save.removeAttribute("href");
  }
}
