"""Tests of pairs: they differ in the compared column only, and a failed run is never a lost vote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.pairs import pair_up

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def runs(*cells: dict[str, Any]) -> list[RunRecord]:
    """Runs of KIE's that succeeded, with these fields."""
    made = []
    for n, cell in enumerate(cells):
        own = {
            name: cell.pop(name) for name in ("variant", "variables", "status", "sha256", "reused_from") if name in cell
        }
        request = Request(**{"provider": "kie", "model": "02", "prompt": "a fox", **cell})
        made.append(
            RunRecord(
                **{"run_id": f"r{n}", "created_at": NOW, "request": request, "request_hash": "h", "status": "succeeded"}
                | own
            )
        )
    return made


def ids(records: list[RunRecord], **axes: Any) -> list[tuple[str, str, str]]:
    """The pairs' runs and units."""
    return [(c.first_run, c.second_run, c.unit) for c in pair_up(records, **axes).candidates]


def test_seeds_are_matched() -> None:
    """Two prompts at the same seed are a pair; at other seeds they are none."""
    found = runs(
        *({"prompt": p, "seed": s} for p in ("a fox", "a wolf") for s in (1, 2)), {"prompt": "a wolf", "seed": 9}
    )
    pairs = pair_up(found)
    assert (pairs.between, pairs.within, pairs.items) == ("prompt", "seed", ("a fox", "a wolf"))
    assert ids(found) == [("r0", "r2", "1"), ("r1", "r3", "2")]
    assert pairs.left_out == {"no partner": 1}


def test_what_else_varies_must_agree() -> None:
    """A model that varies beside the prompt is matched too; judged itself, the prompt is matched."""
    found = runs(*({"prompt": p, "model": m, "seed": 1} for p in ("a fox", "a wolf") for m in ("02", "2.3")))
    assert ids(found, between="prompt") == [("r0", "r2", "1 · 02"), ("r1", "r3", "1 · 2.3")]
    assert ids(found, between="model") == [("r0", "r1", "1 · a fox"), ("r2", "r3", "1 · a wolf")]


def test_a_prompts_own_words_are_judged_with_it() -> None:
    """A label is judged with its prompt, and a prompt with its variable; the other variable must agree."""
    found = runs(
        *(
            {"variant": v, "prompt": f"{v} at {t}", "seed": 1, "variables": {"at": t}}
            for v in ("b", "a")
            for t in ("dawn", "dusk")
        )
    )
    assert ids(found, between="variant") == [("r0", "r2", "1 · dawn"), ("r1", "r3", "1 · dusk")]
    assert ids(found, between="var_at") == [("r0", "r1", "1 · b"), ("r2", "r3", "1 · a")]
    numbered = runs(
        *(
            {"variant": n, "prompt": f"{p} at {t}", "seed": 1, "variables": {"at": t}}
            for n, p in (("1", "fox"), ("2", "wolf"))
            for t in ("dawn", "dusk")
        )
    )
    assert ids(numbered, between="var_at") == [("r0", "r1", "1 · 1"), ("r2", "r3", "1 · 2")]
    labelled = runs(*({"variant": p[0], "prompt": p, "seed": 1} for p in ("fox", "wolf")))
    assert ids(labelled, between="prompt") == [("r0", "r1", "1")]


def test_replicates_are_no_seeds() -> None:
    """Without seeds replicates are paired by their numbers; asked for seeds, it is said that none were sent."""
    found = runs(*({"prompt": p, "replicate": n} for p in ("a fox", "a wolf") for n in (1, 2)))
    assert ids(found) == [("r0", "r2", "1"), ("r1", "r3", "2")]
    with pytest.raises(UsageError, match="no seed was sent"):
        pair_up(found, within="seed")


def test_three_values_make_three_pairs_each() -> None:
    """Every two of the values meet in every unit where both have a clip."""
    found = runs(*({"prompt": p, "seed": s} for p in "abc" for s in (1, 2)))
    assert len(ids(found)) == 6
    assert len({unit for _, _, unit in ids(found)}) == 2


def test_a_failure_is_no_loss() -> None:
    """A run without a clip, and two runs that show one paid clip, make no pair; two paid clips with equal bytes do."""
    found = runs(
        {"prompt": "a", "seed": 1, "status": "failed"},
        {"prompt": "b", "seed": 1},
        {"prompt": "a", "seed": 2},
        {"prompt": "b", "seed": 2, "reused_from": "r2"},
        {"prompt": "a", "seed": 3, "sha256": "same"},
        {"prompt": "b", "seed": 3, "sha256": "same"},
    )
    assert ids(found) == [("r4", "r5", "3")]
    assert pair_up(found).left_out == {"no clip": 1, "no partner": 2}
    with pytest.raises(UsageError, match=r"no two of these 3 runs .*\(1 with no clip, 2 with no partner\)"):
        pair_up(found[:4])


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"between": "promt"}, "did you mean 'prompt'"),
        ({"between": "model"}, "all these runs have '02' there"),
        ({"within": "prompt", "between": "prompt"}, "is what is judged itself"),
        ({"within": "sed"}, "within='sed' is no column"),
    ],
)
def test_what_cannot_be_judged_is_said(axes: dict[str, str], said: str) -> None:
    """A name that is no column, a column in which nothing differs: each is named, with what is allowed."""
    with pytest.raises(UsageError, match=said):
        pair_up(runs({"prompt": "a", "seed": 1}, {"prompt": "b", "seed": 1}), **axes)
    with pytest.raises(UsageError, match="no runs to judge"):
        pair_up([])
