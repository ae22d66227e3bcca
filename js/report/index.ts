/** A report: the comparison in a page of its own, without a kernel and without a network. */

import { View } from "../compare/view";
import { Page } from "./page";

const place = document.getElementById("hailuo-live");
if (place) {
  const root = document.createElement("div");
  place.append(root);
  new View(root, new Page(document), "", new AbortController().signal);
  // What stands for the live grid where scripts do not run.
  document.getElementById("hailuo-still")?.remove();
}
