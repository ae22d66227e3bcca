/** The form before the first pair: what will be asked, the pseudonym, and the consent. */

import { h, setOptional } from "../lib/dom";
import { REHEARSAL } from "../vote/view";
import { type Ballot, BROWSER, cleanName, drawName, LONGEST_NAME } from "./sitting";

const KEPT = "Your votes stay in this browser, and nothing is sent. At the end you save them as a file.";

/** Calls `begin` with the pseudonym once the rater has agreed. */
export function start(ballot: Ballot, begin: (name: string) => void): HTMLElement {
  const name = h("input", {
    type: "text",
    id: "hailuo-name",
    autocomplete: "off",
    maxlength: String(LONGEST_NAME),
  });
  const draw = h("button", { type: "button" }, "Draw one");
  const agree = h("input", { type: "checkbox", id: "hailuo-consent" });
  const problem = h("p", { class: "hailuo-problem", role: "alert" });
  const go = h("button", { type: "submit", class: "hailuo-primary" }, "Begin");
  const form = h(
    "form",
    { class: "hailuo-start", novalidate: true },
    h("h1", {}, "Blind vote"),
    h("p", { class: "hailuo-question" }, ballot.question),
    h("p", {}, `${ballot.pairs.length} ${ballot.pairs.length === 1 ? "pair" : "pairs"} of clips. ${KEPT}`),
    ...(ballot.simulated ? [h("p", { class: "hailuo-said" }, REHEARSAL)] : []),
    h("label", { for: "hailuo-name" }, "Pseudonym"),
    h("div", { class: "hailuo-name" }, name, draw),
    h("p", { class: "hailuo-said" }, "Not your own name, and no name of an account. It stands in the file."),
    h("label", { class: "hailuo-consent" }, agree, h("span", {}, ballot.consent)),
    go,
    problem,
  );
  problem.hidden = true;
  draw.addEventListener("click", () => {
    name.value = drawName(BROWSER);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = cleanName(name.value);
    const behind = Date.now() < Date.parse(ballot.made);
    setOptional(problem, missing(chosen, agree.checked, behind));
    if (!chosen) name.focus();
    else if (!agree.checked) agree.focus();
    else if (!behind) begin(chosen);
  });
  return form;
}

function missing(name: string, agreed: boolean, behind: boolean): string {
  if (!name) return "Type a pseudonym, or draw one.";
  if (!agreed) return "Please agree before you begin.";
  return behind ? "The clock of this device is behind: set it, then begin." : "";
}
