import assert from "node:assert/strict";
import { test } from "node:test";
import type { CardState } from "../lib/messages";
import { Clock, restored, step } from "../player/card";

const card = (part: Partial<CardState>): CardState =>
  ({ run: "r1", status: "running", since: 1000, now: 1010, elapsed: null, cut: false, ...part }) as CardState;

test("a fresh card sets the time by the kernel's clock, however wrong the browser's is", () => {
  const clock = new Clock();
  clock.hear(card({ now: 1010 }), true, 500_000_000);
  assert.equal(clock.elapsed(card({}), 500_003_000), 13);
});

test("a card found on loading the page does not turn the time back by its age", () => {
  const clock = new Clock();
  clock.hear(card({ now: 1010 }), false, 1_018_000);
  assert.equal(clock.elapsed(card({}), 1_018_000), 18);
});

test("a clock an hour off is noticed even on loading the page", () => {
  const clock = new Clock();
  clock.hear(card({ now: 1010 }), false, 4_610_000);
  assert.equal(clock.elapsed(card({}), 4_610_000), 10);
});

test("the time of an ended run is Python's", () => {
  assert.equal(new Clock().elapsed(card({ elapsed: 48 }), 9e12), 48);
});

test("texts asked for stay whole until the status changes", () => {
  const whole = card({ prompt: "all of it" });
  assert.equal(restored(card({ prompt: "all…", cut: true }), whole).prompt, "all of it");
  assert.equal(restored(card({ prompt: "all…", cut: true, status: "failed" }), whole).prompt, "all…");
});

test("only the steps after sending are steps", () => {
  assert.deepEqual(["submitting", "queued", "running", "downloading"].map(step), [-1, 0, 1, 2]);
});
