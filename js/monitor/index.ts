/** The board's module, of a sweep or of all runs in flight; its Python half is hailuo_widgets/widgets/monitor.py. */

import { mount } from "../lib/mount";
import { View } from "./view";

export default mount<{ kind: string; css: string }>(
  (root, model, signal) => new View(root, model, { kind: model.get("kind"), css: model.get("css") }, signal),
);
