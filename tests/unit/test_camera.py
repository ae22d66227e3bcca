"""Tests of the 15 camera instructions against the MiniMax video API document and the kkiai document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.camera import INSTRUCTIONS, Instruction, advice, moves

CHINESE = "左移 右移 左摇 右摇 推进 拉远 上升 下降 上摇 下摇 变焦推近 变焦拉远 晃动 跟随 固定"


def test_there_are_15() -> None:
    """The document's 15 Chinese words, each once; English words and opposites agree among themselves."""
    assert [i.chinese for i in INSTRUCTIONS] == CHINESE.split()
    by_name = {i.english: i for i in INSTRUCTIONS}
    assert len(by_name) == 15
    for instruction in INSTRUCTIONS:
        if instruction.opposite:
            assert by_name[instruction.opposite].opposite == instruction.english


@pytest.mark.parametrize("instruction", INSTRUCTIONS, ids=lambda i: i.english)
def test_every_word_is_read(instruction: Instruction) -> None:
    """English in any case and Chinese mean the same move, without any advice."""
    english, chinese = instruction.english, instruction.chinese
    for word in (english, english.upper(), chinese):
        (move,) = moves(f"a fox [{word}] runs")
        assert (move.instructions, move.unknown, move.position) == ((instruction,), (), 6)
        assert advice(f"a fox [{word}] runs") == ()


def test_several_at_once_and_in_sequence() -> None:
    """One bracket is one move of several instructions; two brackets are two, in their order."""
    first, second = moves("[左摇,上升] then [Pull out]")
    assert [i.english for i in first.instructions] == ["Pan left", "Pedestal up"]
    assert [i.english for i in second.instructions] == ["Pull out"]


@pytest.mark.parametrize(
    ("prompt", "part", "hint"),
    [
        ("[Push inn]", "no camera instruction", "[Push in]"),
        ("[Push out]", "no camera instruction", "[Pull out]"),
        ("[Rise]", "another document's word", "[Pedestal up]"),
        ("[Push in, Follow]", "another document's word", "[Tracking shot]"),
        ("[Static]", "another document's word", "[Static shot]"),
        ("[Lower]", "another document's word", "[Pedestal down]"),
        ("[Pan left,Tilt up,Zoom in,Shake]", "4 moves at once", "at most 3"),
        ("[Pan left, Pan right]", "contradict", "leave one"),
        ("[Static shot, Push in]", "Static shot contradicts", "leave one"),
    ],
)
def test_advice(prompt: str, part: str, hint: str) -> None:
    """Each doubt says what it is about and what to write instead."""
    ((what, to_do),) = advice(prompt)
    assert part in what
    assert hint in to_do


@pytest.mark.parametrize("prompt", ["[a sign that says OPEN]", "[]", "no bracket", "[" * 50, "[[Push in]", "a] b ["])
def test_other_brackets_are_text(prompt: str) -> None:
    """A bracket that holds no instruction is nobody's business."""
    assert all(not move.unknown for move in moves(prompt))
    assert advice(prompt) == ()


@given(st.text(max_size=200))
def test_any_prompt(prompt: str) -> None:
    """Reading a prompt never fails, and each move stands where it says."""
    advice(prompt)
    for move in moves(prompt):
        assert prompt[move.position :].startswith(move.text)
