"""A store that cannot be used when a cell begins, or that is another one since it was opened: told, and survived."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from test_log import hurried, lock

from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from conftest import Begin


@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
@pytest.mark.parametrize("kind", ["generate", "sweep"])
def test_a_store_that_is_locked_when_a_cell_begins(begin: Begin, how: str, kind: str) -> None:
    """The lock is what is said, before any run is shown; nothing is sent; when it is free, the same cell works."""
    scene = begin()
    hurried(scene)
    scene.session.runs()
    ask = {
        "generate": lambda: scene.session.generate("a fox", model="02"),
        "sweep": lambda: scene.session.sweep(["a fox", "a wolf"], model="02"),
    }[kind]
    with closing(lock(scene)) as other:
        other.execute("ROLLBACK")
        other.execute(how)
        for _ in range(2):
            with pytest.raises(StoreError, match="has been locked by another process") as caught:
                ask()
            assert "nothing was" in str(caught.value)
            assert "is not in the log" not in str(caught.value)
    assert (scene.sent, len(scene.session.runs())) == (0, 0)
    made = ask()
    made.wait(60)
    assert scene.charged == len(scene.session.runs()) == (1 if kind == "generate" else 2)
    assert list(scene.session.runs().status.unique()) == ["succeeded"]
