"""Tests of the studio in Python: it sends what was chosen and shown, whatever the message says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ipywidgets
import PIL.Image
import pytest
from media_files import clip, sound

from hailuo_widgets.api.session import Session
from hailuo_widgets.widgets.request_widget import Question
from hailuo_widgets.widgets.studio import Studio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE = "https://pictures.example/fox.png"
OTHER = "https://pictures.example/den.png"


class Desk:
    """A form's Python half, asked without a browser."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.asked = 0
        self.loop = asyncio.new_event_loop()
        self.studio = Studio(session, loop=self.loop, namespace=dict, results=ipywidgets.VBox([]))

    def ask(self, kind: str, data: dict[str, Any], *buffers: bytes) -> dict[str, Any]:
        """The answer to one question; ``{"error": …}`` where it is refused."""
        told: list[dict[str, Any]] = []
        self.studio.send = lambda content, **_: told.append(content)  # type: ignore[method-assign]
        self.asked += 1
        question = Question(
            self.studio, {"id": str(self.asked), "type": kind, "data": data}, list(map(memoryview, buffers))
        )
        self.loop.run_until_complete(self.studio._answer(question))
        (answer,) = told
        return dict(answer.get("data") or {}) if answer["ok"] else {"error": answer["error"]}

    def planned(self) -> int:
        """How many runs were begun."""
        return len(self.session.engine.runs.followed)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A form on a session that leaves the machine alone; nothing drives its runs."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    found = Desk(session)
    yield found
    found.studio.close()
    found.loop.close()
    session.close()


