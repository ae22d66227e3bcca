import assert from "node:assert/strict";
import { test } from "node:test";
import { Heard } from "../lib/volume";

const clip = () => ({ muted: true, volume: 1 });

test("one clip is heard at a time, and none at first", () => {
  const heard = new Heard();
  const [a, b] = [clip(), clip()];
  assert.deepEqual([a.muted, b.muted], [true, true]);
  heard.hear(a);
  heard.hear(b);
  assert.deepEqual([a.muted, b.muted], [true, false]);
  heard.hear(null);
  assert.deepEqual([a.muted, b.muted], [true, true]);
});

test("the volume is shared: it stays when another clip is heard, and never unmutes one", () => {
  const heard = new Heard();
  const [a, b] = [clip(), clip()];
  heard.level = 0.25;
  assert.equal(a.muted, true);
  heard.hear(a);
  heard.hear(b);
  assert.deepEqual([a.volume, b.volume], [0.25, 0.25]);
  heard.level = 7;
  assert.equal(b.volume, 1);
  heard.level = -1;
  assert.deepEqual([b.volume, b.muted, a.volume], [0, false, 0.25]);
});
