/** Places of a board's runs: in rows or as tiles, under the heads of their groups, all with fixed heights. */

import type { Row } from "../lib/messages";

export type Mode = "rows" | "grid";

/** A run or the head of a group, in its place. */
export interface Box {
  key: string;
  row: Row | null;
  /** The label and the number of runs of a head. */
  head: { label: string; runs: Row[] } | null;
  left: number;
  top: number;
  width: number;
  height: number;
}

export const HEAD_HEIGHT = 40;
export const NARROW = 560;
const ROW_HEIGHT = 68;
const CARD_HEIGHT = 116; // of a row on a narrow board
const TILE_WIDTH = 188;
const TILE_FOOT = 60;
const GAP = 12;
const LINE_GAP = 14;

/** The runs by a key, in the order in which the keys come. */
export function grouped(rows: readonly Row[], by: (row: Row) => string): [string, Row[]][] {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const label = by(row);
    const group = found.get(label);
    if (group) group.push(row);
    else found.set(label, [row]);
  }
  return [...found];
}

/** How many tiles are beside each other, and their width. */
export function tiles(width: number): { columns: number; width: number; edge: number } {
  const edge = width < NARROW ? 12 : 16;
  const inner = Math.max(1, width - 2 * edge);
  const least = width < NARROW ? 2 : 1;
  const columns = Math.max(least, Math.floor((inner + GAP) / (TILE_WIDTH + GAP)));
  return { columns, width: Math.floor((inner - (columns - 1) * GAP) / columns), edge };
}

/** All places, and the height of them all. Groups without a label have no head. */
export function placed(
  groups: readonly [string, Row[]][],
  mode: Mode,
  width: number,
): { boxes: Box[]; height: number } {
  const boxes: Box[] = [];
  let top = 0;
  const tile = tiles(width);
  const tileHeight = Math.round((tile.width * 9) / 16) + TILE_FOOT;
  for (const [label, runs] of groups) {
    if (label) {
      const head = { label, runs };
      boxes.push({ key: `head ${label}`, row: null, head, left: 0, top, width, height: HEAD_HEIGHT });
      top += HEAD_HEIGHT;
    } else if (mode === "grid") top += GAP;
    runs.forEach((row, n) => {
      const box = { key: row.id, row, head: null };
      if (mode === "rows") {
        const height = width < NARROW ? CARD_HEIGHT : ROW_HEIGHT;
        boxes.push({ ...box, left: 0, top, width, height });
        top += height;
        return;
      }
      const column = n % tile.columns;
      const left = tile.edge + column * (tile.width + GAP);
      boxes.push({ ...box, left, top, width: tile.width, height: tileHeight });
      if (column === tile.columns - 1 || n === runs.length - 1) top += tileHeight + LINE_GAP;
    });
  }
  return { boxes, height: top };
}

/** The places between two heights; `boxes` are in the order of their tops. */
export function between(boxes: readonly Box[], from: number, to: number): Box[] {
  return boxes.filter((box) => box.top + box.height >= from && box.top <= to);
}
