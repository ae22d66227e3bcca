import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, allowed, most, sizeOf } from "../studio/kinds";

test("what a model takes is told in words and as file types", () => {
  assert.equal(allowed({ images: 9, videos: 3, audios: 1 }), "Up to 9 pictures, 3 clips and 1 sound");
  assert.equal(allowed({ images: 1, videos: 0, audios: 0 }), "Up to 1 picture");
  assert.equal(accepted({ images: 0, videos: 1, audios: 0 }), "video/mp4,video/quicktime,video/webm");
  assert.deepEqual(most([null, { images: 9, videos: 0, audios: 1 }, { images: 1, videos: 3, audios: 0 }]), {
    images: 9,
    videos: 3,
    audios: 1,
  });
  assert.equal(most([null]), null);
});

test("a reference's facts are told, and those of a URL are not known", () => {
  const unknown = { name: "a", width: null, height: null, seconds: null, size: null };
  assert.equal(sizeOf({ ...unknown, kind: "audio", seconds: 2, size: "34 kB" }), "2.0 s · 34 kB");
  assert.equal(sizeOf({ ...unknown, kind: "image", width: 4, height: 3, size: "9 B" }), "4 × 3 · 9 B");
  assert.match(sizeOf({ ...unknown, kind: "video" }), /provider fetches it/);
});
