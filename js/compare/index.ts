/** The comparison's module; its Python half is hailuo_widgets/widgets/compare.py. */

import { mount } from "../lib/mount";
import { View } from "./view";

export default mount<{ css: string }>(
  (root, model, signal) => new View(root, model, model.get("css"), signal),
);
