"""Tests of input (rows 27, 72 and 73): what is refused before sending, and odd text that must arrive unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from hailuo_widgets.errors import MissingKey, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Begin

ODD = [
    "</script><script>alert(1)</script>",
    '=HYPERLINK("https://x.test","y")',
    "\u202egnidaer thgir\u202c",
    "\U0001f98a\u200d\u2744\ufe0f é e\u0301",
    "line\nbreak\ttab 'quotes\" \\n {brace} $5",
]


def test_a_missing_key(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """27: no call at all, and the error names the variable and a way to give the key."""
    scene = begin()
    monkeypatch.delenv("MINIMAX_API_KEY")
    with pytest.raises(MissingKey, match=r"(?s)MINIMAX_API_KEY is not set.*→.*mode='simulated' works without"):
        scene.session.generate("a fox", model="02")
    assert (scene.fake_provider.calls, len(scene.session.runs())) == ([], 0)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("x" * 2001, r"2001.*2000"),
        ("x" * 10**6, r"1000000.*2000"),
        ("", "prompt"),
        (" \n\t", "prompt"),
        ("a\0fox", r"prompt.*1"),
        ("a \ud800 fox", r"prompt.*2"),
    ],
)
def test_a_prompt_that_no_provider_takes(begin: Begin, prompt: str, says: str) -> None:
    """72, 73: refused before it is sent or logged, with the count and the limit, or the place."""
    scene = begin()
    with pytest.raises(UsageError, match=f"(?s){says}") as caught:
        scene.session.generate(prompt, model="02")
    assert len(str(caught.value)) < 1000
    assert (scene.fake_provider.calls, len(scene.session.runs())) == ([], 0)


@pytest.mark.parametrize("prompt", [*ODD, "x" * 2000])
def test_odd_text_arrives_as_it_was_written(begin: Begin, tmp_path: Path, prompt: str) -> None:
    """72, 73: the same text at the provider, in the log, in the table, and in a CSV file read back."""
    scene = begin()
    run = scene.run(prompt)
    (call,) = scene.fake_provider.of("create")
    assert call.body["prompt"] == prompt
    assert (run.status, run.request.prompt, scene.charged) == ("succeeded", prompt, 1)
    table = scene.session.runs()
    assert list(table["prompt"]) == [prompt]
    table.to_csv(tmp_path / "runs.csv", index=False)
    assert list(pd.read_csv(tmp_path / "runs.csv", keep_default_na=False)["prompt"]) == [prompt]
