import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Failure } from "../lib/messages";
import { Channel, KernelError, type MessageModel } from "../lib/requests";

type Listener = (content: unknown, buffers: DataView[]) => void;

class FakeModel implements MessageModel {
  sent: { id: string; type: string }[] = [];
  listeners = new Set<Listener>();
  dead = false;
  send(content: object): void {
    if (this.dead) throw new Error("no comm");
    this.sent.push(content as { id: string; type: string });
  }
  on(_event: "msg:custom", callback: Listener): void {
    this.listeners.add(callback);
  }
  off(_event: "msg:custom", callback: Listener): void {
    this.listeners.delete(callback);
  }
  say(content: object, ...texts: string[]): void {
    const buffers = texts.map((text) => new DataView(new TextEncoder().encode(text).buffer));
    for (const listener of [...this.listeners]) listener(content, buffers);
  }
  get last(): { id: string; type: string } {
    const last = this.sent.at(-1);
    assert.ok(last);
    return last;
  }
}

const failure = (part: Partial<Failure>): Failure => ({
  kind: "",
  reason: null,
  message: "",
  hint: "",
  problems: [],
  ...part,
});

function setUp(): { model: FakeModel; channel: Channel; ending: AbortController } {
  const model = new FakeModel();
  const ending = new AbortController();
  return { model, channel: new Channel(model, ending.signal), ending };
}

test("pieces are put together in their order, whatever order they come in", async () => {
  const { model, channel } = setUp();
  const answer = channel.request("video");
  const head = { id: model.last.id, ok: true, mime: "video/mp4", parts: 3, size: 6 };
  model.say({ ...head, part: 2 }, "EF");
  model.say({ ...head, part: 0 }, "AB");
  model.say({ ...head, part: 1 }, "CD");
  const { blob } = await answer;
  assert.equal(await blob.text(), "ABCDEF");
  assert.equal(blob.type, "video/mp4");
});

test("an answer shorter than announced is refused", async () => {
  const { model, channel } = setUp();
  const answer = channel.request("video");
  model.say({ id: model.last.id, ok: true, mime: "video/mp4", part: 0, parts: 1, size: 9 }, "AB");
  await assert.rejects(answer, /incomplete: 2 of 9 bytes/);
});

test("an answer of a type that a page could run is refused", async () => {
  const { model, channel } = setUp();
  const answer = channel.request("video");
  model.say({ id: model.last.id, ok: true, mime: "text/html", part: 0, parts: 1, size: 2 }, "AB");
  await assert.rejects(answer, /unexpected type "text\/html"/);
});

test("no two questions share an id, not even in two views of one model", async () => {
  const model = new FakeModel();
  const ending = new AbortController();
  const channels = [new Channel(model, ending.signal), new Channel(model, ending.signal)];
  const answers = channels.flatMap((channel) => [channel.request("video"), channel.request("video")]);
  assert.equal(new Set(model.sent.map(({ id }) => id)).size, 4);
  ending.abort();
  await Promise.allSettled(answers);
});

test("an answer to somebody else's question leaves ours open", async () => {
  const { model, channel } = setUp();
  const answer = channel.request("cancel");
  model.say({ id: "another", ok: false, error: failure({ message: "not ours" }) });
  model.say({ id: model.last.id, ok: true, data: 7 });
  assert.equal((await answer).data, 7);
});

test("Python's error reaches the caller: its words, its reason and its problems", async () => {
  const { model, channel } = setUp();
  for (const [told, text] of [
    [{ kind: "DownloadError", message: "expired", hint: "try again" }, "DownloadError: expired\n→ try again"],
    [{ kind: "KeyError" }, "KeyError"],
    [{ message: "not here" }, "not here"],
  ] as const) {
    const answer = channel.request("retry");
    const problem = {
      argument: "seed",
      code: "invalid",
      message: "no",
      hint: "",
      severity: "error",
      runs: 2,
    } as const;
    const problems = [problem];
    model.say({
      id: model.last.id,
      ok: false,
      error: failure({ ...told, reason: "plan_changed", problems }),
    });
    await assert.rejects(answer, (error: unknown) => {
      assert.ok(error instanceof KernelError);
      assert.equal(error.message, text);
      assert.equal(error.reason, "plan_changed");
      assert.deepEqual(error.problems, problems);
      return true;
    });
  }
});

test("a model without a kernel is said to be unconnected", async () => {
  const { model, channel } = setUp();
  model.dead = true;
  await assert.rejects(channel.request("video"), /not connected/);
});

test("time runs out from the last piece on, and slowness is told once", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { model, channel } = setUp();
  let slow = 0;
  const answer = channel.request("video", {
    timeoutMs: 1000,
    slowMs: 400,
    onSlow: () => {
      slow += 1;
    },
  });
  mock.timers.tick(900);
  assert.equal(slow, 1);
  model.say({ id: model.last.id, ok: true, mime: "video/mp4", part: 0, parts: 2, size: 4 }, "AB");
  mock.timers.tick(900); // 1.8 s after the question, 0.9 s after the piece
  model.say({ id: model.last.id, ok: true, mime: "video/mp4", part: 1, parts: 2, size: 4 }, "CD");
  assert.equal(await (await answer).blob.text(), "ABCD");
  const silent = channel.request("video", { timeoutMs: 1000 });
  mock.timers.tick(1000);
  await assert.rejects(silent, { name: "TimeoutError" });
  assert.equal(slow, 1);
});

test("giving up tells Python which question is meant, and a late answer is ignored", async () => {
  const { model, channel } = setUp();
  const asking = new AbortController();
  const answer = channel.request("video", { signal: asking.signal });
  const { id } = model.last;
  asking.abort();
  await assert.rejects(answer, { name: "AbortError" });
  assert.deepEqual(model.last, { id, type: "abort" });
  model.say({ id, ok: true, mime: "video/mp4", part: 0, parts: 1, size: 2 }, "AB");
});

test("the end of a view takes its listener away and ends its questions", async () => {
  const { model, channel, ending } = setUp();
  const answer = channel.request("video");
  ending.abort();
  await assert.rejects(answer, { name: "AbortError" });
  assert.equal(model.listeners.size, 0);
  await assert.rejects(channel.request("video"), { name: "AbortError" });
});
