/**
 * Ballot page: the form, then the vote, with its progress and the file of votes.
 *
 * The browser keeps the state after each vote. A second tab with the same page would overwrite it, so a page stops when
 * another one has written.
 */

import { h, message, setOptional, setText } from "../lib/dom";
import { View } from "../vote/view";
import { Model } from "./model";
import { type Ballot, readState, Sitting } from "./sitting";
import { start } from "./start";

const ELSEWHERE = "This vote went on in another tab or window. Go on there, or load this page again.";
const FORGETS = "This browser keeps nothing: save the votes before you close the page.";
const DONE =
  "you have judged every pair, thank you. Save the votes, and send the file to whoever gave you this page.";

export class Page {
  readonly #root: HTMLElement;
  readonly #ballot: Ballot;
  readonly #key: string;
  readonly #signal = new AbortController().signal;
  readonly #left = h("span", {});
  readonly #bar = h("i", {});
  readonly #progress = h(
    "div",
    { class: "hailuo-progress", role: "progressbar", "aria-label": "Votes given" },
    this.#bar,
  );
  readonly #said = h("p", { class: "hailuo-said hailuo-file" });
  readonly #problem = h("p", { class: "hailuo-problem", role: "alert" });
  readonly #another = h("button", { type: "button" }, "Another rater");
  #sitting: Sitting | null = null;
  #keeps = true;
  /** What this page has written last. */
  #written: string | null = null;
  #elsewhere = false;

  constructor(root: HTMLElement, ballot: Ballot) {
    this.#root = root;
    this.#ballot = ballot;
    this.#key = `hailuo-ballot-${ballot.ballot}`;
    root.className = "hailuo-widget hailuo-ballot";
    const { signal } = this;
    window.addEventListener("storage", (event) => this.#stored(event), { signal });
    window.addEventListener("beforeunload", (event) => this.#leaves(event), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#another.addEventListener("click", () => this.#nextRater(), { signal });
    this.#open();
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  #open(): void {
    const state = readState(this.#read(), this.#ballot);
    if (state) this.#vote(new Sitting(this.#ballot, state));
    else this.#root.replaceChildren(start(this.#ballot, (name) => this.#begin(name)));
  }

  #begin(name: string): void {
    const sitting = Sitting.begin(this.#ballot, name);
    this.#sitting = sitting;
    this.#write();
    this.#vote(sitting);
  }

  #vote(sitting: Sitting): void {
    this.#sitting = sitting;
    const board = h("div", {});
    const head = h(
      "header",
      {},
      h("h1", {}, "Blind vote"),
      this.#left,
      h("span", { class: "hailuo-rater" }, sitting.state.rater.name),
    );
    this.#root.replaceChildren(head, this.#progress, board, this.#said, this.#another, this.#problem);
    const changed = () => {
      if (this.#elsewhere) throw new Error(ELSEWHERE);
      this.#write();
      this.#tell();
    };
    const model = new Model(this.#ballot, sitting, { changed, save: () => this.#save() });
    const source = this.#ballot.folder ? { source: model.source.bind(model) } : {};
    new View(board, model, this.signal, { end: "Save votes", done: DONE, ...source });
    this.#tell();
    board.focus({ preventScroll: true });
  }

  #tell(): void {
    const sitting = this.#sitting;
    if (!sitting) return;
    const { standing, state, isSaved } = sitting;
    const [given, all] = [standing.length, state.plan.length];
    setText(this.#left, given < all ? `Pair ${given + 1} of ${all}` : `${all} of ${all} pairs`);
    this.#progress.setAttribute("aria-valuemin", "0");
    this.#progress.setAttribute("aria-valuemax", String(all));
    this.#progress.setAttribute("aria-valuenow", String(given));
    this.#bar.style.width = `${(100 * given) / all}%`;
    const kept = this.#keeps
      ? "Your votes stay in this browser; you can stop and go on at any time."
      : FORGETS;
    const saved = "All votes are in the file that was saved. Send it to whoever gave you this page.";
    setText(this.#said, isSaved && given > 0 ? saved : kept);
    this.#another.hidden = !isSaved || given === 0;
    setOptional(this.#problem, this.#elsewhere ? ELSEWHERE : "");
  }

  #save(): void {
    const sitting = this.#sitting;
    if (!sitting) return;
    if (sitting.state.votes.length === 0) throw new Error("There is no vote to save yet.");
    const { name, text } = sitting.save();
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
    if (!this.#elsewhere) this.#write();
    this.#tell();
  }

  #nextRater(): void {
    if (!this.#sitting?.isSaved) return;
    try {
      localStorage.removeItem(this.#key);
    } catch {
      this.#keeps = false;
    }
    location.reload();
  }

  #read(): string | null {
    try {
      this.#written = localStorage.getItem(this.#key);
    } catch {
      this.#keeps = false;
    }
    return this.#written;
  }

  #write(): void {
    const text = JSON.stringify(this.#sitting?.state);
    try {
      if (localStorage.getItem(this.#key) !== this.#written) this.#elsewhere = true;
      else localStorage.setItem(this.#key, text);
    } catch (error) {
      this.#keeps = false;
      setOptional(this.#problem, message(error));
    }
    if (this.#elsewhere) throw new Error(ELSEWHERE);
    this.#written = text;
  }

  #stored(event: StorageEvent): void {
    if (event.key !== this.#key && event.key !== null) return;
    this.#elsewhere = true;
    this.#tell();
  }

  #leaves(event: BeforeUnloadEvent): void {
    if (!this.#keeps && this.#sitting && !this.#sitting.isSaved) event.preventDefault();
  }

  /** Hands on the keys that are pressed where nothing has the focus. */
  #pressed(event: KeyboardEvent): void {
    const board = this.#root.querySelector(".hailuo-vote");
    if (!board || event.target !== document.body) return;
    if (!board.dispatchEvent(new KeyboardEvent("keydown", event))) event.preventDefault();
  }
}
