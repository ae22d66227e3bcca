/** Display of problems at their controls. */

import type { ProblemMessage } from "../lib/messages";
import type { Parts } from "./parts";

/** The fields of arguments that share one. */
const PLACES: Record<string, string> = {
  first_frame: "pictures",
  last_frame: "pictures",
  subject: "pictures",
  prompt_optimizer: "switches",
  watermark: "switches",
  reuse: "switches",
};

/** Most problems that are shown at one control. */
const MOST = 5;

function text({ message, hint, runs }: ProblemMessage, checked: number): string {
  const where = checked > 1 ? ` (in ${runs} of ${checked} runs)` : "";
  return `${message}${hint && ` → ${hint}`}${where}`;
}

function told(problems: ProblemMessage[] = [], checked: number): string {
  const lines = problems.slice(0, MOST).map((problem) => text(problem, checked));
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/**
 * Shows each problem at its control and clears the others; returns the text of those that have no visible control.
 * `checked` is the number of runs that were checked.
 */
export function tell(parts: Parts, problems: ProblemMessage[], checked: number): string {
  const fields = Object.entries(parts.fields);
  const shown = new Map(fields.filter(([, field]) => !field.element.hidden));
  const found = new Map<string, ProblemMessage[]>();
  for (const problem of problems) {
    const name = problem.argument.replace(/\[\d+\]$/, ""); // one of several references
    const place = PLACES[name] ?? name;
    const field = shown.get(place);
    const key = field ? place : "";
    found.set(key, [...(found.get(key) ?? []), problem]);
    if (field && problem.severity === "error" && parts.more.contains(field.element)) parts.more.open = true;
  }
  for (const [name, field] of fields) {
    const here = found.get(name);
    field.complain(told(here, checked), here?.every((p) => p.severity === "warning") ? "warning" : "error");
  }
  return told(found.get(""), checked);
}
