/** Elements of the player, built once; view.ts fills and shows them. */

import { h } from "../lib/dom";
import { STEPS } from "./card";

/** Builds the elements. None has an id, because a page may have several views of one run. */
export function build() {
  const word = h("span", { class: "hailuo-word", role: "status" });
  const badge = h(
    "span",
    { class: "hailuo-badge", title: "Made by the simulator; nothing was billed" },
    "SIMULATED",
  );
  const kind = h("span", { class: "hailuo-kind" });
  const head = h("div", { class: "hailuo-head" }, word, badge, kind);

  const marks = STEPS.map(([, label]) => h("li", {}, label));
  const steps = h("ol", { class: "hailuo-steps", "aria-label": "Steps" }, ...marks);
  const fill = h("div", { class: "hailuo-fill" });
  const bar = h(
    "div",
    {
      class: "hailuo-bar",
      role: "progressbar",
      "aria-label": "Expected progress",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    },
    fill,
  );
  const time = h("span", { class: "hailuo-time" });
  const cancel = h("button", { type: "button" }, "Cancel");
  const question = h("span");
  const stop = h("button", { type: "button", class: "hailuo-stop" });
  const keep = h("button", { type: "button" }, "Keep following");
  const ask = h("div", { class: "hailuo-ask", role: "group", "aria-label": "Confirm" }, question, stop, keep);
  const silence = h("div", { class: "hailuo-silence", role: "status" });
  const under = h("div", { class: "hailuo-under" }, time, cancel);
  const way = h("div", { class: "hailuo-way" }, steps, bar, under, ask, silence);

  const video = h("video", {
    controls: true,
    loop: true,
    playsinline: true,
    preload: "none",
    "aria-label": "Generated clip",
  });
  video.muted = true; // the attribute alone does not mute an element made by script
  const veil = h("div", { class: "hailuo-veil" });
  const media = h("div", { class: "hailuo-media" }, video, veil);

  const title = h("strong");
  const text = h("div");
  const note = h("div");
  const hint = h("div");
  const retry = h("button", { type: "button" }, "Retry download (free)");
  const trouble = h("div", { class: "hailuo-trouble" }, title, text, note, hint, retry);

  const prompt = h("div", { class: "hailuo-prompt", dir: "auto" });
  const more = h("button", { type: "button", class: "hailuo-more" }, "Show all of it");
  const parameters = h("dl", { class: "hailuo-parameters" });
  const cost = h("span", { class: "hailuo-cost" });
  const facts = h("span");
  const save = h("a", { class: "hailuo-save" }, "Save a copy");
  const foot = h("div", { class: "hailuo-foot" }, cost, facts);
  const ids = h("span", { class: "hailuo-ids" });
  const last = h("div", { class: "hailuo-foot" }, ids, save);
  const problem = h("div", { class: "hailuo-problem", role: "alert" });
  const again = h("button", { type: "button" }, "Load the clip again");

  const order = [head, way, media, again, trouble, prompt, more, parameters, foot, last, problem];
  for (const part of [badge, cancel, ask, silence, media, veil, again, trouble, more, save, problem])
    part.hidden = true;
  return {
    order,
    word,
    badge,
    kind,
    cost,
    way,
    marks,
    bar,
    fill,
    time,
    cancel,
    ask,
    question,
    stop,
    keep,
    silence,
    media,
    video,
    veil,
    again,
    trouble,
    title,
    text,
    note,
    hint,
    retry,
    prompt,
    more,
    parameters,
    facts,
    save,
    ids,
    problem,
  };
}

export type Parts = ReturnType<typeof build>;
