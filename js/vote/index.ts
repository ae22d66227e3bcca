/** A blind vote on pairs of clips. See hailuo_widgets/widgets/vote.py for what it asks. */

import type { RenderProps } from "@anywidget/types";
import { View } from "./view";

function render({ model, el }: RenderProps): () => void {
  const ending = new AbortController();
  const root = document.createElement("div");
  el.append(root);
  new View(root, model, ending.signal);
  return () => {
    ending.abort();
    root.remove();
  };
}

export default { render };
