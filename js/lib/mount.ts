/** A widget's module for anywidget: builds its view in an element of its own, and ends it with the output. */

import type { RenderProps } from "@anywidget/types";

type Model<T extends object> = RenderProps<T>["model"];

/** `build` fills `root` and stops all that it started when `signal` aborts. */
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
