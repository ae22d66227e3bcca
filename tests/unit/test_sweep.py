"""Tests of the expansion of sweeps: which runs, in which order, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.expansion import expand
from hailuo_widgets.domain.sweep import MOST_CELLS, Axes, Cell, Variant
from hailuo_widgets.errors import UsageError

NAMES = ("model", "seed", "duration", "resolution")


def axes(*prompts: str, **more: Any) -> Axes:
    """Axes over prompts."""
    return Axes(variants=tuple(Variant(prompt=p, label=p) for p in prompts or ("a fox",)), **more)


def flat(cells: tuple[Cell, ...]) -> list[tuple[Any, ...]]:
    """Prompt, values and replicate of each run."""
    return [(c.variant.prompt, *c.values.values(), c.replicate) for c in cells]


@st.composite
def any_axes(draw: st.DrawFn) -> Axes:
    """Small axes of any shape, without zip, exclude or sample."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    values = {name: draw(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True)) for name in names}
    prompts = draw(st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True))
    return axes(*prompts, values=values, repeat=draw(st.integers(1, 3)))


def test_the_order() -> None:
    """Prompts change slowest, then the axes as they are given, replicates fastest."""
    cells = expand(axes("a", "b", values={"seed": [2, 1], "model": ["x", "y"]}, repeat=2))
    told = [(p, s, m, n) for p in "ab" for s in (2, 1) for m in "xy" for n in (1, 2)]
    assert flat(cells) == told


@given(any_axes())
def test_the_product_is_the_arithmetic(given_axes: Axes) -> None:
    """As many runs as the lengths multiply to, all different, and in the order of the product."""
    cells = expand(given_axes)
    lists = [[v.prompt for v in given_axes.variants], *given_axes.values.values(), range(1, given_axes.repeat + 1)]
    assert flat(cells) == list(itertools.product(*lists))
    assert len(set(flat(cells))) == len(cells)


@given(any_axes(), st.integers(1, 40))
def test_a_sample_is_drawn_from_the_product(given_axes: Axes, count: int) -> None:
    """So many cells of the product with all their replicates, in its order, and the same ones each time."""
    whole = expand(given_axes)
    drawn = expand(Axes(**{**vars(given_axes), "sample": count}))
    assert len(drawn) == min(count * given_axes.repeat, len(whole))
    remaining = iter(flat(whole))
    assert all(cell in remaining for cell in flat(drawn))
    assert drawn == expand(Axes(**{**vars(given_axes), "sample": count}))


def test_a_sample_is_no_head() -> None:
    """The draw reaches over the whole product, not only its beginning."""
    drawn = expand(axes(values={"seed": range(100)}, sample=10))
    assert max(c.values["seed"] for c in drawn) > 50


def test_zipped_axes_go_value_by_value() -> None:
    """They are paired at the place of the first of them, and crossed with the others."""
    cells = expand(
        axes(values={"seed": [1, 2], "model": ["x", "y"], "duration": [6, 10]}, zipped=(("duration", "seed"),))
    )
    assert [(c.values["seed"], c.values["duration"], c.values["model"]) for c in cells] == [
        (1, 6, "x"),
        (1, 6, "y"),
        (2, 10, "x"),
        (2, 10, "y"),
    ]


def test_exclude_leaves_out_what_matches_all_of_a_rule() -> None:
    """A rule names axes, a variable, the label or the prompt; one value that differs keeps the cell."""
    variants = (Variant(prompt="a", label="one", variables={"style": "ink"}), Variant(prompt="b", label="two"))
    values: dict[str, list[Any]] = {"seed": [1, 2], "model": ["x", "y"]}

    def kept(*rules: dict[str, Any]) -> list[tuple[Any, ...]]:
        return flat(expand(Axes(variants=variants, values=values, exclude=rules)))

    assert len(kept()) == 8
    assert ("a", 1, "x", 1) not in kept({"seed": 1, "model": "x"})
    assert len(kept({"seed": 1, "model": "x"})) == 6
    assert len(kept({"seed": "1"})) == 4
    assert len(kept({"style": "ink"}, {"variant": "two", "seed": 2})) == 2
    assert kept({"prompt": "a"}, {"prompt": "b"}) == []


@pytest.mark.parametrize(
    ("given_axes", "says"),
    [
        (axes(values={"seed": []}), "seed is an empty list"),
        (axes(repeat=0), "repeat=0"),
        (axes(sample=0), "sample=0"),
        (axes(values={"seed": [1, 2], "model": ["x"]}, zipped=(("seed", "model"),)), "seed has 2, model has 1"),
        (axes(values={"seed": [1, 2]}, zipped=(("sede",),)), "did you mean 'seed'?"),
        (axes(values={"seed": [1], "model": ["x"]}, zipped=(("seed", "model"), ("model",))), "model is zipped twice"),
        (axes(values={"seed": range(101)}, repeat=100), f"10100 runs; at most {MOST_CELLS}"),
        (axes(values={"seed": range(10**6), "model": range(10**6)}), "at most"),
    ],
)
def test_what_is_refused(given_axes: Axes, says: str) -> None:
    """A sweep that cannot be meant says what is wrong with it, at once and before it is built."""
    with pytest.raises(UsageError) as caught:
        expand(given_axes)
    assert says in str(caught.value)
    assert caught.value.hint