def form(mode: str | None, request: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A form as the browser sends it."""
    found = {"request": {"provider": "minimax"} | (request or {}), "run": {}, "body": "a fox"} | more
    return found if mode is None else found | {"mode": mode}


MISSING = [
    ("image_to_video", {}, ["first_frame"]),
    ("first_last_frame", {}, ["first_frame", "last_frame"]),
    ("first_last_frame", {"first_frame": PICTURE}, ["last_frame"]),
    ("first_last_frame", {"last_frame": PICTURE}, ["first_frame"]),
    ("subject_to_video", {}, ["subject"]),
    ("subject_to_video", {"first_frame": PICTURE}, ["subject", "first_frame"]),
    ("template", {}, ["template"]),
    ("template", {"first_frame": PICTURE}, ["template"]),
    ("template", {"template": "Diving"}, ["first_frame"]),
    ("text_to_video", {"first_frame": PICTURE}, ["first_frame"]),
    ("image_to_video", {"first_frame": PICTURE, "last_frame": OTHER}, ["last_frame"]),
    ("image_to_video", {"subject": "   "}, ["first_frame"]),
    ("", {}, ["mode"]),
    (None, {}, ["mode"]),
    ("poem", {}, ["mode"]),
]


@pytest.mark.parametrize(("mode", "request_", "arguments"), MISSING)
def test_what_is_chosen_is_what_is_checked(
    desk: Desk, mode: str | None, request_: dict[str, Any], arguments: list[str]
) -> None:
    """A mode without its pictures, or with another's, is a problem of those controls; no request of another mode goes.

    The form asked Python about what it held, and never said which mode was chosen.
    """
    asked = form(mode, request_)
    verdict = desk.ask("check", asked)
    assert "plan" not in verdict
    assert [p["argument"] for p in verdict["problems"] if p["severity"] == "error"] == arguments
    assert all(p["message"] for p in verdict["problems"])
    assert "error" in desk.ask("generate", asked)
    assert desk.planned() == 0


@pytest.mark.parametrize(
    ("mode", "request_"),
    [
        ("text_to_video", {}),
        ("image_to_video", {"first_frame": PICTURE}),
        ("image_to_video", {"first_frame": f"{PICTURE},{OTHER}"}),
        ("first_last_frame", {"first_frame": PICTURE, "last_frame": OTHER}),
        ("subject_to_video", {"subject": PICTURE}),
        ("template", {"template": "Diving", "first_frame": PICTURE}),
    ],
)
def test_a_chosen_mode_with_what_it_needs_is_sent(desk: Desk, mode: str, request_: dict[str, Any]) -> None:
    """Every run of the form is of the chosen mode."""
    asked = form(mode, request_, body="" if mode == "template" else "a fox")
    verdict = desk.ask("check", asked)
    assert verdict["plan"]["runs"] >= 1
    runs = desk.ask("generate", asked)["runs"]
    assert {desk.session.engine.runs.known(i).request.mode for i in runs} == {mode}


def test_a_plan_that_has_changed_since_it_was_shown_is_not_sent(desk: Desk) -> None:
    """The button's figure is what is agreed to: where the plan is another by now, it is shown anew and not sent."""
    asked = form("text_to_video")
    shown = {name: desk.ask("check", asked)["plan"][name] for name in ("sends", "cost", "digest")}
    stale = asked | {"shown": shown}
    stale["request"] = asked["request"] | {"duration": "10"}
    assert desk.ask("generate", stale)["error"]["reason"] == "plan_changed"
    assert desk.planned() == 0
    other = desk.ask("generate", asked | {"shown": shown, "body": "another fox"})["error"]
    assert other["reason"] == "plan_changed"
    assert other["hint"] == "look at the new figures, then press again"
    assert len(desk.ask("generate", asked | {"shown": shown})["runs"]) == 1


def test_a_variable_that_has_changed_since_is_not_sent(desk: Desk) -> None:
    """The prompt that was checked is the one that is sent, or none is."""
    names = {"style": "in oil"}
    desk.studio._namespace = lambda: names
    asked = form("text_to_video", body="a fox {{style}}")
    shown = {name: desk.ask("check", asked)["plan"][name] for name in ("sends", "cost", "digest")}
    names["style"] = "in ink"
    assert desk.ask("generate", asked | {"shown": shown})["error"]["reason"] == "plan_changed"
    assert desk.planned() == 0


def test_one_press_is_sent_once(desk: Desk) -> None:
    """The same press that arrives twice is one; a press that was refused may be made again."""
    pressed = form("text_to_video", {"model": "nonesuch"}, press="p1", run={"reuse": False})
    assert "error" in desk.ask("generate", pressed)
    pressed["request"].pop("model")
    assert len(desk.ask("generate", pressed)["runs"]) == 1
    assert desk.ask("generate", pressed)["error"]["reason"] == "already_sent"
    assert desk.planned() == 1


def test_what_a_loaded_cell_says_of_the_run_is_not_acted_on_unseen(desk: Desk) -> None:
    """A cell's --yes agrees to nothing here and its --dry-run does not vanish into a paid run."""
    loaded = desk.ask("load", {"text": "%%hailuo --yes --dry-run --seed 1..3 --provider kie\na fox"})
    assert loaded["run"] == {}
    assert loaded["request"] == {"provider": "kie", "seed": "1..3"}
    kept = form("text_to_video", run={"dry_run": True})
    assert "error" in desk.ask("generate", kept)
    assert desk.planned() == 0


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%hailuo --provider kie,minimax\na fox", "one provider"),
        ("%%hailuo --provider nonesuch\na fox", "nonesuch"),
        ("%%hailuo --template Diving --text Lion,Tiger", "words"),
    ],
)
def test_a_cell_that_the_form_cannot_hold_is_refused(desk: Desk, cell: str, says: str) -> None:
    """It would be sent as something else: to another provider, or with two values run together."""
    assert says in desk.ask("load", {"text": cell})["error"]["message"]


def test_a_cell_without_a_provider_means_the_default_one(desk: Desk) -> None:
    """Whichever provider the form showed before."""
    assert desk.ask("load", {"text": "%%hailuo\na fox"})["request"]["provider"] == "minimax"


def test_a_run_whose_picture_is_gone_is_not_loaded_as_text(desk: Desk, tmp_path: Path) -> None:
    """The form keeps the run's mode, and asks for the picture."""
    run = desk.session.generate("a fox", first_frame=PIL.Image.effect_noise((640, 480), 9))
    for kept in (tmp_path / "videos" / "inputs").iterdir():
        kept.unlink()
    desk.session.log.call(desk.session.log.get, run.id)  # it is written
    loaded = desk.ask("load", {"text": run.id})
    assert loaded["mode"] == "image_to_video"
    assert [p["argument"] for p in desk.ask("check", loaded)["problems"]] == ["first_frame"]


