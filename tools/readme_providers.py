"""The README's table of gateways, made from the same rows that the code goes by.

``python tools/readme_providers.py`` writes it; the test of it compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hailuo_widgets.api.session import Session

if TYPE_CHECKING:
    import pandas as pd

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- gateways: made by tools/readme_providers.py -->\n", "<!-- end of gateways -->"
HEAD = ("provider", "gateway", "models", "what it does", "seed", "prompt", "list price of 6 s at 768P", "key")
MODES = {
    "text_to_video": "text",
    "image_to_video": "first frame",
    "first_last_frame": "first and last frame",
    "subject_to_video": "subject",
}


def table() -> str:
    """The table as Markdown."""
    from hailuo_widgets.dataframes.providers import models_frame, providers_frame

    session = Session(mode="simulated")
    models = models_frame(session.accounts)
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in providers_frame(session.accounts).to_dict("records"):
        own = models[models["provider"] == row["provider"]]
        cells = (
            f"`{row['provider']}`",
            row["title"],
            ", ".join(dict.fromkeys(own["model"])),
            ", ".join([MODES[m] for m in dict.fromkeys(own["mode"])] + ["templates"] * ("template" in row["modes"])),
            row["seeds"],
            f"{row['prompt_max']} characters",
            price(own),
            f"`{row['key']}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    session.close()
    return "\n".join(lines) + "\n"


def price(own: pd.DataFrame) -> str:
    """The range of prices that sources name, by currency; what no source names is said to be unknown."""
    fitting = own[(own["resolution"] == "768P") & own["durations"].str.startswith("6").fillna(value=False)]
    told = []
    for currency, group in fitting.dropna(subset=["price"]).groupby("currency"):
        low, high = group["price"].min(), group["price"].max()
        told.append(f"{low:g}–{high:g} {currency}" if low < high else f"{low:g} {currency}")
    return ", ".join(told) or "unknown"


def written(readme: str) -> str:
    """The README with the table in its place."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
