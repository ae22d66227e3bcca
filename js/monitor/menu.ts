/** Menu of actions beside a button; it is above everything else of the page. */

import { h } from "../lib/dom";

export interface Item {
  text: string;
  /** What stands at the end, such as a price; it may come later. */
  end?: Promise<{ text: string; refused?: string }>;
  act(): void;
}

export class Menu {
  readonly element = h("div", { class: "hw-menu", role: "menu", popover: "manual" });
  #from: HTMLElement | null = null;

  constructor(signal: AbortSignal) {
    this.element.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.element.addEventListener(
      "focusout",
      (event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node && this.element.contains(to))) this.#hide();
      },
      { signal },
    );
    document.addEventListener("scroll", () => this.#hide(), { signal, capture: true, passive: true });
  }

  open(label: string, items: readonly Item[], from: HTMLElement): void {
    this.#hide();
    this.#from = from;
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(...items.map((item) => this.#button(item)));
    from.setAttribute("aria-expanded", "true");
    this.element.showPopover();
    const place = from.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = place.bottom + height + 8 < window.innerHeight;
    this.element.style.left = `${Math.max(8, Math.min(place.right - width, window.innerWidth - width - 8))}px`;
    this.element.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - height - 4)}px`;
    this.#buttons()[0]?.focus({ preventScroll: true });
  }

  #button(item: Item): HTMLButtonElement {
    const end = h("span", { class: "hw-end" });
    const button = h("button", { type: "button", role: "menuitem", tabindex: "-1" }, item.text, end);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      const from = this.#from;
      this.#hide();
      from?.focus();
      item.act();
    });
    if (item.end) {
      end.textContent = "…";
      button.setAttribute("aria-disabled", "true");
      item.end.then(
        ({ text, refused }) => {
          end.textContent = text;
          if (refused) button.title = refused;
          else button.setAttribute("aria-disabled", "false");
        },
        () => {
          end.textContent = "not available";
        },
      );
    }
    return button;
  }

  #buttons(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("button")];
  }

  #hide(): void {
    if (this.element.matches(":popover-open")) this.element.hidePopover();
    this.#from?.setAttribute("aria-expanded", "false");
    this.#from = null;
  }

  #key(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.indexOf(event.target as HTMLElement);
    const to = {
      ArrowDown: (at + 1) % buttons.length,
      ArrowUp: (at - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      const from = this.#from;
      this.#hide();
      from?.focus();
    } else if (to !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      buttons[to]?.focus();
    }
  }
}
