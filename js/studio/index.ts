/** The studio's module; its Python half is hailuo_widgets/widgets/studio.py. */

import { mount } from "../lib/mount";
import { View } from "./view";

export default mount((root, model, signal) => new View(root, model, signal));
