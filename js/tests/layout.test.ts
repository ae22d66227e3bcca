import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../lib/messages";
import { between, type Mode, placed, tiles } from "../monitor/layout";

const runs = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `r${n}` }) as Row);
const widths = [200, 330, 480, 560, 799, 1000, 1200];
const modes: Mode[] = ["rows", "grid"];

test("no two places overlap, none reaches beyond the board, and the height holds them all", () => {
  for (const width of widths)
    for (const mode of modes)
      for (const groups of [
        [["", runs(7)]],
        [
          ["a", runs(3)],
          ["b", runs(5)],
        ],
      ] as [string, Row[]][][]) {
        const { boxes, height } = placed(groups, mode, width);
        boxes.forEach((one, n) => {
          assert.ok(one.left >= 0 && one.left + one.width <= width, `${mode} ${width}`);
          assert.ok(one.top >= 0 && one.top + one.height <= height, `${mode} ${width}`);
          for (const other of boxes.slice(n + 1)) {
            const beside = one.left + one.width <= other.left || other.left + other.width <= one.left;
            assert.ok(beside || one.top + one.height <= other.top, `${mode} ${width}`);
          }
        });
      }
});

test("a narrow board has two tiles in a row", () => {
  assert.equal(tiles(480).columns, 2);
  assert.equal(tiles(330).columns, 2);
  assert.equal(tiles(1000).columns, 4);
});

test("a place depends on the number of runs alone, not on their states", () => {
  for (const mode of modes) {
    const some = runs(5);
    const ended = some.map(
      (row) => ({ ...row, status: "succeeded", clip: true, error: "x".repeat(900) }) as Row,
    );
    const places = (rows: Row[]) => placed([["", rows]], mode, 900).boxes.map(({ left, top }) => [left, top]);
    assert.deepEqual(places(ended), places(some));
  }
});

test("of 1000 runs only those near the visible part are in the page", () => {
  for (const mode of modes) {
    const { boxes, height } = placed([["", runs(1000)]], mode, 1000);
    for (const top of [0, height / 2, height - 640]) {
      const seen = between(boxes, top - 240, top + 640 + 240);
      assert.ok(seen.length > 8 && seen.length <= 40, `${mode}: ${seen.length}`);
    }
  }
});
