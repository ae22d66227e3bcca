/** Control for a picture: a dropped, pasted or chosen file, or a URL. */

import { h, message, setOptional, setText } from "../lib/dom";
import type { Channel } from "../lib/requests";
import { SLOT_WORDS } from "./catalog";
import { send } from "./upload";

export class Slot {
  readonly element: HTMLElement;
  readonly name: string;
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  readonly #image = h("img");
  readonly #url = h("input", { type: "text", placeholder: "URL or path" });
  readonly #file = h("input", {
    type: "file",
    accept: "image/png,image/jpeg,image/webp",
    class: "hailuo-unseen",
  });
  readonly #clear = h("button", { type: "button" }, "Remove");
  readonly #said = h("div", { class: "hailuo-said" });
  readonly #trouble = h("div", { class: "hailuo-trouble", role: "alert" });
  #thumbnail: string | null = null;
  /** The running upload; null if there is none. A later picture replaces it. */
  #uploading: File | null = null;

  constructor(name: string, channel: Channel, signal: AbortSignal, changed: () => void) {
    this.name = name;
    this.#channel = channel;
    this.#signal = signal;
    this.#changed = changed;
    const title = SLOT_WORDS[name] ?? name;
    this.#image.alt = `The picture for: ${title}`;
    this.#url.setAttribute("aria-label", `${title}: URL or path`);
    this.#clear.setAttribute("aria-label", `Remove ${title.toLowerCase()}`);
    const choose = h("button", { type: "button" }, "Choose a file…");
    this.#file.setAttribute("aria-label", `${title}: a file`);
    this.#file.tabIndex = -1;
    this.element = h(
      "div",
      { class: "hailuo-slot", role: "group", "aria-label": title },
      h("div", { class: "hailuo-label" }, title),
      this.#image,
      h("div", { class: "hailuo-slot-tools" }, choose, this.#file, this.#url, this.#clear),
      this.#said,
      this.#trouble,
    );
    this.#image.hidden = this.#clear.hidden = this.#trouble.hidden = true;
    setText(this.#said, "Drop or paste a picture here.");
    choose.addEventListener("click", () => this.#file.click(), { signal });
    this.#file.addEventListener("change", () => void this.#take(this.#file.files?.[0]), { signal });
    const typed = () => {
      this.#uploading = null;
      this.#show(null); // the thumbnail is of the old picture
      this.complain("");
      this.#typed();
    };
    this.#url.addEventListener("input", typed, { signal });
    this.#clear.addEventListener("click", () => this.fill(""), { signal });
    const dragged = (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      this.element.classList.toggle("hailuo-over", event.type === "dragover");
      if (event.type === "drop") void this.#take(event.dataTransfer?.files[0]);
    };
    for (const kind of ["dragover", "dragleave", "drop"] as const)
      this.element.addEventListener(kind, dragged, { signal });
    this.element.addEventListener(
      "paste",
      (event) => {
        const file = event.clipboardData?.files[0];
        if (!file) return;
        event.preventDefault();
        void this.#take(file);
      },
      { signal },
    );
    signal.addEventListener("abort", () => this.#show(null), { once: true });
  }

  get value(): string {
    return this.#url.value.trim();
  }

  /** Whether an upload is running. */
  get busy(): boolean {
    return this.#uploading !== null;
  }

  /** Sets the picture by its path or URL. */
  fill(value: string): void {
    if (this.#url.value === value && !this.busy) return;
    this.#uploading = null;
    this.complain("");
    this.#url.value = value;
    this.#show(null);
    this.#typed();
  }

  complain(text: string): void {
    setOptional(this.#trouble, text);
  }

  #typed(): void {
    this.#clear.hidden = !this.value && !this.busy;
    const remote = /^https:\/\//.test(this.value);
    setText(
      this.#said,
      this.value
        ? remote
          ? "The provider fetches it; nothing is loaded here."
          : ""
        : "Drop or paste a picture here.",
    );
    this.#changed();
  }

  /** Shows a preview of an uploaded file; one of a URL is never loaded from its site. */
  #show(file: Blob | null): void {
    if (this.#thumbnail !== null) URL.revokeObjectURL(this.#thumbnail);
    this.#thumbnail = file ? URL.createObjectURL(file) : null;
    if (this.#thumbnail) this.#image.src = this.#thumbnail;
    else this.#image.removeAttribute("src");
    this.#image.hidden = !file;
  }

  async #take(file: File | undefined): Promise<void> {
    if (!file) return;
    this.complain("");
    this.#uploading = file;
    this.#url.value = ""; // even if the upload fails, the old picture is no longer chosen
    this.#show(null);
    this.#typed();
    try {
      const told = (percent: number) => setText(this.#said, `Sending ${file.name}: ${percent} %`);
      const wanted = () => !this.#signal.aborted && this.#uploading === file;
      const answer = await send(this.#channel, { slot: this.name, file, wanted, told });
      if (answer === null) return;
      this.#uploading = null;
      this.#url.value = answer.path ?? "";
      this.#show(file);
      this.#typed();
      setText(this.#said, `${file.name}: ${answer.width} × ${answer.height}`);
    } catch (error) {
      if (!this.#signal.aborted && this.#uploading === file) {
        this.#uploading = null;
        this.#typed();
        this.complain(message(error));
      }
    } finally {
      this.#file.value = "";
    }
  }
}
