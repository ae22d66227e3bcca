"""Tests of cells with unusual line ends, spaces, byte order marks and paths: the request stays the same."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.cell_text import split_words
from hailuo_widgets.domain.prompts import Prompt, Text, parse_variants, render_variants
from hailuo_widgets.errors import UsageError
from hailuo_widgets.magics.completions import offers
from hailuo_widgets.magics.extension import Extension
from hailuo_widgets.planning.grammar import OPTIONS, parse_line, refuse_options_below, split_cell
from hailuo_widgets.widgets.form import form_of_cell
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSEEN = " \n\xa0\u200b"
ENDS = ["\n", "\r\n", "\r", "\u2028", "\u2029", "\v", "\f", "\x85"]
GAPS = [" ", "\t", "\xa0", "\u2003", "\u202f", "\u3000", " \u200b", "\ufeff ", "\u2060 "]
CELL = "%%hailuo --provider kie --seed 1,2\n\n--- night\nA fox,\nruns\n---\nA wolf\n\n"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    yield session
    session.close()


def transformed(text: str) -> str:
    """A cell's text as Python, once IPython and our transformer have read it."""
    extension = object.__new__(Extension)
    vars(extension).update(_executing=0, _shell=SimpleNamespace(autoawait=True))
    manager = TransformerManager()
    manager.cleanup_transforms.append(extension._rewrite)
    return str(manager.transform_cell(text))


def sent(text: str) -> tuple[str, str]:
    """What a cell's text is to the magic."""
    (statement,) = ast.parse(transformed(text).removeprefix("await ")).body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    line, body = (ast.literal_eval(argument) for argument in statement.value.args)
    return split_cell(line, body)


def told(session: Session, text: str) -> list[tuple[Any, ...]]:
    """The runs that a cell would make."""
    line, body = sent(text)
    plan = plan_cell(session, parse_line(line), body, {}, ask_log=False)
    return [(p.request.hash, p.cell.variant.label, p.request.prompt, p.request.seed) for p in plan.runs]


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_however_its_lines_end_a_cell_is_the_same(end: str, session: Session) -> None:
    """Windows, old Macs, word processors and browsers: the same runs, labels and prompts, to the hash."""
    wanted = told(session, CELL)
    assert [(label, prompt) for _, label, prompt, _ in wanted[::2]] == [("night", "A fox,\nruns"), ("2", "A wolf")]
    assert told(session, CELL.replace("\n", end)) == wanted
    assert told(session, "\ufeff" + CELL.replace("\n", end)) == wanted
    form = form_of_cell(CELL.replace("\n", end))
    assert form == form_of_cell(CELL)


@given(st.lists(st.sampled_from(ENDS), min_size=CELL.count("\n"), max_size=CELL.count("\n")))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mixed_line_ends(session: Session, ends: list[str]) -> None:
    """A cell that was pasted together of several sources is the same as well."""
    mixed = "".join(piece + end for piece, end in zip(CELL.split("\n"), [*ends, ""], strict=True))
    extra = mixed.count("\r\n") < ends.count("\r\n")
    assert extra or told(session, mixed) == told(session, CELL)


@pytest.mark.parametrize("gap", GAPS, ids=ascii)
def test_any_gap_separates(gap: str, session: Session) -> None:
    """No-break spaces and unseen characters between options, after ``---`` and around a label are gaps."""
    odd = CELL.replace("hailuo --", f"hailuo{gap}--").replace(" --seed ", f"{gap}--seed{gap}")
    odd = odd.replace("--- night", f"---{gap}night{gap}").replace("\n---\n", f"\n---{gap}\n")
    assert told(session, odd) == told(session, CELL)


@pytest.mark.parametrize("gap", GAPS, ids=ascii)
def test_any_gap_follows_a_line_magic(gap: str) -> None:
    """A sub-command after a no-break space is one."""
    assert "run_line_magic('hailuo', 'runs succeeded')" in transformed(f"x = 1\n%hailuo{gap}runs succeeded\r\n")


