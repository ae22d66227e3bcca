/** The module of a widget as anywidget expects it: a view in its own element, ended when the output is removed. */

import type { RenderProps } from "@anywidget/types";

type Model<T extends object> = RenderProps<T>["model"];

/** `build` fills `root`, and stops all its work when `signal` aborts. */
export function mount<T extends object>(
  build: (root: HTMLElement, model: Model<T>, signal: AbortSignal) => void,
): { render(props: RenderProps<T>): () => void } {
  return {
    render({ model, el }) {
      const ending = new AbortController(); // our own: anywidget before 0.10 passes none
      const root = document.createElement("div");
      el.append(root);
      build(root, model, ending.signal);
      return () => {
        ending.abort();
        root.remove();
      };
    },
  };
}
