import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../lib/messages";
import { sorted, summary, wanted } from "../monitor/rows";

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

test("the summary counts what it knows and says what it does not", () => {
  const totals = {
    runs: 8,
    done: 3,
    statuses: { succeeded: 2, failed: 1, running: 5 },
    reused: 0,
    spent: ["$0.84"],
    unknown: 2,
    left: 60,
    simulated: false,
  };
  assert.equal(
    summary(totals, "1 min 00 s"),
    "2 of 8 succeeded · 5 running, 1 failed · cost $0.84 + 2 at an unknown cost · about 1 min 00 s left",
  );
  assert.match(summary({ ...totals, reused: 1 }, ""), /^2 of 8 succeeded \(1 reused\) · /);
  assert.equal(
    summary({ ...totals, done: 8, spent: [], unknown: 0 }, "1 s"),
    "2 of 8 succeeded · 5 running, 1 failed",
  );
});
