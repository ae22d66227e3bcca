r"""Text as people's machines send it: lines that end in whatever way, gaps of any kind, and quoted words.

Word processors, browsers and Windows put carriage returns, line separators, no-break spaces and a byte order mark where
a line feed, a blank or nothing is meant.
"""

from __future__ import annotations

import re

__all__ = ["GAP", "plain_lines", "plural", "split_words"]

GAP = r"\s\u200b\u2060\ufeff"  # in a character class: what separates words, also where nothing of it is seen
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_GAPS = re.compile(f"[{GAP}]+")
_PIECE = re.compile(rf"""'([^']*)'|"((?:\\"|[^"])*)"|\\([{GAP}'"])|([^{GAP}'"\\]+|\\)""")


def plain_lines(text: str) -> str:
    """The text with a line feed at each line's end, and without a byte order mark before it."""
    return _LINE_END.sub("\n", text).lstrip("\ufeff")


def plural(count: int, word: str) -> str:
    """A number of things: ``1 run``, ``2 runs``."""
    return f"{count} {word}{'s' * (count != 1)}"


def split_words(line: str) -> list[str]:
    r"""A line's words, as a shell has them: in single or double quotes a blank separates nothing.

    A backslash is an ordinary character, as in ``C:\pics\fox.png``, but for one before a blank or a quote, which it
    makes ordinary.

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
