/** A board of runs: a sweep's, or all that is in flight in a store. See hailuo_widgets/widgets/monitor.py. */

import type { RenderProps } from "@anywidget/types";
import { View } from "./view";

function render({ model, el }: RenderProps<{ kind: string; css: string }>): () => void {
  const ending = new AbortController();
  const root = document.createElement("div");
  el.append(root);
  new View(root, model, { kind: model.get("kind"), css: model.get("css") }, ending.signal);
  return () => {
    ending.abort();
    root.remove();
  };
}

export default { render };
