/** Small DOM helpers. Text reaches the page through textContent alone: prompts and errors may hold anything. */

type Attributes = Record<string, string | boolean>;

/** An element with attributes and children; a string child becomes a text node. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets the text only when it changed, so that live regions and selections are left alone. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows the text, or hides the element where there is none. */
export function setOptional(element: HTMLElement, text: string | null | undefined): void {
  setText(element, text ?? "");
  element.hidden = !text;
}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Keys pressed in a widget are the widget's: JupyterLab would take arrows and letters as orders for its cells. It looks
 * for this mark on the element that has the focus before it looks at those around it.
 */
export function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  const mark = (event: FocusEvent) => {
    if (event.target instanceof HTMLElement) event.target.dataset.lmSuppressShortcuts = "true";
  };
  root.addEventListener("focusin", mark, { signal });
}
