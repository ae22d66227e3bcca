import assert from "node:assert/strict";
import { test } from "node:test";
import { SeekableVideo } from "../lib/seek";

/** A video whose seeks and starts end when the test says so; it notes what was asked of it while a seek was on its way. */
class FakeVideo extends EventTarget {
  asked: string[] = [];
  interrupted = 0;
  seeking = false;
  paused = true;
  ended = false;
  #time = 0;
  #start: { resolve(): void; reject(error: unknown): void } | null = null;

  get currentTime(): number {
    return this.#time;
  }
  set currentTime(seconds: number) {
    this.#ask(`seek ${seconds}`);
    this.#time = seconds;
    this.seeking = true;
  }
  play(): Promise<void> {
    this.#ask("play");
    this.paused = false;
    return new Promise((resolve, reject) => {
      this.#start = { resolve, reject };
    });
  }
  pause(): void {
    this.#ask("pause");
    this.paused = true;
  }
  arrive(): void {
    this.seeking = false;
    this.dispatchEvent(new Event("seeked"));
  }
  async begin(error?: unknown): Promise<void> {
    const start = this.#start;
    assert.ok(start);
    this.#start = null;
    if (error === undefined) start.resolve();
    else {
      this.paused = true;
      start.reject(error);
    }
    await new Promise(setImmediate);
  }
  #ask(what: string): void {
    this.asked.push(what);
    if (this.seeking || this.#start) this.interrupted += 1;
  }
}

function setUp(): { video: FakeVideo; held: SeekableVideo; refused: () => number } {
  const video = new FakeVideo();
  let count = 0;
  const held = new SeekableVideo(video as unknown as HTMLVideoElement, 0, () => {
    count += 1;
  });
  return { video, held, refused: () => count };
}

test("one seek is on its way, and the newest place is sought after it", () => {
  const { video, held } = setUp();
  for (const place of [0.1, 0.2, 0.3]) held.seek(place);
  assert.deepEqual(video.asked, ["seek 0.1"]);
  assert.equal(held.moving, true);
  video.arrive();
  video.arrive();
  assert.deepEqual(video.asked, ["seek 0.1", "seek 0.3"]);
  assert.equal(held.moving, false);
});

test("play, pause, Home and a step in one breath interrupt nothing and end where the last one says", async () => {
  const { video, held } = setUp();
  held.seek(0.02);
  held.play();
  held.pause();
  held.seek(0);
  held.play();
  video.arrive();
  video.arrive();
  held.pause();
  held.seek(0.06);
  await video.begin();
  video.arrive();
  assert.deepEqual(video.asked, ["seek 0.02", "seek 0", "play", "pause", "seek 0.06"]);
  assert.equal(video.interrupted, 0);
  assert.deepEqual([video.paused, held.moving], [true, false]);
});

test("only a browser that will not play refuses: a start that was given up does not", async () => {
  const { video, held, refused } = setUp();
  held.play();
  await video.begin(new DOMException("interrupted", "AbortError"));
  assert.equal(refused(), 0);
  assert.deepEqual(video.asked, ["play"]);
  held.play();
  await video.begin(new DOMException("no gesture", "NotAllowedError"));
  assert.equal(refused(), 1);
});

test("a video let go of is asked for nothing more", async () => {
  const { video, held, refused } = setUp();
  held.seek(0.5);
  held.seek(0.7);
  held.release();
  video.arrive();
  held.play();
  assert.deepEqual(video.asked, ["seek 0.5", "pause"]);
  assert.equal(refused(), 0);
});
