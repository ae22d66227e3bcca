/**
 * The player of one run. Python owns all state: it writes the trait `card`, the view only reads it and sends
 * questions ("video", "poster", "details", "cancel", "retry"; "abort" takes one back). See lib/requests.ts.
 */

import type { RenderProps } from "@anywidget/types";
import type { CardState } from "./card";
import { View } from "./view";

function render({ model, el }: RenderProps<{ card: CardState }>): () => void {
  const ending = new AbortController(); // our own: anywidget before 0.10 hands none
  const root = document.createElement("div");
  el.append(root);
  const view = new View(root, model, model.get("card"), ending.signal);
  const changed = () => view.update(model.get("card"), true);
  model.on("change:card", changed);
  return () => {
    model.off("change:card", changed);
    ending.abort();
    root.remove();
  };
}

export default { render };
