/** Reading and writing of the controls as a form. Options of a pasted cell without a control are kept unchanged. */

import type { Form, ProviderOffer, TemplateOffer } from "../lib/messages";
import { listed, modeOf, SLOTS, typed } from "./catalog";
import { FITS, type Parts } from "./parts";
import type { Slot } from "./pictures";
import type { References } from "./references";

/** The options that have a control. */
const REQUEST = new Set(
  [
    "provider model duration resolution aspect_ratio seed first_frame last_frame subject fit template text",
    "prompt_optimizer watermark references",
  ]
    .join(" ")
    .split(" "),
);
const RUN = new Set(["repeat", "reuse", "budget", "tags"]);

export interface Held {
  mode: string;
  template: string;
  rest: Pick<Form, "request" | "run">;
}

/** The pictures of a mode, or of a template. */
export function slotsOf(mode: string, template: string, provider: ProviderOffer | undefined): string[] {
  if (mode !== "template") return SLOTS[mode] ?? [];
  const row = templateRow(provider, template);
  const may = row ? row.picture : template; // an undocumented template may take one
  return may ? ["first_frame"] : [];
}

/** A template's row in the provider's table, by its name or id. */
export function templateRow(provider: ProviderOffer | undefined, word: string): TemplateOffer | undefined {
  return provider?.templates.find((t) => t.name === word || t.id === word);
}

/** The form of the controls. */
export function read(
  parts: Parts,
  slots: Map<string, Slot>,
  references: References,
  held: Held,
  provider: ProviderOffer | undefined,
): Form {
  const template = held.mode === "template";
  const request: Form["request"] = { ...held.rest.request, provider: parts.provider.value };
  const put = (name: string, value: string) => {
    if (value) request[name] = value;
  };
  const wanted = slotsOf(held.mode, held.template, provider);
  for (const name of wanted) put(name, slots.get(name)?.value ?? "");
  const refers = held.mode === "reference_to_video";
  if (refers) request.references = references.values;
  if (wanted.length > 0 || refers) put("fit", typed(parts.fit.values));
  if (template) {
    put("template", held.template);
    if (!parts.fields.text.element.hidden) put("text", typed([parts.words.value].filter(Boolean)));
  } else {
    put("model", typed(parts.models.values));
    put("duration", typed(parts.duration.values));
    put("resolution", typed(parts.resolution.values));
    put("aspect_ratio", typed(parts.ratio.values));
    put("seed", parts.seed.value.trim());
  }
  if (parts.optimizeBox.checked) request.prompt_optimizer = true;
  if (parts.watermarkBox.checked) request.watermark = true;
  const run: Form["run"] = { ...held.rest.run };
  if (parts.repeat.value.trim()) run.repeat = parts.repeat.value.trim();
  if (parts.freshBox.checked) run.reuse = false;
  if (parts.budget.value.trim()) run.budget = parts.budget.value.trim();
  const tags = parts.tags.value.split(",").map((t) => t.trim());
  if (tags.some(Boolean)) run.tags = tags.filter(Boolean);
  return { request, run, body: template ? "" : parts.prompt.value, mode: held.mode };
}

/** Writes a form into the controls; returns what no control holds. */
export function write(
  parts: Parts,
  slots: Map<string, Slot>,
  references: References,
  form: Form,
  provider: ProviderOffer | undefined,
): Held {
  const text = (name: string) => String(form.request[name] ?? "");
  const shorts = new Map((provider?.models ?? []).map((m) => [m.name, m.short]));
  parts.prompt.value = form.body;
  parts.models.offer(
    [],
    listed(form.request.model).map((m) => shorts.get(m) ?? m),
  );
  parts.duration.offer([], listed(form.request.duration));
  parts.resolution.offer([], listed(form.request.resolution));
  parts.ratio.offer([], listed(form.request.aspect_ratio));
  parts.fit.offer(FITS, listed(form.request.fit));
  parts.seed.value = text("seed");
  parts.words.value = listed(form.request.text).join(",");
  for (const [name, slot] of slots) slot.fill(text(name));
  const given = form.request.references;
  references.fill(Array.isArray(given) ? given.map(String) : given ? [String(given)] : []);
  parts.optimizeBox.checked = form.request.prompt_optimizer === true;
  parts.watermarkBox.checked = form.request.watermark === true;
  parts.freshBox.checked = form.run.reuse === false;
  parts.repeat.value = String(form.run.repeat ?? "");
  parts.budget.value = String(form.run.budget ?? "");
  parts.tags.value = Array.isArray(form.run.tags) ? form.run.tags.join(", ") : "";
  const others = (from: Form["run"], own: Set<string>) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => !own.has(name)));
  return {
    mode: form.mode ?? modeOf(form),
    template: text("template"),
    rest: { request: others(form.request, REQUEST), run: others(form.run, RUN) },
  };
}