PATHS = [
    r"C:\pics\fox.png",
    r"\\server\share\fox.png",
    r"..\pics\new\fox.png",
    r"C:\a,b\fox.png".replace(",", r"\,"),
    "C:/pics/fox.png",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "written", ["--first-frame {}", "--first-frame={}", "--first-frame '{}'", '--first-frame "{}"']
)
def test_a_windows_path_keeps_its_backslashes(path: str, written: str) -> None:
    """Unquoted or quoted, a path arrives as it was typed."""
    assert parse_line(written.format(path)).request == {"first_frame": path.replace(r"\,", ",")}
    line, body = sent(f"%%hailuo {written.format(path)} --duration 6\r\na fox\r\n")
    assert parse_line(line).request == {"first_frame": path.replace(r"\,", ","), "duration": "6"}
    assert body == "a fox\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"a\ b c", ["a b", "c"]),
        (r"\"a\" it\'s", ['"a"', "it's"]),
        (r"""'a "b"' "a 'b'" "say \"hi\"" """, ['a "b"', "a 'b'", 'say "hi"']),
        (r"""a'b'"c" ''""", ["abc", ""]),
        ("a\xa0b '\xa0'", ["a", "b", "\xa0"]),
        (r"a\b\c \ d\\", [r"a\b\c", r" d\\"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    """Quotes and backslashes as a shell has them, but that a backslash before a letter is a backslash."""
    assert split_words(line) == words


@given(st.text(alphabet=st.sampled_from("a \\'\"\xa0-=,\u200b"), max_size=20))
def test_any_line_is_words_or_an_open_quote(line: str) -> None:
    """No line is read without an end, and none is lost: every visible character but quotes is in a word."""
    try:
        words = split_words(line)
    except ValueError:
        return
    assert "".join(words).count("a") == line.count("a")


# -- options below the first line --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("gap", ["", " ", "\t", "\xa0"], ids=ascii)
def test_a_backslash_continues_the_options(end: str, gap: str, session: Session) -> None:
    """An option line may go on below; the prompt begins after it."""
    text = f"%%hailuo --provider kie \\{gap}\n  --seed 1,2 \\{gap}\n  --name x\nA fox".replace("\n", end)
    line, body = sent(text)
    assert (parse_line(line).request, body.strip()) == ({"provider": "kie", "seed": ["1", "2"]}, "A fox")
    assert [prompt for _, _, prompt, _ in told(session, text)] == ["A fox", "A fox"]
    assert form_of_cell(text)["request"] == {"provider": "kie", "seed": "1,2"}
    assert parse_line(sent("%%hailuo --seed 1 \\")[0]).request == {"seed": "1"}


@pytest.mark.parametrize("option", OPTIONS)
def test_a_prompt_that_begins_with_an_option_is_a_mistake(option: str, session: Session) -> None:
    """On line two, after blank lines or at another variant's beginning: it would be paid for as words."""
    for body in (
        f"{option} 6\nA fox",
        f"\n\n  {option}\nA fox",
        f"{option}=6",
        f"A fox\n--- night\n{option} 6\nA wolf",
        f"\ufeff{option} 6\r\nA fox",
        f"—{option[2:]} 6\nA fox",
        f"––{option[2:]} 6\nA fox",
    ):
        with pytest.raises(UsageError, match="the prompt begins with") as caught:
            plan_cell(session, parse_line("--provider kie"), body, {}, ask_log=False)
        assert "%%hailuo line" in str(caught.value.hint)
    with pytest.raises(UsageError, match="the prompt begins with"):
        form_of_cell(f"%%hailuo --provider kie\n{option} 6\nA fox")


def test_a_misspelled_option_below_is_told(session: Session) -> None:
    """What is nearly an option is one that was meant."""
    with pytest.raises(UsageError, match="Did you mean --duration"):
        plan_cell(session, parse_line("--provider kie"), "--durration 6\nA fox", {}, ask_log=False)


@pytest.mark.parametrize(
    "body", ["- a list\n- of things", "--- night\nA fox", "A fox --duration 6", "-- A fox", "—He runs"]
)
def test_what_only_looks_like_an_option_is_text(body: str) -> None:
    """Dashes of prose stay what they are."""
    refuse_options_below(body)


marks = st.sampled_from(
    ["--seed 5", "--", "---", "\\", " ", "\n", "—duration", "--durration", "a", "\u200b", "\xa0", "{{"]
)


@given(st.lists(st.lists(marks, max_size=8).map("".join), min_size=1, max_size=3))
def test_text_that_looks_like_options_can_be_written(texts: list[str]) -> None:
    """Any text, written as a cell's body, is read as that text, and never as options."""
    prompts = tuple(Prompt((Text(f"a\n{t}\na"),)) for t in texts)
    assert parse_variants(render_variants(prompts)) == prompts
    first = tuple(Prompt((Text(f"{t.strip(UNSEEN)}a"),)) for t in texts)
    body = render_variants(first)
    refuse_options_below(body)
    assert [p.fill({}) for p in parse_variants(body)] == [p.fill({}) for p in first]


class World:
    """What completion asks of the world."""

    def providers(self) -> list[str]:
        """One."""
        return ["kie"]

    def default_provider(self) -> str:
        """It."""
        return "kie"

    def facts(self, provider: str) -> None:
        """Unknown."""
        del provider

    def variables(self) -> list[str]:
        """One."""
        return ["style"]

    def run_ids(self, *, unfinished: bool) -> list[str]:
        """None."""
        del unfinished
        return []

    def sweep_names(self) -> list[str]:
        """One."""
        return ["foxes"]

    def files(self, start: str, *, media: bool = False) -> list[str]:
        """None."""
        del start, media
        return []


def test_tab_knows_the_new_words() -> None:
    """Options are offered on a continued line, ``--sample-seed`` among them, and to ``--zip`` every axis."""
    text = "%%hailuo --provider kie \\\n  --sample-s"
    found = offers(text, len(text), World())
    assert found is not None
    assert found.texts == ("--sample-seed",)
    text = "%%hailuo --first-frame a,b --zip "
    found = offers(text, len(text), World())
    assert found is not None
    assert set(found.texts) >= {"prompt", "first-frame", "style"}


@pytest.mark.parametrize("command", ["rank", "compare", "vote", "export"])
def test_tab_offers_the_names_of_sweeps(command: str) -> None:
    """Where a sweep may be named, Tab offers its name."""
    line = f"%hailuo {command} fo"
    found = offers(line, len(line), World())
    assert found is not None
    assert found.texts == ("foxes",)


@pytest.mark.parametrize(
    ("line", "says", "hint"),
    [
        ("--seed {undefined}", "there is no variable 'undefined'", "undefined = "),
        ("--seed $n", "there is no variable 'n'", "n = "),
        ("--repeat {n}", "there is no variable 'n'", "n = "),
        ("—seed 3", "begins with a long dash", "write --seed"),
        ("––seed=3", "begins with a long dash", "write --seed"),
    ],
)
def test_a_slip_in_an_option_has_a_hint_that_fits(line: str, says: str, hint: str) -> None:
    """A variable that isn't there, and a dash that an editor made, are named."""
    with pytest.raises(UsageError, match=says) as caught:
        parse_line(line)
    assert hint in str(caught.value.hint)
