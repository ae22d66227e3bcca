/** The studio. See hailuo_widgets/widgets/studio.py for what it asks. */

import type { RenderProps } from "@anywidget/types";
import { View } from "./view";

function render({ model, el }: RenderProps<object>): () => void {
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
