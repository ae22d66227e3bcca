/** Elements of the studio, built once; view.ts fills them and listens to them. */

import { h } from "../lib/dom";
import { Chips, Field, textField, toggle } from "./controls";

/** The ways to fit a picture to the provider's ratio; none sends it unchanged. */
export const FITS = [
  { value: "crop", text: "Crop", title: "Cut off what is outside of the ratio" },
  { value: "pad", text: "Pad", title: "Add black around the picture" },
];

export function build(signal: AbortSignal, changed: () => void) {
  const provider = h("select", { "aria-label": "Provider" });
  const state = h("span", { class: "hailuo-badge" });
  const modes = h("div", { class: "hailuo-chips", role: "radiogroup", "aria-label": "Mode" });
  const models = new Chips(signal, changed);
  const prompt = h("textarea", {
    rows: "4",
    "aria-label": "Prompt",
    placeholder: "What is to be seen",
    dir: "auto",
  });
  prompt.addEventListener("input", changed, { signal });
  const counter = h("span", { class: "hailuo-said" });
  const variant = h("button", { type: "button", title: "A line --- begins another prompt" }, "Add a variant");
  const pad = h("details", { class: "hailuo-camera" }, h("summary", {}, "Camera moves"));
  const promptTools = h("div", { class: "hailuo-line" }, variant, counter);
  const gallery = h("div", { class: "hailuo-gallery", role: "radiogroup", "aria-label": "Templates" });
  const words = textField("The template's words", "The template's words", signal, changed);
  const slots = h("div", { class: "hailuo-slots" });
  const references = h("div");
  const fit = new Chips(signal, changed);
  fit.offer(FITS, []);
  const duration = new Chips(signal, changed);
  const resolution = new Chips(signal, changed);
  const ratio = new Chips(signal, changed);
  const seed = textField("Seed", "7, or 1..4, or 1,5,9", signal, changed);
  const dice = h("button", { type: "button", "aria-label": "A random seed", title: "A random seed" }, "⚄");
  const repeat = textField("Replicates of each run", "1", signal, changed);
  const [optimize, optimizeBox] = toggle("let the provider rewrite the prompt", signal, changed);
  const [watermark, watermarkBox] = toggle("watermark", signal, changed);
  const [fresh, freshBox] = toggle("pay again even if an equal clip is there", signal, changed);
  const budget = textField("Budget", "no bound", signal, changed);
  const tags = textField("Tags", "for example draft", signal, changed);

  const fields = {
    provider: new Field("Provider", h("div", { class: "hailuo-line" }, provider, state)),
    mode: new Field("Made from", modes),
    model: new Field("Model", models.element),
    prompt: new Field("Prompt", prompt, promptTools, pad),
    template: new Field("Template", gallery),
    text: new Field("Words", words),
    pictures: new Field("Pictures", slots),
    references: new Field("References", references),
    fit: new Field("Fit to the ratio", fit.element),
    duration: new Field("Seconds", duration.element),
    resolution: new Field("Resolution", resolution.element),
    aspect_ratio: new Field("Aspect ratio", ratio.element),
    seed: new Field("Seed", h("div", { class: "hailuo-line" }, seed, dice)),
    repeat: new Field("Replicates", repeat),
    switches: new Field("Switches", optimize, watermark, fresh),
    budget: new Field("Budget", budget),
    tags: new Field("Tags", tags),
  };
  const small = [fields.duration, fields.resolution, fields.aspect_ratio, fields.seed, fields.repeat];
  const more = h(
    "details",
    { class: "hailuo-more-options" },
    h("summary", {}, "More"),
    h("div", { class: "hailuo-row" }, fields.switches.element, fields.budget.element, fields.tags.element),
  );
  const rows = [
    h("div", { class: "hailuo-row" }, fields.provider.element, fields.mode.element, fields.model.element),
    fields.template.element,
    fields.prompt.element,
    fields.text.element,
    fields.pictures.element,
    fields.references.element,
    fields.fit.element,
    h("div", { class: "hailuo-row" }, ...small.map((f) => f.element)),
    more,
  ];

  const sentence = h("div", { class: "hailuo-sentence", role: "status" });
  const power = h("div", { class: "hailuo-sentence hailuo-power", role: "status" });
  const trouble = h("div", { class: "hailuo-trouble", role: "alert" });
  const generate = h("button", { type: "button", class: "hailuo-go" }, "Generate");
  generate.disabled = true; // until Python has checked the form
  const cell = h("pre", { tabindex: "0", "aria-label": "The %%hailuo cell" });
  const python = h("pre", { tabindex: "0", "aria-label": "The Python call" });
  const copyCell = h("button", { type: "button" }, "Copy the cell");
  const copyPython = h("button", { type: "button" }, "Copy the call");
  const insert = h("button", { type: "button" }, "Insert below");
  const paste = h("textarea", {
    rows: "2",
    placeholder: "Paste a %%hailuo cell, or a run's id",
    "aria-label": "Fill from",
  });
  const load = h("button", { type: "button" }, "Fill the form");
  const code = h(
    "details",
    { class: "hailuo-code" },
    h("summary", {}, "As a cell, as Python"),
    cell,
    h("div", { class: "hailuo-line" }, copyCell, insert),
    python,
    h("div", { class: "hailuo-line" }, copyPython),
    h("div", { class: "hailuo-line" }, paste, load),
  );
  const foot = h("div", { class: "hailuo-line hailuo-foot" }, generate, sentence, power);
  return {
    rows,
    fields,
    more,
    provider,
    state,
    modes,
    models,
    prompt,
    counter,
    variant,
    pad,
    gallery,
    words,
    slots,
    references,
    fit,
    duration,
    resolution,
    ratio,
    seed,
    dice,
    repeat,
    optimizeBox,
    watermarkBox,
    freshBox,
    budget,
    tags,
    sentence,
    power,
    trouble,
    generate,
    cell,
    python,
    copyCell,
    copyPython,
    insert,
    paste,
    load,
    code,
    foot,
  };
}

export type Parts = ReturnType<typeof build>;
