import assert from "node:assert/strict";
import { test } from "node:test";
import { outlook, progress, seconds, span } from "../lib/format";

test("durations read as people say them, and never below zero", () => {
  const said = [-3, 0, 7.6, 59.4, 59.6, 65, 3599.7, 3725].map(seconds);
  assert.deepEqual(said, [
    "0 s",
    "0 s",
    "8 s",
    "59 s",
    "1 min 00 s",
    "1 min 05 s",
    "1 h 00 min",
    "1 h 02 min",
  ]);
});

test("a span names its unit once where one unit serves", () => {
  assert.deepEqual([span(40, 55), span(50, 80), span(7.9, 8.1)], ["40–55 s", "50 s – 1 min 20 s", "8 s"]);
});

test("the bar moves forward for ever and never arrives", () => {
  let before = -1;
  for (const elapsed of [0, 10, 30, 50, 60, 90, 120, 150]) {
    const now = progress(elapsed, 60);
    assert.ok(now > before, `${elapsed} s: ${now} after ${before}`);
    before = now;
  }
  assert.equal(progress(30, 60), 0.5);
  assert.ok(progress(1e9, 60) <= 0.97);
  assert.ok(progress(5, 0) <= 0.97);
});

test("what is unknown is not promised, and what takes long is called so", () => {
  assert.equal(outlook(5, {}), "");
  assert.equal(outlook(5, { eta: 60 }), "usually about 1 min 00 s");
  assert.equal(outlook(5, { eta: 50, low: 40, high: 55 }), "usually 40–55 s");
  assert.equal(outlook(56, { eta: 50, low: 40, high: 55 }), "longer than usual (40–55 s)");
});
