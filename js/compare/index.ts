/** The comparison of runs. See hailuo_widgets/widgets/compare.py for what it asks. */

import type { RenderProps } from "@anywidget/types";
import { View } from "./view";

function render({ model, el }: RenderProps<{ css: string }>): () => void {
  const ending = new AbortController();
  const root = document.createElement("div");
  el.append(root);
  new View(root, model, model.get("css"), ending.signal);
  return () => {
    ending.abort();
    root.remove();
  };
}

export default { render };
