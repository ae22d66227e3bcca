import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FPS, Sync } from "../lib/sync";

/** A clip of six seconds whose seeks arrive at once. */
class Clip extends EventTarget {
  duration = 6;
  playbackRate = 1;
  currentTime = 0;
  seeking = false;
  paused = true;
  ended = false;
  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }
  pause(): void {
    this.paused = true;
  }
}

/** A clock that stands until the test sets it, and a browser that draws no frame meanwhile. */
function still(t: TestContext): { at(seconds: number): void; sync: Sync; clip: Clip } {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  Object.assign(globalThis, { requestAnimationFrame: () => 1, cancelAnimationFrame: () => undefined });
  const sync = new Sync(new AbortController().signal, () => undefined);
  const clip = new Clip();
  sync.hold("a", clip as unknown as HTMLVideoElement);
  return {
    at: (seconds) => {
      now = 1000 + 1000 * seconds;
    },
    sync,
    clip,
  };
}

const frame = (sync: Sync) => Math.floor(sync.time * FPS + 1e-6);

for (const seconds of [1.5, 5.999, 6, 6.3, 60]) {
  test(`paused ${seconds} s after the start, without a frame in between, it stands on a frame of the clip`, (t) => {
    const { at, sync } = still(t);
    sync.play();
    at(seconds);
    sync.pause();
    const stood = frame(sync);
    assert.equal(stood, Math.min(Math.floor(seconds * FPS + 1e-6), 6 * FPS - 1));
    sync.step(-1);
    assert.equal(frame(sync), stood - 1);
    sync.step(1);
    assert.equal(frame(sync), stood);
  });
}

test("at the very end, a step back shows the frame before the last", (t) => {
  const { sync } = still(t);
  sync.seek(6);
  sync.step(-1);
  assert.equal(frame(sync), 6 * FPS - 2);
});
