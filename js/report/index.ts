/** Report: the comparison as a page without kernel and network. */

import { View } from "../compare/view";
import { Page } from "./page";

const place = document.getElementById("hailuo-live");
if (place) {
  const root = document.createElement("div");
  place.append(root);
  new View(root, new Page(document), "", new AbortController().signal);
  // The static grid, for pages without scripts.
  document.getElementById("hailuo-still")?.remove();
}
