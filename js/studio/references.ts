/** Control for references: pictures, clips and sounds, each a chosen, dropped or pasted file, a path or a URL. */

import { h, message, setOptional, setText } from "../lib/dom";
import type { ReferenceCounts, ReferenceFacts } from "../lib/messages";
import type { Channel } from "../lib/requests";
import { accepted, allowed, KINDS, sizeOf } from "./kinds";
import { send } from "./upload";

class Entry {
  readonly element: HTMLElement;
  readonly remove: HTMLButtonElement;
  /** The path or URL that is sent; "" while the file is being uploaded. */
  value = "";
  readonly #kind = h("span", { class: "hailuo-badge" });
  readonly #name = h("span", { class: "hailuo-name" });
  readonly #said = h("span", { class: "hailuo-said", role: "status" });
  readonly #trouble = h("div", { class: "hailuo-trouble", role: "alert" });

  constructor(name: string) {
    this.remove = h("button", { type: "button", "aria-label": `Remove ${name}` }, "Remove");
    setText(this.#name, name);
    const line = h("div", { class: "hailuo-line" }, this.#kind, this.#name, this.#said, this.remove);
    this.element = h("li", {}, line, this.#trouble);
    this.#kind.hidden = this.#trouble.hidden = true;
  }

  say(text: string): void {
    setText(this.#said, text);
  }

  show(facts: ReferenceFacts): void {
    setOptional(this.#kind, KINDS[facts.kind]);
    setText(this.#said, sizeOf(facts));
  }

  complain(text: string): void {
    setText(this.#said, "");
    setOptional(this.#trouble, text);
  }
}

export class References {
  readonly element: HTMLElement;
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  readonly #list = h("ul", { class: "hailuo-references", "aria-label": "References" });
  readonly #url = h("input", {
    type: "text",
    placeholder: "URL or path",
    "aria-label": "Reference: URL or path",
  });
  readonly #file = h("input", {
    type: "file",
    multiple: true,
    class: "hailuo-unseen",
    "aria-label": "Reference: files",
  });
  readonly #said = h("div", { class: "hailuo-said" });
  #entries: Entry[] = [];
  /** The end of the uploads, which run one after another. */
  #sent: Promise<void> = Promise.resolve();

  constructor(channel: Channel, signal: AbortSignal, changed: () => void) {
    this.#channel = channel;
    this.#signal = signal;
    this.#changed = changed;
    const choose = h("button", { type: "button" }, "Choose files…");
    const add = h("button", { type: "button" }, "Add");
    this.#file.tabIndex = -1;
    const tools = h("div", { class: "hailuo-slot-tools" }, choose, this.#file, this.#url, add);
    this.element = h("div", { class: "hailuo-slot" }, this.#list, tools, this.#said);
    choose.addEventListener("click", () => this.#file.click(), { signal });
    const chosen = () => {
      this.#take(this.#file.files);
      this.#file.value = "";
    };
    this.#file.addEventListener("change", chosen, { signal });
    const typed = () => {
      const value = this.#url.value.trim();
      this.#url.value = "";
      if (value) this.#add(value);
    };
    add.addEventListener("click", typed, { signal });
    this.#url.addEventListener("keydown", (event) => event.key === "Enter" && typed(), { signal });
    const dragged = (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      this.element.classList.toggle("hailuo-over", event.type === "dragover");
      if (event.type === "drop") this.#take(event.dataTransfer?.files);
    };
    for (const kind of ["dragover", "dragleave", "drop"] as const)
      this.element.addEventListener(kind, dragged, { signal });
    const pasted = (event: ClipboardEvent) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.#take(event.clipboardData.files);
    };
    this.element.addEventListener("paste", pasted, { signal });
  }

  /** The paths and URLs in their order. */
  get values(): string[] {
    return this.#entries.map((entry) => entry.value).filter(Boolean);
  }

  /** Whether a shown file is not kept: it is being uploaded, or was refused and must be removed. */
  get busy(): boolean {
    return this.#entries.some((entry) => !entry.value);
  }

  /** Shows what the chosen model takes. */
  offer(counts: ReferenceCounts | null): void {
    setText(this.#said, counts ? `${allowed(counts)}. Drop or paste files here.` : "");
    this.#file.accept = counts ? accepted(counts) : "";
  }

  /** Sets the references by their paths and URLs. */
  fill(values: string[]): void {
    if (String(values) === String(this.values) && !this.busy) return;
    this.#entries = [];
    this.#list.replaceChildren();
    for (const value of values) this.#add(value);
    this.#changed();
  }

  #put(name: string): Entry {
    const entry = new Entry(name);
    const remove = () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
      entry.element.remove();
      this.#url.focus();
      this.#changed();
    };
    entry.remove.addEventListener("click", remove, { signal: this.#signal });
    this.#entries.push(entry);
    this.#list.append(entry.element);
    return entry;
  }

  #add(value: string): void {
    const entry = this.#put(value);
    entry.value = value;
    void this.#look(entry);
    this.#changed();
  }

  /** Asks what a reference is; an error of it is shown where it stands. */
  async #look(entry: Entry): Promise<void> {
    try {
      const data = { value: entry.value };
      entry.show((await this.#channel.request("reference", { data, timeoutMs: 120_000 })).data);
    } catch (error) {
      if (!this.#signal.aborted) entry.complain(message(error));
    }
  }

  #take(files: FileList | null | undefined): void {
    for (const file of files ?? []) {
      const entry = this.#put(file.name);
      this.#sent = this.#sent.then(() => this.#upload(entry, file));
    }
    this.#changed();
  }

  async #upload(entry: Entry, file: File): Promise<void> {
    const wanted = () => !this.#signal.aborted && this.#entries.includes(entry);
    if (!wanted()) return;
    try {
      const told = (percent: number) => entry.say(`Sending: ${percent} %`);
      const answer = await send(this.#channel, { slot: "references", file, wanted, told });
      if (answer === null) return;
      entry.value = answer.path ?? "";
      await this.#look(entry);
    } catch (error) {
      if (wanted()) entry.complain(message(error));
    }
    if (wanted()) this.#changed();
  }
}
