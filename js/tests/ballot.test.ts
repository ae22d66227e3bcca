import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APART,
  type Ballot,
  BROWSER,
  cleanName,
  drawName,
  drawPlan,
  type Random,
  readState,
  Sitting,
} from "../ballot/sitting";

/** Random numbers that are the same in each run: mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return { below, hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join("") };
}

const ballot = (count: number, repeats = 0): Ballot => ({
  version: 1,
  ballot: "b".repeat(16),
  made: "2026-12-01T09:00:00.000Z",
  question: "Which?",
  consent: "Yes.",
  repeats,
  simulated: false,
  sound: false,
  folder: false,
  pairs: Array.from({ length: count }, (_, n): [string, string] => [`a${n}`, `b${n}`]),
});

test("every pair comes once, in any order and on any side", () => {
  const sides: number[] = [];
  const firsts = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const plan = drawPlan(ballot(10).pairs, 0, seeded(seed));
    const pairs = plan.map(({ left, right }) => [left, right].sort().join(" "));
    assert.equal(new Set(pairs).size, 10);
    sides.push(plan.filter(({ left }) => left.startsWith("a")).length);
    firsts.add(pairs[0] ?? "");
  }
  const share = sides.reduce((sum, count) => sum + count, 0) / 2000;
  assert.ok(share > 0.4 && share < 0.6, `${share} have the first clip on the left`);
  assert.equal(firsts.size, 10);
});

test("repeats are some votes later, swapped, and as many as wanted", () => {
  for (let seed = 0; seed < 100; seed++) {
    const plan = drawPlan(ballot(27).pairs, 0.1, seeded(seed));
    const again = plan.flatMap((shown, place) => (shown.repeats === null ? [] : [{ shown, place }]));
    assert.equal(again.length, 3);
    for (const { shown, place } of again) {
      const first = plan[shown.repeats ?? -1];
      assert.deepEqual([first?.left, first?.right], [shown.right, shown.left]);
      assert.ok(place - (shown.repeats ?? 0) > APART);
    }
  }
  assert.equal(drawPlan(ballot(4).pairs, 0.5, seeded(1)).length, 4);
  assert.equal(drawPlan(ballot(1).pairs, 0.1, seeded(1)).length, 1);
});

test("votes, undone ones among them, are in the file; what was repeated is named", () => {
  const now = () => new Date("2026-12-01T10:00:00.000Z");
  const sitting = Sitting.begin(ballot(8, 0.5), "amber otter", seeded(3), now);
  sitting.vote("0", "left", 1.23456);
  sitting.undo();
  assert.equal(sitting.shown?.token, "0");
  assert.throws(() => sitting.undo(), /no vote/);
  assert.throws(() => sitting.vote("1", "left", 1), /not the one/);
  for (let n = 0; sitting.shown; n++) sitting.vote(String(n), "tie", null);
  assert.equal(sitting.isSaved, false);
  const { name, text } = sitting.save();
  assert.match(name, /^votes-amber-otter-[0-9a-f]{8}\.json$/);
  assert.equal(sitting.isSaved, true);
  const { votes, ...head } = JSON.parse(text);
  assert.deepEqual(Object.keys(head), ["kind", "version", "ballot", "rater", "consent", "saved"]);
  assert.deepEqual(
    votes.slice(0, 2).map((vote: { undone: boolean; seconds: number | null }) => [vote.undone, vote.seconds]),
    [
      [true, 1.235],
      [false, null],
    ],
  );
  const again = votes.filter((vote: { repeat_of: string | null }) => vote.repeat_of !== null);
  assert.equal(again.length, sitting.state.plan.length - 8);
  assert.ok(again.length > 0);
  for (const vote of again) {
    const first = votes.find(({ id }: { id: string }) => id === vote.repeat_of);
    assert.deepEqual([first.left, first.right, first.undone], [vote.right, vote.left, false]);
  }
  sitting.undo();
  assert.equal(sitting.isSaved, false, "a vote was undone since");
});

test("what the browser kept goes on, and anything else begins anew", () => {
  const page = ballot(3);
  const sitting = Sitting.begin(page, "kim", seeded(1));
  sitting.vote("0", "left", 1);
  const kept = JSON.stringify(sitting.state);
  const state = readState(kept, page);
  assert.deepEqual(state, sitting.state);
  assert.ok(state && new Sitting(page, state).shown?.token === "1");
  for (const wrong of [null, "", "{", "3", "null", "{}", '{"version":1}', kept.replaceAll("a0", "zz")])
    assert.equal(readState(wrong, page), null, String(wrong));
});

test("a pseudonym has only what can be seen", () => {
  assert.equal(cleanName("  kim\u0000 \u202elee\n"), "kim lee");
  assert.equal(cleanName("\u200b \u2028"), "");
  assert.equal([...cleanName("🦊".repeat(60))].length, 40);
  assert.equal(cleanName(`${"x".repeat(39)}  y`), "x".repeat(39));
  assert.match(drawName(BROWSER), /^[a-z]+ [a-z]+ \d\d$/);
  assert.equal(cleanName(drawName(BROWSER)).length > 0, true);
});

test("random numbers are below their bound", () => {
  const found = new Set(Array.from({ length: 400 }, () => BROWSER.below(3)));
  assert.deepEqual([...found].sort(), [0, 1, 2]);
  assert.match(BROWSER.hex(16), /^[0-9a-f]{16}$/);
});
