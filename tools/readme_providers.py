"""Writer of the README's table of providers, from the same rows that the code uses.

``python tools/readme_providers.py`` writes the table; a test checks that it is up to date.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hailuo_widgets.api.session import Session

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- providers: made by tools/readme_providers.py -->\n", "<!-- end of providers -->"
HEAD = ("name", "provider", "models", "what it does", "seed", "prompt", "list price of 6 s at 768P", "key")
MODES = {
    "text_to_video": "text",
    "image_to_video": "first frame",
    "first_last_frame": "first and last frame",
    "subject_to_video": "subject",
    "reference_to_video": "references",
    "upscale": "upscale",
}


def table() -> str:
    """Return the table as Markdown."""
    from hailuo_widgets.dataframes.providers import models_frame, providers_frame

    session = Session(mode="simulated")
    models = models_frame(session.accounts)
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in providers_frame(session.accounts).to_dict("records"):
        facts = session.accounts.provider(row["provider"]).facts
        own = models[models["provider"] == row["provider"]]
        cells = (
            f"`{row['provider']}`",
            row["title"],
            ", ".join(dict.fromkeys(own["model"])),
            ", ".join([MODES[m] for m in dict.fromkeys(own["mode"])] + ["templates"] * ("template" in row["modes"])),
            row["seeds"],
            f"up to {row['prompt_max']} characters",
            price(facts, session.accounts.region(facts)),
            f"`{row['key']}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    session.close()
    return "\n".join(lines) + "\n"


def price(facts: Facts, region: str | None) -> str:
    """Return the range of known prices of 6 s at 768P by currency, or "unknown"."""
    found: dict[str, list[float]] = {}
    for offer in facts.offers:
        row = facts.price(offer.model, "768P", 6, mode=offer.mode, region=region)
        if row is not None and offer.resolution == "768P" and 6 in offer.durations:  # noqa: PLR2004 - seconds
            found.setdefault(row.currency, []).append(row.micros * (6 if row.per_second else 1) / 1_000_000)
    ranges = [
        f"{min(a):g}–{max(a):g} {currency}" if len(set(a)) > 1 else f"{a[0]:g} {currency}"
        for currency, a in sorted(found.items())
    ]
    return ", ".join(ranges) or "unknown"


def written(readme: str) -> str:
    """Return the README with the table in its place."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
