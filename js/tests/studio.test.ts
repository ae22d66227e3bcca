import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderOffer } from "../lib/messages";
import { limitsOf, listed, modelsFor, modeOf, offersFor, typed, withMove } from "../studio/catalog";

test("a typed list reads back as its values", () => {
  for (const values of [["a"], ["a", "b"], ["a,b", "c"], ["1", "2"]])
    assert.deepEqual(listed(typed(values)), values);
  assert.deepEqual(listed(undefined), []);
  assert.equal(typed(["https://example.org/a,b"]), "https://example.org/a,b");
});

test("a camera move is put where the cursor stands, up to three in one bracket", () => {
  assert.deepEqual(withMove("A fox", 5, "Push in"), { text: "A fox [Push in]", at: 15 });
  assert.equal(withMove("A fox [Push in]", 15, "Tilt up").text, "A fox [Push in, Tilt up]");
  assert.equal(withMove("A fox [a, b, c]", 15, "d").text, "A fox [a, b, c] [d]");
  assert.equal(withMove("A fox [Push in]", 15, "Push in").text, "A fox [Push in] [Push in]");
  assert.equal(withMove("A fox [Push in] runs", 20, "Tilt up").text, "A fox [Push in] runs [Tilt up]");
  assert.equal(withMove("", 0, "Shake").text, "[Shake]");
});

test("the mode is told from what the form holds", () => {
  const form = (request: Record<string, string>) => ({ request, run: {}, body: "" });
  assert.equal(modeOf(form({})), "text_to_video");
  assert.equal(modeOf(form({ first_frame: "a.png" })), "image_to_video");
  assert.equal(modeOf(form({ first_frame: "a.png", last_frame: "b.png" })), "first_last_frame");
  assert.equal(modeOf(form({ subject: "a.png" })), "subject_to_video");
  assert.equal(modeOf({ ...form({}), request: { references: ["a.mp4"] } }), "reference_to_video");
  assert.equal(modeOf(form({ template: "Diving", first_frame: "a.png" })), "template");
});

test("only models that do the mode are offered, the default one first", () => {
  const model = (name: string) => ({
    name,
    title: name,
    short: name.slice(1),
    camera: true,
    seeds: null,
    note: "",
  });
  const offer = (name: string, mode: string) => ({
    model: name,
    mode,
    resolution: "768P",
    durations: [6],
    doubt: "",
  });
  const provider = {
    models: [model("m1"), model("m2"), model("m3")],
    default_model: "m2",
    offers: [offer("m1", "text_to_video"), offer("m2", "text_to_video"), offer("m3", "image_to_video")],
  } as unknown as ProviderOffer;
  assert.deepEqual(
    modelsFor(provider, "text_to_video").map((m) => m.name),
    ["m2", "m1"],
  );
  assert.deepEqual(
    offersFor(provider, "text_to_video", ["1"]).map((o) => o.model),
    ["m1"],
  );
});

test("what the chosen models take is offered, and the default one's if none is chosen", () => {
  const model = (name: string, more: object) => ({
    name,
    short: name.slice(1),
    seeds: null,
    prompt_max: 2000,
    aspect_ratios: {},
    optimizer: false,
    watermark: false,
    references: null,
    ...more,
  });
  const provider = {
    models: [
      model("m1", { optimizer: true }),
      model("m2", {
        seeds: { low: 0, high: 9 },
        prompt_max: 7000,
        aspect_ratios: { text_to_video: ["16:9", "9:16"] },
      }),
      model("m3", {
        aspect_ratios: { text_to_video: ["1:1", "16:9"] },
        watermark: true,
        references: { images: 9, videos: 3, audios: 1 },
      }),
    ],
    default_model: "m1",
    offers: ["m1", "m2", "m3"].map((name) => ({ model: name, mode: "text_to_video" })),
  } as unknown as ProviderOffer;
  const none = {
    seeds: null,
    ratios: [],
    promptMax: 2000,
    optimizer: true,
    watermark: false,
    references: null,
  };
  assert.deepEqual(limitsOf(provider, "text_to_video", []), none);
  assert.deepEqual(limitsOf(provider, "template", []), none);
  const both = limitsOf(provider, "text_to_video", ["2", "m3"]);
  assert.deepEqual(both.ratios, ["16:9", "9:16", "1:1"]);
  assert.deepEqual(both.seeds, { low: 0, high: 9 });
  assert.deepEqual(both.references, { images: 9, videos: 3, audios: 1 });
  assert.equal(both.promptMax, 2000);
  assert.equal(limitsOf(provider, "image_to_video", ["2"]).ratios.length, 0);
  assert.equal(limitsOf(provider, "text_to_video", ["2"]).promptMax, 7000);
});
