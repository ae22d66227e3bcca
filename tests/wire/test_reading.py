"""Tests of the readers of single values: what they accept and refuse, and that they never raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.provider.interface import HttpReply
from hailuo_widgets.provider.minimax import MiniMax
from hailuo_widgets.provider.parse import as_code, as_micros, as_seed, as_task_id, as_url

if TYPE_CHECKING:
    from collections.abc import Callable

LINK = "https://cdn.example:8443/a.mp4?Expires=1&Signature=%2B#t=1"
ROWS: list[tuple[Callable[[object], object], object, object]] = [
    (as_task_id, "task_hailuo_1765", "task_hailuo_1765"),
    (as_task_id, 401047179385389059, "401047179385389059"),
    (as_task_id, "x" * 256, "x" * 256),
    *((as_task_id, odd, None) for odd in ("", "x" * 257, "a b", "a/b", "ä", True, 1.0, None, [], 10**5000)),
    (as_code, 1002, "1002"),
    (as_code, "01002", "1002"),
    (as_code, " task_not_exist ", "task_not_exist"),
    (as_code, "x" * 50, "x" * 40),
    *((as_code, odd, None) for odd in ("", " ", True, 1.0, None, {}, 10**5000)),
    (as_url, LINK, LINK),
    (as_url, f" {LINK}\n", LINK),
    (as_url, "http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
    (as_url, "http://[::1]:8000/x", "http://[::1]:8000/x"),
    *(
        (as_url, odd, None)
        for odd in (
            "",
            "ftp://a.example/x",
            "file:///etc/passwd",
            "https://",
            "https://a.example:99999/x",
            "https://a.example:0/x",
            "http://[::1",
            "https://user:word@a.example/x",
            "https://a.example/x y",
            "https://a.example/\ud800",
            "https://ä.example/x",
            "javascript:alert(1)",
            7,
            None,
        )
    ),
    (as_micros, 0.49, 490_000),
    (as_micros, 0, 0),
    (as_micros, 37.5, 37_500_000),
    *((as_micros, odd, None) for odd in (-0.1, True, "0.49", None, float("nan"), float("inf"), 10**9, 10**5000)),
    (as_seed, 552434557, 552434557),
    (as_seed, -(2**63) + 1, -(2**63) + 1),
    *((as_seed, odd, None) for odd in (2**63, True, 1.0, "7", None)),
]


@pytest.mark.parametrize(("reader", "value", "read"), ROWS, ids=range(len(ROWS)))
def test_each_value(reader: Callable[[object], object], value: object, read: object) -> None:
    """What is not what it should be is None: no id is made up, no amount guessed, no link followed blindly."""
    found = reader(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-Infinity", "9" * 5000, "-" + "9" * 5000])
def test_a_number_that_is_none_hides_no_task(odd: str) -> None:
    """What JSON has not, and Python servers write, is null: the id of a paid task beside it is read."""
    reply = HttpReply(status=200, headers={}, body=f'{{"seed": {odd}, "task_id": "1234567"}}'.encode())
    assert MiniMax().body(reply) == {"seed": None, "task_id": "1234567"}
