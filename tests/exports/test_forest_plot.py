"""Tests of a ranking's plot: each mark stands where its figure is, and any ranking can be drawn."""

from __future__ import annotations

import builtins
import io
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from analysis.panel import Panel, vote
from PIL import Image

from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.forest_plot import PLOT_KINDS, forest_plot
from hailuo_widgets.voting.ranking import Ranking, rank

if TYPE_CHECKING:
    from hailuo_widgets.domain.vote import Vote

PATH = "{http://www.w3.org/2000/svg}path"
USE = "{http://www.w3.org/2000/svg}use"
NAMES = ["$x$ & <b>", "狐 fox " * 30, "c\nd", "\\frac{1}{0}$"]


def panel(items: int, votes: int, units: int) -> Ranking:
    """A ranking of so many items, each less strong than the one before."""
    made = Panel(np.linspace(1, -1, items), np.random.default_rng(3))
    return rank(made.round_robin(votes, units))


def named(votes: list[Vote]) -> list[Vote]:
    """The same votes on items of other names."""
    names = {f"i{n}": name for n, name in enumerate(NAMES)}
    return [replace(v, left=names[v.left], right=names[v.right]) for v in votes]


def places(svg: bytes) -> dict[str, list[float]]:
    """The horizontal positions of each named mark."""
    found: dict[str, list[float]] = {}
    for group in ET.fromstring(svg).iter(  # noqa: S314 - ours
        "{http://www.w3.org/2000/svg}g"
    ):
        name = group.get("id", "")
        if name.startswith(("share-", "interval-")):
            path = next(group.iter(PATH)).get("d") or ""
            found[name] = [float(word) for word in path.replace("M", "").replace("L", "").split()[::2]]
        elif name.startswith("rate-"):
            found[name] = [float(next(group.iter(USE)).get("x") or "nan")]
    return found


@pytest.mark.parametrize(("items", "votes", "units"), [(2, 60, 30), (5, 200, 20), (20, 1900, 10)])
def test_each_mark_stands_at_its_figure(items: int, votes: int, units: int) -> None:
    """Between the marks of 0 and 100 %, to a hundredth of a percent."""
    ranking = panel(items, votes, units)
    found = places(forest_plot(ranking, ".svg"))
    (zero, _), (one, _) = found["share-0"], found["share-1"]
    for place, row in enumerate(ranking.df.to_dict("records")):
        shown = [(at - zero) / (one - zero) for at in (*found[f"interval-{place}"], *found[f"rate-{place}"])]
        assert shown == pytest.approx([row["win_low"], row["win_high"], row["win_rate"]], abs=1e-4)


def test_what_is_not_known_is_not_drawn() -> None:
    """Too few units have no interval; an item without votes has no mark and says so."""
    few = rank([vote(n, "a", "b", "left", unit=n) for n in range(3)], items=["a", "b", "c"])
    svg = forest_plot(few, ".svg")
    assert sorted(places(svg)) == ["rate-0", "rate-1", "share-0", "share-1"]
    assert b"no interval" in svg
    assert b"not judged" in svg
    nothing = forest_plot(rank([], items=["a", "b"]), ".svg")
    assert sorted(places(nothing)) == ["share-0", "share-1"]


@pytest.mark.filterwarnings("ignore:no font of matplotlib")
@pytest.mark.parametrize("kind", PLOT_KINDS)
def test_any_name_is_text_and_the_bytes_are_the_same(kind: str) -> None:
    """No formula, no markup; drawn twice, the file is the same, and so are the user's settings."""
    import matplotlib as mpl

    made = Panel(np.zeros(4), np.random.default_rng(3))
    ranking = rank(named(made.round_robin(60, 10)))
    before = dict(mpl.rcParams)
    drawn = forest_plot(ranking, kind)
    assert drawn == forest_plot(ranking, kind)
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    if kind == ".svg":
        text = "".join(ET.fromstring(drawn).itertext())  # noqa: S314
        assert "$x$ & <b>" in text
        assert "狐" in text
    elif kind == ".png":
        assert Image.open(io.BytesIO(drawn)).size[0] == 1400
    else:
        assert drawn.startswith(b"%PDF")


def test_a_character_without_a_font_is_told_once() -> None:
    """In words; an SVG leaves it to the reader's fonts, and says nothing."""
    ranking = rank([vote(n, "狐狸", "b", "left", unit=n) for n in range(3)])
    with pytest.warns(UserWarning, match="2 of the characters, which are boxes") as told:
        forest_plot(ranking, ".png")
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forest_plot(ranking, ".svg")


def test_without_matplotlib_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    really = builtins.__import__

    def missing(name: str, *more: Any, **others: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return really(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match=r"drawn by matplotlib") as refused:
        forest_plot(panel(2, 10, 5), ".png")
    assert "hailuo-widgets[plots]" in str(refused.value)
