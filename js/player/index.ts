/**
 * The player's module; its Python half is hailuo_widgets/widgets/player.py. Python owns all state: it writes the trait
 * `card`, the view reads it and sends questions.
 */

import type { CardState } from "../lib/messages";
import { mount } from "../lib/mount";
import { View } from "./view";

export default mount<{ card: CardState }>((root, model, signal) => {
  const view = new View(root, model, model.get("card"), signal);
  const changed = () => view.update(model.get("card"), true);
  model.on("change:card", changed);
  signal.addEventListener("abort", () => model.off("change:card", changed), { once: true });
});
