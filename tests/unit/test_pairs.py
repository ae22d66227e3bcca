"""Tests of pairs: they differ in the compared column only, and a failed run is never a lost vote."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_what_was_chosen_and_what_was_drawn() -> None:
    """A pair knows its prompt and its seed apart, and how many pairs its two items have there.

    A seed is one draw for all prompts and resolutions; a draw without a seed is its own.
    """
    models = [
        {"prompt": p, "model": m, "seed": s, "resolution": r}
        for m in ("02", "2.3")
        for p in ("a fox", "a wolf")
        for s in (1, 2, 3)
        for r in ("768P", "1080P")
    ]
    places = [c.place for c in pair_up(runs(*models), between="model").candidates]
    assert {place.scene for place in places} == {"a fox", "a wolf"}
    assert {place.draw for place in places} == {"1", "2", "3"}
    assert {(place.of_scene, place.of_draw) for place in places} == {(6, 4)}
    replicates = runs(*({"variant": v, "seed": 1, "replicate": n} for v in "ab" for n in range(1, 6)))
    assert {(c.place.scene, c.place.draw, c.place.of_draw) for c in pair_up(replicates).candidates} == {("", "1", 5)}
    unseeded = runs(*({"variant": v, "replicate": n} for v in "ab" for n in range(1, 6)))
    own = [c.place for c in pair_up(unseeded).candidates]
    assert len({place.draw for place in own}) == len(own) == 5
    assert {place.of_draw for place in own} == {1}


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


def foxes(*variants: tuple[str, str, dict[str, list[str]]], seeds: tuple[int, ...] = (1, 2)) -> list[RunRecord]:
    """A sweep: each variant's label and prompt, with all values of its variables."""
    return runs(
        *(
            {
                "variant": label,
                "prompt": f"{prompt} {values}",
                "seed": s,
                "variables": dict(zip(own, values, strict=True)),
            }
            for label, prompt, own in variants
            for values in itertools.product(*own.values())
            for s in seeds
        )
    )


def test_a_variable_of_one_variant_need_not_agree() -> None:
    """Each of its values meets the other variant at the same seed, and the unit counts the seed once."""
    found = foxes(("1", "runs", {"choice_1": ["snow", "sand"]}), ("night", "sleeps", {}))
    assert ids(found, between="variant", within="seed") == [
        ("r0", "r4", "1"),
        ("r2", "r4", "1"),
        ("r1", "r5", "2"),
        ("r3", "r5", "2"),
    ]
    assert pair_up(found, between="variant").left_out == {}


def test_a_choice_of_each_variant_is_its_own() -> None:
    """Choices are numbered in each prompt: with other words they are others, with the same words they must agree."""
    day, dusk = {"choice_1": ["snow", "sand"]}, {"choice_1": ["red", "blue"]}
    assert len(ids(foxes(("a", "runs", day), ("b", "sleeps", dusk)), between="variant")) == 8
    found = foxes(("a", "runs", day), ("b", "sleeps", day), ("c", "sits", {}))
    units = {(c.first, c.second, c.unit) for c in pair_up(found, between="variant").candidates}
    assert units == {(*pair, seed) for pair in (("a", "b"), ("a", "c"), ("b", "c")) for seed in "12"}
    assert len(ids(found, between="variant")) == 4 + 4 + 4


def test_a_variable_with_other_values_on_each_side_confounds() -> None:
    """A named variable that both have must agree: else a preference might be for its value."""
    ours, theirs = {"style": ["ink", "chalk"]}, {"style": ["oil", "wax"]}
    found = foxes(("a", "runs", ours), ("b", "sleeps", theirs), ("c", "sits", theirs))
    assert {(c.first, c.second) for c in pair_up(found, between="variant").candidates} == {("b", "c")}


def test_a_run_without_the_compared_variable_is_left_out() -> None:
    """The other variant has no value of it that could be judged; it is counted."""
    pairs = pair_up(foxes(("1", "runs", {"choice_1": ["snow", "sand"]}), ("2", "sits", {})), between="var_choice_1")
    assert (pairs.items, pairs.left_out) == (("snow", "sand"), {"no var_choice_1": 2})


@pytest.mark.parametrize(
    ("cells", "axes", "hint"),
    [
        ([{"prompt": "a"}, {"prompt": "b", "status": "running"}], {}, "wait for the clips"),
        (
            [{"seed": n, "prompt": p} for n, p in enumerate("abab")] + [{"seed": 9, "prompt": "a", "model": "2.3"}],
            {"between": "prompt"},
            "give runs that differ in prompt and agree in the rest",
        ),
        (
            [
                *({"prompt": p, "variant": p, "replicate": n} for p in "ab" for n in (1, 2)),
                {"prompt": "c", "variant": "c", "model": "2.3"},
            ],
            {"between": "model"},
            "between='variant', within='replicate' makes 4 pairs",
        ),
    ],
)  # fmt: skip
def test_the_hint_names_what_works(cells: list[dict[str, Any]], axes: dict[str, str], hint: str) -> None:
    """Where nothing pairs, the next step is one that makes pairs, or none is promised."""
    found = runs(*cells)
    with pytest.raises(UsageError) as caught:
        pair_up(found, **axes)
    said = str(caught.value.hint)
    assert hint in said
    if named := dict(re.findall(r"(between|within)='(\w+)'", said)):
        assert pair_up(found, **named).candidates


