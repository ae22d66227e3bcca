import assert from "node:assert/strict";
import { test } from "node:test";
import { axisName } from "../compare/names";
import { differing, type Values } from "../compare/pair";

const RUN: Values = [
  ["provider", "kie"],
  ["seed", "1"],
  ["task", "t-1"],
  ["took", "80 s"],
];

test("only what was asked for is a difference, not the run's own file, time or task", () => {
  const other: Values = [
    ["provider", "kie"],
    ["seed", "2"],
    ["task", "t-2"],
    ["took", "95 s"],
  ];
  assert.deepEqual(differing(RUN, other), [["seed", "1", "2"]]);
  assert.deepEqual(differing(RUN, RUN), []);
});

test("a value that one of the two does not have is a difference on either side", () => {
  const more: Values = [...RUN, ["aspect ratio", "16:9"]];
  assert.deepEqual(differing(RUN, more), [["aspect ratio", "", "16:9"]]);
  assert.deepEqual(differing(more, RUN), [["aspect ratio", "16:9", ""]]);
});

test("an axis is called as the user called it", () => {
  assert.equal(axisName("var_time_of_day"), "time of day");
  assert.equal(axisName("seed"), "seed");
});