def test_an_expensive_press_is_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first press of many live runs asks, the second one sends."""
    monkeypatch.setattr(Session, "question", lambda _session, _plan: "12 runs: sure?")
    asked = form("text_to_video", press="p")
    assert desk.ask("generate", asked) == {"ask": "12 runs: sure?"}
    assert desk.planned() == 0
    assert len(desk.ask("generate", asked | {"agreed": True})["runs"]) == 1


@pytest.mark.parametrize(
    ("budget", "says"), [("100", ["covers 1 of the 4 runs"]), ("1", ["over the budget of 1"]), ("1000", []), ("", [])]
)
def test_the_form_says_how_far_its_budget_reaches(budget: str, says: list[str], desk: Desk) -> None:
    """Before the button is pressed, at the control of the budget."""
    run = {"budget": budget} if budget else {}
    told = desk.ask("check", form("text_to_video", {"provider": "kie", "seed": [1, 2, 3, 4]}, run=run))
    found = [p["message"] for p in told["problems"] if p["argument"] == "budget"]
    assert len(found) == len(says)
    assert all(words in text for words, text in zip(says, found, strict=True))
    assert told["plan"]["runs"] == 4


def test_the_form_refuses_a_budget_that_is_no_number(desk: Desk) -> None:
    """It is named before the button is pressed."""
    told = desk.ask("check", form("text_to_video", {"provider": "kie"}, run={"budget": "much"}))
    assert "budget must be a number" in told["problems"][0]["message"]
    assert told["problems"][0]["argument"] == "budget"


def test_a_pasted_cell_with_references_is_sent_as_it_is(desk: Desk) -> None:
    """The form has the references of a cell, and asks for their mode, which only some providers have."""
    link = "https://pictures.example/fox.png"
    loaded = desk.ask("load", {"text": f"%%hailuo --model h3 --reference {link} --reference video:{link}\na fox"})
    assert loaded["mode"] == "reference_to_video"
    assert loaded["request"]["references"] == [link, f"video:{link}"]
    verdict = desk.ask("check", loaded)
    assert [p for p in verdict["problems"] if p["severity"] == "error"] == []
    assert f"--reference video:{link}" in verdict["cell"]
    both = loaded | {"request": loaded["request"] | {"first_frame": link}}
    assert "References takes no first frame" in desk.ask("check", both)["problems"][0]["message"]
    catalog = desk.ask("catalog", {})
    modes = {provider["name"]: [m["name"] for m in provider["modes"]] for provider in catalog["providers"]}
    assert "reference_to_video" in modes["minimax"]
    assert "reference_to_video" not in modes["kkiai"]
    assert not any("upscale" in found for found in modes.values())


def uploaded(desk: Desk, raw: bytes, slot: str = "references") -> dict[str, Any]:
    """The answer to the last of two chunks of a file."""
    key = f"{slot}.{len(raw)}"
    assert desk.ask("upload", {"upload": key, "slot": slot, "last": False}, raw[:100]) == {}
    return desk.ask("upload", {"upload": key, "slot": slot, "last": True}, raw[100:])


def test_references_are_uploaded_in_chunks_and_told_by_their_content(desk: Desk) -> None:
    """A clip and a sound are kept as they came; a damaged file is refused, and a picture's slot takes neither."""
    link = "https://pictures.example/fox.png"
    paths = [uploaded(desk, raw)["path"] for raw in (clip(3.0, size=(640, 360)), sound(2.5))]
    told = [desk.ask("reference", {"value": value}) for value in (*paths, f"audio:{link}")]
    assert [(f["kind"], f["seconds"], f["width"]) for f in told] == [
        ("video", pytest.approx(3.0, abs=0.05), 640),
        ("audio", pytest.approx(2.5, abs=0.05), None),
        ("audio", None, None),
    ]
    assert told[2]["size"] is None
    verdict = desk.ask("check", form("reference_to_video", {"model": "h3", "references": paths}))
    assert [p for p in verdict["problems"] if p["severity"] == "error"] == []
    assert [verdict["cell"].count(f"--reference {path}") for path in paths] == [1, 1]
    alone = desk.ask("check", form("reference_to_video", {"model": "h3", "references": paths[1:]}))
    assert [p["argument"] for p in alone["problems"] if p["severity"] == "error"] == ["references"]
    assert "it was cut" in uploaded(desk, sound(2.5)[:-900])["error"]["message"]
    assert "first_frame" in uploaded(desk, sound(2.5), "first_frame")["error"]["message"]
    assert "URLs are not fetched" in desk.ask("reference", {"value": "https://x.example/a"})["error"]["message"]


def test_the_form_tells_what_its_clips_can_find(desk: Desk) -> None:
    """As power() does, apart from its price; of one run nothing."""
    two = form("text_to_video", {"provider": "kie", "seed": "1..40"}, body="--- a\na fox\n--- b\na wolf")
    assert desk.ask("power", two) == {"sentence": desk.session.power(40, provider="kie").sentence}
    assert desk.ask("power", form("text_to_video")) == {"sentence": ""}
