/** Problems beside the controls that they belong to. */

import type { Problem } from "./model";
import type { Parts } from "./parts";

/** Options that share a place. */
const PLACES: Record<string, string> = {
  first_frame: "pictures",
  last_frame: "pictures",
  subject: "pictures",
  fit: "pictures",
  prompt_optimizer: "switches",
  watermark: "switches",
  reuse: "switches",
};

const told = (problems: Problem[] | undefined) =>
  (problems ?? []).map((p) => (p.hint ? `${p.text} → ${p.hint}` : p.text)).join("\n");

/** Tells each problem at its control, and takes back those that are mended; returns what has no control in sight. */
export function tell(parts: Parts, problems: Problem[]): string {
  const fields = Object.entries(parts.fields);
  const shown = new Map(fields.filter(([, field]) => !field.element.hidden));
  const found = new Map<string, Problem[]>();
  for (const problem of problems) {
    const place = PLACES[problem.argument] ?? problem.argument;
    const field = shown.get(place);
    const key = field ? place : "";
    found.set(key, [...(found.get(key) ?? []), problem]);
    if (field && problem.severity === "error" && parts.more.contains(field.element)) parts.more.open = true;
  }
  for (const [name, field] of fields) {
    const here = found.get(name);
    field.complain(told(here), here?.every((p) => p.severity === "warning") ? "warning" : "error");
  }
  return told(found.get(""));
}
