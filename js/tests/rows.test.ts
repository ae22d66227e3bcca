import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../lib/messages";
import { columns, figures, labelOf, shape, sorted, usualGroup, wanted } from "../monitor/rows";

const row = (part: Partial<Row>): Row =>
  ({
    id: "r1",
    status: "running",
    word: "Running",
    live: true,
    provider: "kie",
    model: "02",
    prompt: "a fox",
    variant: null,
    values: {},
    since: 100,
    elapsed: null,
    cost: "$0.28",
    amount: 0.28,
    error: null,
    sweep: null,
    rating: null,
    tags: [],
    can: [],
    ...part,
  }) as Row;
const ids = (rows: Row[]) => rows.map((r) => r.id);

test("rows are sorted by stage, time and cost; what is not known stands last", () => {
  const rows = [
    row({ id: "a", status: "succeeded", elapsed: 50, amount: null }),
    row({ id: "b", status: "queued", since: 190, amount: 1 }),
    row({ id: "c", status: "planned", since: 0 }),
  ];
  assert.deepEqual(ids(sorted(rows, "start", 200)), ["a", "b", "c"]);
  assert.deepEqual(ids(sorted(rows, "stage", 200)), ["c", "b", "a"]);
  assert.deepEqual(ids(sorted(rows, "time", 200)), ["c", "a", "b"]);
  assert.deepEqual(ids(sorted(rows, "cost", 200)), ["c", "b", "a"]);
});

test("a filter wants all of its words somewhere in the row", () => {
  const fox = row({ values: { seed: "7" }, error: "Moderated: no" });
  assert.ok(wanted(fox, "all", "FOX kie"));
  assert.ok(wanted(fox, "all", "seed 7"));
  assert.ok(!wanted(fox, "all", "wolf"));
  assert.ok(wanted(fox, "trouble", ""));
  assert.ok(!wanted(fox, "done", ""));
  assert.ok(!wanted(row({ live: false, status: "failed" }), "live", ""));
});

test("the figures count what is known and say what is not", () => {
  const totals = {
    runs: 8,
    done: 3,
    statuses: { succeeded: 2, failed: 1, running: 5 },
    reused: 0,
    spent: ["$0.84"],
    reserved: ["$0.28"],
    unknown: 2,
    left: 60,
    left_low: 40,
    left_high: 90,
    simulated: false,
  };
  const left = { budgets: ["$4.16 left of the session's budget of $5.00"] };
  assert.deepEqual(figures(totals, left), [
    "2 of 8 clips",
    "5 in progress · 1 failed",
    "about 1 min 00 s left (40 s – 1 min 30 s)",
    "$0.84 ($0.28 reserved) + 2 runs at an unknown cost",
    ...left.budgets,
  ]);
  const rehearsed = { ...totals, simulated: true, reserved: [] };
  assert.equal(
    figures(rehearsed, { budgets: [] })[3],
    "$0.84 at list price + 2 runs at an unknown cost; simulated, so nothing is billed",
  );
  assert.equal(
    figures({ ...rehearsed, spent: [], unknown: 1 }, { budgets: [] })[3],
    "1 run at an unknown cost; simulated, so nothing is billed",
  );
  const ended = { ...totals, done: 8, spent: [], reserved: [], unknown: 0, reused: 1, left: 0 };
  assert.deepEqual(figures(ended, { budgets: [] }), ["2 of 8 clips (1 reused)", "1 failed"]);
  assert.deepEqual(figures({ ...totals, left_high: null }, { budgets: [] })[2], "about 1 min 00 s left");
  assert.deepEqual(figures({ ...totals, left: null }, { budgets: [] }).length, 3);
});

test("a run is called by its values, and the sweep by their numbers", () => {
  const runs = ["tracking", "static"].flatMap((variant) =>
    ["1", "2"].map((seed) => row({ id: variant + seed, values: { variant, seed } })),
  );
  const shown = columns(runs, "sweep");
  const [first] = runs;
  assert.equal(first && labelOf(first, shown), "tracking, seed 1");
  assert.equal(shape(runs, shown), "2 variants × 2 seeds");
  assert.equal(usualGroup(runs, shown), "variant");
  assert.equal(usualGroup(runs.slice(0, 2), shown), ""); // a group of one run is none
  assert.equal(usualGroup(runs, shown.slice(0, 1)), "");
  assert.equal(shape(runs.slice(0, 3), shown), "3 runs");
});
