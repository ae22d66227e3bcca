/** DOM helpers. They set texts by textContent only, because prompts and errors may contain HTML. */

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

/** Sets the text if it changed, so that live regions do not repeat it and selections stay. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows the text, or hides the element if there is none. */
export function setOptional(element: HTMLElement, text: string | null | undefined): void {
  setText(element, text ?? "");
  element.hidden = !text;
}

/** The text of an exception. */
export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Keeps JupyterLab from handling keys that are pressed in a widget: it would take arrows and letters as commands for its
 * cells. It ignores keys of a focused element that has this data attribute.
 */
export function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  const mark = (event: FocusEvent) => {
    if (event.target instanceof HTMLElement) event.target.dataset.lmSuppressShortcuts = "true";
  };
  root.addEventListener("focusin", mark, { signal });
}