def test_a_value_without_seeds_is_named() -> None:
    """A provider that takes no seeds has nothing to match: the error names it."""
    found = runs(
        *({"seed": s} for s in (1, 2)), *({"provider": "minimax", "model": "x", "replicate": n} for n in (1, 2))
    )
    with pytest.raises(UsageError, match="no run of 'minimax' has a seed"):
        pair_up(found, between="provider", within="seed")


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


# -- what cannot be matched --------------------------------------------------------------------------------------------


def test_a_provider_without_seeds_is_paired_unmatched_and_said_so() -> None:
    """KIE's seeds beside MiniMax's replicates, which match nothing: each is paired, and labelled; none is left out."""
    found = runs(
        *({"seed": s} for s in (7, 5)), *({"provider": "minimax", "model": "x", "replicate": n} for n in (1, 2))
    )
    pairs = pair_up(found, between="provider")
    assert (pairs.within, pairs.unmatched, pairs.left_out) == ("seed", 2, {})
    assert [(c.first_run, c.second_run, c.unit, c.within) for c in pairs.candidates] == [
        ("r1", "r2", "5", "unmatched"),
        ("r0", "r3", "7", "unmatched"),
    ]
    assert pairs.notes() == ()
    assert (
        pairs.unmatched_note
        == "2 of 2 pairs are unmatched: their runs have no seed in common, so they differ by chance too."
    )


def test_a_third_provider_shares_the_unit_of_the_clip_that_it_meets() -> None:
    """Pairs with one clip in common are in one unit: MiniMax's first replicate stands beside both clips of seed 5."""
    found = runs(
        *({"seed": s} for s in (5, 7)),
        *({"provider": "runware", "model": "y", "seed": s} for s in (5, 7)),
        *({"provider": "minimax", "model": "x", "replicate": n} for n in (1, 2)),
    )
    pairs = pair_up(found, between="provider")
    assert {(c.unit, c.within, frozenset(c.clips)) for c in pairs.candidates} == {
        (unit, within, frozenset(clips))
        for unit, kie, runware, minimax in (("5", "r0", "r2", "r4"), ("7", "r1", "r3", "r5"))
        for within, clips in (
            ("seed", (kie, runware)), ("unmatched", (kie, minimax)), ("unmatched", (runware, minimax)),
        )
    }  # fmt: skip


def test_a_provider_that_the_user_wants_matched_is_named_where_it_is_not() -> None:
    """With ``within="seed"`` a provider without seeds is in no pair; it is named, with the way to compare it."""
    found = runs(
        *({"seed": s, "provider": p} for p in ("kie", "runware") for s in (1, 2)),
        *({"provider": "minimax", "replicate": n} for n in (1, 2)),
    )
    pairs = pair_up(found, between="provider", within="seed")
    assert (len(pairs.candidates), pairs.unmatched, pairs.unmatched_note) == (2, 0, "")
    assert pairs.without_partner == ("minimax",)
    assert pairs.notes() == (
        "Runs left out: 2 with no partner.",
        "No run of 'minimax' agrees in seed with another one: without within=, such runs are paired unmatched.",
    )
    assert pair_up(found, between="provider").without_partner == ()


def test_a_random_seed_matches_nothing() -> None:
    """-1 is no seed: each draw is a unit of its own, beside the matched seeds, and alone."""
    mixed = runs(*({"prompt": p, "seed": s, "replicate": n} for p in "ab" for s in (3, -1) for n in (1, 2)))
    assert ids(mixed) == [
        ("r0", "r4", "3"), ("r1", "r5", "3"), ("r2", "r6", "draw 1"), ("r3", "r7", "draw 2"),
    ]  # fmt: skip
    assert [c.within for c in pair_up(mixed).candidates] == ["seed", "seed", "unmatched", "unmatched"]
    alone = runs(*({"prompt": p, "seed": -1, "replicate": n} for p in "ab" for n in (1, 2)))
    assert (pair_up(alone).within, ids(alone)) == ("replicate", [("r0", "r2", "1"), ("r1", "r3", "2")])
    with pytest.raises(UsageError, match="-1 asks for a random one, and matches nothing"):
        pair_up(alone, within="seed")
    assert ids(mixed, within="seed") == [("r0", "r4", "3"), ("r1", "r5", "3")]


def test_draws_of_several_sweeps_are_units_of_their_own() -> None:
    """Two sweeps without seeds both have a replicate 1: these are two draws."""
    found = runs(*({"prompt": p, "replicate": 1} for _ in "xy" for p in "ab"))
    assert ids(found) == [("r0", "r1", "1"), ("r2", "r3", "draw 2 · 1")]


