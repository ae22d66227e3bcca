import assert from "node:assert/strict";
import { test } from "node:test";
import { codecOf, unplayable, watch } from "../lib/codec";

const text = (s: string) => [...s].map((c) => c.charCodeAt(0));
const stsd = (entry: string) => [
  0,
  0,
  0,
  99,
  ...text("stsd"),
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  86,
  ...text(entry),
];
const file = (...parts: number[][]) => new Uint8Array(parts.flat());

test("the codec is the first sample entry that is no sound", () => {
  assert.equal(codecOf(file(text("....ftypisom"), stsd("hvc1"))), "hvc1");
  assert.equal(codecOf(file(stsd("mp4a"), text("sstststsd"), stsd("av01"))), "av01");
  assert.equal(codecOf(file(stsd("Opus"))), null);
  assert.equal(codecOf(file(text("stsd"))), null);
  assert.equal(codecOf(file([])), null);
  assert.equal(codecOf(file(stsd("\0\0\0\0"))), null);
});

test("the sentence names the codec as people know it, or as the file does", () => {
  assert.match(unplayable("hev1"), /^This browser can't play HEVC \(H\.265\) video\./);
  assert.match(unplayable("xyz9"), /can't play this clip's codec, xyz9\./);
  assert.match(unplayable(null), /can't play this clip\./);
});

class FakeVideo extends EventTarget {
  videoWidth = 0;
}

/** What is told of a video after these events. */
async function told(
  events: string[],
  width: number,
  blob = new Blob([file(stsd("hvc1"))]),
): Promise<string[]> {
  const video = new FakeVideo();
  video.videoWidth = width;
  const said: string[] = [];
  const on = { ready: () => void said.push("ready"), failed: (why: string) => void said.push(why) };
  watch(video as unknown as HTMLVideoElement, blob, on, new AbortController().signal);
  for (const event of events) video.dispatchEvent(new Event(event));
  await new Promise((resolve) => setTimeout(resolve));
  return said;
}

test("a clip without a picture is told of, whether or not the browser calls that an error", async () => {
  const hevc = [unplayable("hvc1")];
  assert.deepEqual(await told(["error"], 0), hevc);
  assert.deepEqual(await told(["loadeddata"], 0), hevc); // its sound alone
  assert.deepEqual(await told(["loadeddata", "error"], 0), hevc); // once
  assert.deepEqual(await told(["loadeddata"], 640), ["ready"]);
  assert.deepEqual(await told(["loadeddata", "error"], 640), ["ready", ...hevc]); // broken later
});

test("nothing is told of a video that was let go of", async () => {
  const video = new FakeVideo();
  const ending = new AbortController();
  const said: string[] = [];
  const on = { ready: () => void said.push("ready"), failed: (why: string) => void said.push(why) };
  watch(video as unknown as HTMLVideoElement, new Blob([]), on, ending.signal);
  ending.abort();
  video.dispatchEvent(new Event("error"));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(said, []);
});
