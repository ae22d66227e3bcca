r"""Text normalization and word splitting for cells.

Word processors, browsers and Windows insert carriage returns, line separators, no-break spaces and byte order marks in
place of a line feed, a space or nothing.
"""

from __future__ import annotations

import re

__all__ = ["GAP", "plain_lines", "plural", "split_words"]

GAP = r"\s\u200b\u2060\ufeff"  # for character classes: white space, invisible characters included
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_GAPS = re.compile(f"[{GAP}]+")
_PIECE = re.compile(rf"""'([^']*)'|"((?:\\"|[^"])*)"|\\([{GAP}'"])|([^{GAP}'"\\]+|\\)""")


def plain_lines(text: str) -> str:
    """Return the text with line feeds as line ends, and without a byte order mark."""
    return _LINE_END.sub("\n", text).lstrip("\ufeff")


def plural(count: int, word: str) -> str:
    """Return a count with its noun: ``1 run``, ``2 runs``."""
    return f"{count} {word}{'s' * (count != 1)}"


def split_words(line: str) -> list[str]:
    r"""Split a line into words as a shell does; spaces within single or double quotes don't separate.

    A backslash is an ordinary character, as in ``C:\pics\fox.png``, unless it stands before a space or a quote, which
    it escapes.

    Raises:
        ValueError: A quote is not closed.
    """
    words: list[str] = []
    end = 0
    while gap := _GAPS.match(line, end) or end < len(line):
        end = gap.end() if isinstance(gap, re.Match) else end
        word, pieces = "", 0
        while piece := _PIECE.match(line, end):
            single, double, escaped, plain = piece.groups()
            word += next(
                t for t in (single, double and double.replace('\\"', '"'), escaped, plain, "") if t is not None
            )
            end, pieces = piece.end(), pieces + 1
        if end < len(line) and not _GAPS.match(line, end):
            raise ValueError("No closing quotation")
        if pieces:
            words.append(word)
    return words
