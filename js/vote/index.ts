/** The blind vote's module; its Python half is hailuo_widgets/widgets/vote.py. */

import { mount } from "../lib/mount";
import { View } from "./view";

export default mount((root, model, signal) => new View(root, model, signal));
