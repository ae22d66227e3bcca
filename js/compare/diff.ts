/** Word diff of two texts. */

import { h } from "../lib/dom";

/** The places in `a` of the longest common subsequence of words, by dynamic programming. */
function common(a: string[], b: string[]): Set<number> {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i];
    for (let j = b.length - 1; row && j >= 0; j--)
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const kept = new Set<number>();
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept.add(i);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return kept;
}

/** `text` with marks on the words that are not in the common subsequence with `other`. */
export function marked(text: string, other: string): (Node | string)[] {
  const pieces = text.split(/(\s+)/);
  const words = pieces.filter((_, n) => n % 2 === 0);
  const kept = common(words, other.split(/\s+/));
  return pieces.map((piece, n) => (n % 2 === 1 || kept.has(n / 2) || !piece ? piece : h("mark", {}, piece)));
}
