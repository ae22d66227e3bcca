"""Tests of the subcommands of ``%hailuo`` and their help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.magics.commands import COMMANDS

if TYPE_CHECKING:
    from conftest import Shared

pytestmark = pytest.mark.kernel

NO_WORDS_NEEDED = [c.name for c in COMMANDS.values() if c.least == 0 and c.name != "backup"]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_has_help(shared: Shared, name: str) -> None:
    """``?``, ``??``, ``-h`` and ``--help`` give the same three lines: what it takes, what it does, an example."""
    kernel, _ = shared
    asked = [kernel.run(f"%hailuo {name}{way}") for way in ("?", " ?", "??", " -h", " --help")]
    assert {reply.status for reply in asked} == {"ok"}
    (text,) = {reply.text for reply in asked}
    assert COMMANDS[name].help in text
    assert f"for example: %hailuo {name}" in text


@pytest.mark.parametrize("name", NO_WORDS_NEEDED)
def test_each_works_where_nothing_was_run_yet(shared: Shared, name: str) -> None:
    """On an empty log every one of them answers, and none makes a run."""
    kernel, fake_provider = shared
    assert kernel.run(f"%hailuo {name}").status == "ok"
    assert sum(fake_provider.creates.values()) == 0


def test_what_it_cost(shared: Shared) -> None:
    """``%hailuo cost`` sums what is known by provider and currency, and counts what is not known, never as nothing."""
    kernel, _ = shared
    kernel.run("%%hailuo --model 02 --repeat 2\na fox")
    kernel.run("%%hailuo --template Diving --first-frame https://images.example.com/fox.jpg\n")
    kernel.run("costs = %hailuo cost")
    rows = kernel.value("costs.astype(object).where(costs.notna(), '?').astype(str).to_dict('records')")
    by_currency = {row["currency"]: row for row in rows}
    known, unknown = by_currency["USD"], by_currency["?"]
    assert (known["runs"], known["succeeded"], known["unknown"]) == ("2", "2", "0")
    assert float(known["cost"]) > 0
    assert (unknown["runs"], unknown["cost"], unknown["unknown"]) == ("1", "?", "1")


def test_where_the_simulator_is(shared: Shared) -> None:
    """``%hailuo simulator`` names an address of this machine that answers."""
    kernel, _ = shared
    told = kernel.run("%hailuo simulator").text
    assert "http://127.0.0.1:" in told
    url = told.split("listens at ")[1].split(",")[0]
    assert kernel.value(f"__import__('httpx').get({url!r}, trust_env=False).status_code < 500") is True
