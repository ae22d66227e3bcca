/** Ballot: a blind vote as a page without kernel and network; hailuo_widgets/exports/ballot_page.py writes it. */

import { Page } from "./page";
import type { Ballot } from "./sitting";

const data = document.getElementById("hailuo-ballot")?.textContent;
const root = document.getElementById("hailuo-live");
if (data && root) new Page(root, JSON.parse(data) as Ballot);
