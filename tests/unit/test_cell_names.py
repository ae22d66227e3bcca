"""Tests of ``--name``: it binds the result, and never replaces a module, a builtin or a function."""

from __future__ import annotations

import builtins
import keyword
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.magics.magic import Hailuo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Fox:
    """A user's class."""


OWN: list[Any] = [[], {}]  # IPython's In and Out
NAMESPACE: dict[str, Any] = {
    "hw": math, "np": SimpleNamespace, "Fox": Fox, "draw": lambda: None, "In": OWN[0], "Out": OWN[1],
    "old": 3, "frame": [1, 2], "mine": OWN,
}  # fmt: skip
HIDDEN = {"In": OWN[0], "Out": OWN[1], "mine": "a startup file's, bound anew since"}


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Begin a cell of this name in a notebook with these variables; nothing drives its run."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    monkeypatch.setattr(api, "default_session", lambda: session)

    def begun(name: str) -> dict[str, Any]:
        shell = SimpleNamespace(user_ns=dict(NAMESPACE), user_ns_hidden=HIDDEN)
        magic = SimpleNamespace(_shell=shell)
        try:
            Hailuo._begin(magic, f"--provider kie --name {name}", "a fox")  # type: ignore[arg-type]
        except UsageError:
            assert len(session.runs()) == 0
            assert shell.user_ns == NAMESPACE
            raise
        return shell.user_ns

    yield begun
    session.close()


@pytest.mark.parametrize("name", ["hw", "np", "Fox", "draw", "In", "Out", "print", "list", "None", "class", "__name__"])
def test_a_name_that_would_replace_more_than_a_value_is_refused(
    name: str, begin: Callable[[str], dict[str, Any]]
) -> None:
    """Nothing is sent, and nothing is bound; the message says what would have been lost."""
    with pytest.raises(UsageError, match=rf"--name {name} would replace"):
        begin(name)


def test_every_builtin_and_keyword_is_refused(begin: Callable[[str], dict[str, Any]]) -> None:
    """All of this Python's."""
    for name in {*vars(builtins), *keyword.kwlist}:
        if name.isidentifier():
            with pytest.raises(UsageError, match="would replace"):
                begin(name)


@pytest.mark.parametrize("name", ["foxes", "old", "frame", "mine", "狐"])
def test_a_value_is_replaced_as_by_an_assignment(name: str, begin: Callable[[str], dict[str, Any]]) -> None:
    """A new name, or one of a value: running the cell again binds it anew."""
    assert begin(name)[name].provider == "kie"