def test_a_variant_that_failed_altogether_is_named_and_blocks_nothing() -> None:
    """Its runs have no clip: the others are judged as without it."""
    found = runs(
        *({"prompt": p, "seed": s, "status": "failed" if p == "c" else "succeeded"} for p in "acb" for s in (1, 2))
    )
    pairs = pair_up(found)
    assert ids(found) == [("r0", "r4", "1"), ("r1", "r5", "2")]
    assert (pairs.without_clips, pairs.left_out) == (("c",), {"no clip": 2})
    assert pairs.notes() == ("Runs left out: 2 with no clip.", "No run of 'c' has a clip: it is left out.")
    with pytest.raises(UsageError, match=r"\(2 with no clip, 2 with no partner\): no run of 'c' has a clip") as caught:
        pair_up(found[:4])
    assert caught.value.hint == "run 'c' again: there are pairs once it has clips"


def test_a_clip_is_not_compared_with_itself() -> None:
    """One clip that two runs show, one run, two runs of one request: each is refused with its reason."""
    twice = runs({"prompt": "a", "seed": 1}, {"prompt": "a", "seed": 1, "variant": "b", "reused_from": "r0"})
    with pytest.raises(UsageError, match="these 2 runs show one clip, which can't be compared with itself"):
        pair_up(twice)
    same = runs({"prompt": "a", "seed": 1}, {"prompt": "a", "seed": 1, "replicate": 2})
    for few in (same, same[:1]):
        with pytest.raises(UsageError, match="differ in nothing that could be judged"):
            pair_up(few)


CELLS = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["kie", "runware", "minimax"]),
        "prompt": st.sampled_from("abc"),
        "seed": st.sampled_from([None, -1, 1, 2]),
        "replicate": st.integers(1, 2),
        "status": st.sampled_from(["succeeded", "succeeded", "failed", "running"]),
    }
)


def expected_pairs(found: list[RunRecord], between: str, other: str) -> dict[tuple[str, ...], int]:
    """How many pairs there are of each two values that agree in the other column."""
    groups: dict[Any, list[RunRecord]] = {}
    for r in found:
        if r.status == "succeeded":
            groups.setdefault((getattr(r.request, between), getattr(r.request, other)), []).append(r)
    seeded = {getattr(r.request, between) for r in found if r.request.fixed_seed is not None}
    expected = {}
    for (one, same), (two, as_well) in itertools.combinations(groups, 2):
        if one == two or same != as_well:
            continue
        sides = groups[one, same], groups[two, same]
        seeds = [[r.request.fixed_seed for r in side] for side in sides]
        if seeded:
            free = [len([s for s in side if s is None or not {one, two} <= seeded]) for side in seeds]
            count = sum(min(side.count(s) for side in seeds) for s in (1, 2)) + min(free)
        else:  # replicates by their numbers
            count = sum(min(sum(r.request.replicate == n for r in side) for side in sides) for n in (1, 2))
        if count:
            expected[(*sorted((one, two)), same)] = count
    return expected


@given(st.lists(CELLS, min_size=1, max_size=14), st.sampled_from(["provider", "prompt"]), st.randoms())
def test_pairs_of_any_mixture(cells: list[dict[str, Any]], between: str, random: Any) -> None:
    """Whatever failed, has no seed or a random one: pairs are fair, labelled, and as many as there can be."""
    found = runs(*map(dict, cells))
    by_id = {r.run_id: r for r in found}
    other = "prompt" if between == "provider" else "provider"
    if len({(getattr(r.request, between), getattr(r.request, other)) for r in found}) == len(
        {getattr(r.request, between) for r in found}
    ):
        other = "model"  # which is the same everywhere: the other column follows from the compared one
    expected = expected_pairs(found, between, other)
    try:
        pairs = pair_up(found, between=between)
    except UsageError:
        assert not expected
        return
    seeds = any(r.request.fixed_seed is not None for r in found)
    made: dict[tuple[str, ...], int] = {}
    units: dict[Any, list[str]] = {}
    for c in pairs.candidates:
        a, b = by_id[c.first_run], by_id[c.second_run]
        assert {a.status, b.status} == {"succeeded"}
        assert (c.first, c.second) == (getattr(a.request, between), getattr(b.request, between))
        assert c.first != c.second
        assert getattr(a.request, other) == getattr(b.request, other)
        assert "-1" not in c.unit
        match = a.request.fixed_seed is not None and a.request.fixed_seed == b.request.fixed_seed
        assert match == (c.within == "seed")
        assert c.within in ({"seed", "unmatched"} if seeds else {"replicate"})
        key = (*sorted((c.first, c.second)), getattr(a.request, other))
        made[key] = made.get(key, 0) + 1
        if a.request.fixed_seed is None and b.request.fixed_seed is None:
            units.setdefault(key, []).append(c.unit)
    assert made == expected
    assert len({c.clips for c in pairs.candidates}) == len(pairs.candidates)
    assert all(len(set(own)) == len(own) for own in units.values())
    there = {getattr(r.request, between) for r in found if r.status == "succeeded"}
    assert set(pairs.without_clips) == {getattr(r.request, between) for r in found} - there
    shuffled = random.sample(found, len(found))
    again = {(c.clips, c.unit, c.within) for c in pair_up(shuffled, between=between).candidates}
    assert again == {(c.clips, c.unit, c.within) for c in pairs.candidates}
