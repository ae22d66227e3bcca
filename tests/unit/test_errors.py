"""Tests of the error tree: it is as documented, and every error has a hint."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from hailuo_widgets import errors
from hailuo_widgets.errors import HailuoError, Moderated, UsageError, nearest

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, HailuoError)]


def test_the_drawn_tree_is_the_tree() -> None:
    """Each class stands in the docstring's drawing under its base class, and nothing else does."""
    drawing = errors.__doc__ or ""
    rows = re.findall(r"^ {4}(│?[ │]*[├└]── )(\w+)", drawing, re.MULTILINE)
    bases = ["HailuoError"]
    drawn = {"HailuoError": Exception.__name__}
    for lead, name in rows:
        depth = len(lead) // 4
        drawn[name] = bases[depth - 1]
        bases[depth:] = [name]
    real = {c.__name__: next(b.__name__ for b in c.__mro__[1:] if issubclass(b, Exception)) for c in CLASSES}
    assert drawn == real


def test_all_public_names_are_listed() -> None:
    """``__all__`` holds every class of the tree."""
    assert {c.__name__ for c in CLASSES} <= set(errors.__all__)


def test_an_error_says_everything_it_knows() -> None:
    """Provider, code, the provider's words, the trace id, the run and the next step are in the text."""
    error = Moderated(
        "refused", provider="minimax", code="1026", provider_message="no", trace_id="t1", run_id="r1", hint="reword it"
    )
    assert str(error) == "minimax: refused (code 1026, 'no', trace id t1, run r1)\n→ reword it"


@pytest.mark.parametrize("again", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])  # noqa: S301 - our own bytes
def test_an_error_survives_copying(again: object) -> None:
    """A copied or pickled error keeps all its fields."""
    error = UsageError("wrong", code="7", hint="right")
    twin = again(error)  # type: ignore[operator]  # both parameters are callables
    assert (str(twin), twin.code, twin.hint) == (str(error), "7", "right")


def test_ipython_shows_no_traceback() -> None:
    """IPython's hook for errors that render themselves gives one short text."""
    assert UsageError("wrong", hint="right")._render_traceback_() == ["UsageError: wrong\n→ right"]


@pytest.mark.parametrize(("word", "near"), [("Push inn", "Push in"), ("PUSH IN", "Push in"), ("zzz", None)])
def test_nearest_spelling(word: str, near: str | None) -> None:
    """A typo finds its word whatever its case; nonsense finds none."""
    assert nearest(word, ["Push in", "Pull out"]) == near


@pytest.mark.parametrize(
    ("word", "allowed", "meant"),
    [
        ("--ratio", ["--aspect-ratio", "--duration"], "--aspect-ratio"),
        ("ratio", ["aspect_ratio", "duration"], "aspect_ratio"),
        ("--seconds", ["--seed", "--duration"], "--duration"),
        ("first_frame_image", ["first_frame", "last_frame"], "first_frame"),
        ("--references", ["--reference", "--resolution"], "--reference"),
        ("--sede", ["--seed", "--duration"], "--seed"),
        ("ratio", ["rating"], "rating"),
    ],
)
def test_a_providers_own_word_is_near_ours(word: str, allowed: list[str], meant: str) -> None:
    """What providers call an argument is nearer than what is spelled alike."""
    assert nearest(word, allowed) == meant
