"""The table of settings in docs/settings.md, made from the rows of the settings table.

``python tools/settings_page.py`` writes it; the test of it compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hailuo_widgets.settings.settings import SETTINGS

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
BEGIN, END = "<!-- settings: made by tools/settings_page.py -->\n", "<!-- end of settings -->"
HEAD = ("setting", "environment", "default", "meaning")


def table() -> str:
    """The table as Markdown."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in SETTINGS.values():
        cells = (f"`{row.name}`", f"`{row.env}`", default(row.default), row.doc)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def default(value: Any) -> str:
    """A default as the environment would hold it; a dash if the meaning describes it."""
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"`{','.join(f'{name}={amount:g}' for name, amount in value.items())}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def written(page: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
