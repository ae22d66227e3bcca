/** Controls of the studio: fields with a label, chips for several values, text fields, switches, radio buttons. */

import { h, setOptional } from "../lib/dom";

/** A labelled group of controls with a note and its problems. */
export class Field {
  readonly element: HTMLElement;
  readonly #trouble = h("div", { class: "hailuo-trouble", role: "alert" });
  readonly #note = h("div", { class: "hailuo-said" });

  constructor(title: string, ...content: HTMLElement[]) {
    const label = h("div", { class: "hailuo-label" }, title);
    this.element = h("div", { class: "hailuo-field", role: "group", "aria-label": title }, label, ...content);
    this.element.append(this.#note, this.#trouble);
    this.#note.hidden = this.#trouble.hidden = true;
  }

  note(text: string): void {
    setOptional(this.#note, text);
  }

  complain(text: string, severity: "error" | "warning" = "error"): void {
    this.#trouble.dataset.severity = severity;
    setOptional(this.#trouble, text);
  }
}

/** Chips: none pressed means the default, one is a value, several are an axis. */
export class Chips {
  readonly element = h("div", { class: "hailuo-chips" });
  readonly #changed: () => void;
  readonly #signal: AbortSignal;
  #values: string[] = [];

  constructor(signal: AbortSignal, changed: () => void) {
    this.#signal = signal;
    this.#changed = changed;
  }

  get values(): string[] {
    return this.#values;
  }

  /** Offers these; chosen values that are not among them stay, and Python reports what is wrong with them. */
  offer(options: { value: string; text: string; title?: string }[], chosen: string[]): void {
    const known = new Set(options.map((o) => o.value));
    const others = chosen.filter((v) => !known.has(v)).map((v) => ({ value: v, text: v, title: undefined }));
    this.#values = chosen;
    const buttons = [...options, ...others].map(({ value, text, title }) => {
      const pressed = String(chosen.includes(value));
      const button = h("button", { type: "button", "aria-pressed": pressed, ...(title && { title }) }, text);
      button.addEventListener("click", () => this.#press(value, button), { signal: this.#signal });
      return button;
    });
    this.element.replaceChildren(...buttons);
  }

  #press(value: string, button: HTMLButtonElement): void {
    const on = !this.#values.includes(value);
    this.#values = on ? [...this.#values, value] : this.#values.filter((v) => v !== value);
    button.setAttribute("aria-pressed", String(on));
    this.#changed();
  }
}

export function textField(
  label: string,
  placeholder: string,
  signal: AbortSignal,
  changed: () => void,
): HTMLInputElement {
  const input = h("input", { type: "text", placeholder, "aria-label": label });
  input.addEventListener("input", changed, { signal });
  return input;
}

export function toggle(
  label: string,
  signal: AbortSignal,
  changed: () => void,
): [HTMLElement, HTMLInputElement] {
  const box = h("input", { type: "checkbox" });
  box.addEventListener("change", changed, { signal });
  return [h("label", { class: "hailuo-switch" }, box, ` ${label}`), box];
}

/** Fills an element with radio buttons: one stop of the Tab key, arrow keys move between them. */
export function radios(
  place: HTMLElement,
  options: { value: string; text: string; title?: string }[],
  chosen: string,
  choose: (value: string) => void,
): void {
  const focused = place.contains(document.activeElement);
  const buttons = options.map(({ value, text, title }, index) => {
    const on = value === chosen;
    const button = h(
      "button",
      { type: "button", role: "radio", "aria-checked": String(on), ...(title && { title }) },
      text,
    );
    button.tabIndex = on || (index === 0 && !options.some((o) => o.value === chosen)) ? 0 : -1;
    button.addEventListener("click", () => choose(value));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = step && options[(index + step + options.length) % options.length];
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      choose(next.value);
    });
    return button;
  });
  place.replaceChildren(...buttons);
  if (focused) buttons.find((b) => b.getAttribute("aria-checked") === "true")?.focus();
}
