"""Tests that what a plan shows is what the create call has: options over arguments, and arguments that are not sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import ProblemCode, UsageError
from hailuo_widgets.provider import HttpCall, Request, names
from hailuo_widgets.provider.fal import Fal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.planning.plan import Plan

UUID = "00000000-0000-4000-8000-000000000000"
MODELS = {"runware": "minimax:h4@0", "fal": "minimax/h4", "replicate": "minimax/h4", "pixazo": "minimax-h4/v2/text"}
GIVEN: dict[str, Any] = {"duration": 5, "seed": 41, "resolution": "9K", "aspect_ratio": "5:4"}

# The providers' own names of the fields, by hand, from what each documents.
FIELDS: dict[str, dict[str, str]] = {
    "minimax": {"aspect_ratio": "ratio", "duration": "duration", "resolution": "resolution", "seed": "seed"},
    "kie": {"prompt": "prompt", "duration": "duration", "resolution": "resolution", "aspect_ratio": "aspectRatio"},
    "kkiai": {"prompt": "prompt", "duration": "duration", "resolution": "resolution", "model": "model"},
    "pixazo": {"prompt": "prompt", "duration": "duration", "resolution": "resolution", "aspect_ratio": "ratio"},
    "runware": {"prompt": "positivePrompt", "duration": "duration", "seed": "seed", "model": "model"},
    "fal": {"prompt": "prompt", "duration": "duration", "seed": "seed", "resolution": "resolution"},
    "replicate": {"prompt": "prompt", "duration": "duration", "seed": "seed", "aspect_ratio": "aspect_ratio"},
    "relay": {"prompt": "prompt", "duration": "seconds", "resolution": "size", "model": "model"},
}
PAIRS = [(name, argument, field) for name, fields in FIELDS.items() for argument, field in fields.items()]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that sends nothing."""
    with Session(home=tmp_path, mode="simulated", notice=lambda _: None) as opened:
        yield opened


def planned(session: Session, provider: str, **arguments: Any) -> Plan:
    """The plan of an unlisted model."""
    model = MODELS.get(provider, "MiniMax-H9")
    return session.plan(
        "a fox", provider=provider, ask_log=False, **{"model": model, "unlisted": True, "price": "1 USD", **arguments}
    )


def body(session: Session, plan: Plan) -> str:
    """The create call of the only run."""
    (run,) = plan.runs
    return json.dumps(session.accounts.provider(run.request.provider).encode_create(run.request, UUID).json)


def test_every_provider_is_tried() -> None:
    """A new provider needs a row."""
    assert set(FIELDS) == set(names())


# -- options over arguments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "argument", "field"), PAIRS)
def test_an_option_that_replaces_an_argument_is_refused(
    session: Session, provider: str, argument: str, field: str
) -> None:
    """Both are named; with the same value, the two say the same."""
    with pytest.raises(UsageError, match=rf"{argument}=.* and options\['{field}'\]=.*: give one") as refused:
        planned(session, provider, **GIVEN, options={field: "17"})
    assert [p.code for p in refused.value.problems] == [ProblemCode.CONFLICT]
    same = GIVEN | {"prompt": "a fox", "model": MODELS.get(provider, "MiniMax-H9")}
    assert planned(session, provider, **GIVEN, options={field: same[argument]}).results == 1


@pytest.mark.parametrize(("provider", "argument", "field"), [pair for pair in PAIRS if pair[1] in GIVEN])
def test_an_option_alone_stands(session: Session, provider: str, argument: str, field: str) -> None:
    """Without the argument, the option is sent, and no note says that there is no field."""
    plan = planned(session, provider, options={field: "17"})
    assert getattr(plan.runs[0].request, argument) is None
    assert '"17"' in body(session, plan)
    assert not [p for p in plan.warnings if p.code == ProblemCode.NOT_SENT]


NESTED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "the list of the texts and pictures": ("minimax", {}, {"content": []}, r"prompt='a fox' and options\['content'\]"),
    "a picture": (
        "kkiai",
        {"first_frame": "https://a.example/a.png"},
        {"first_frame_image": "https://a.example/b.png"},
        "first_frame and",
    ),
    "the whole list of the inputs": (
        "runware",
        {"first_frame": "https://a.example/a.png"},
        {"inputs": {"frameImages": []}},
        r"first_frame and options\['inputs'\]",
    ),
    "references": (
        "pixazo",
        {"references": ["https://a.example/a.png"]},
        {"reference_images": ["https://a.example/b.png"]},
        r"references and options\['reference_images'\]",
    ),
    "both of the size": ("runware", {"width": 640, "height": 480}, {"height": 720}, "height=480 and"),
    "a switch": ("minimax", {"prompt_optimizer": True}, {"prompt_optimizer": False}, "prompt_optimizer=True and"),
    "an object of switches": (
        "runware",
        {"prompt_optimizer": True},
        {"providerSettings": {"minimax": {"promptOptimizer": False}}},
        r"prompt_optimizer=True and options\['providerSettings'\]",
    ),
    "a field that is taken out": ("minimax", {"duration": 5}, {"duration": None}, "duration=5 and"),
    "a path to a field": ("minimax", {"watermark": True}, {"aigc_watermark": False}, "watermark=True and"),
    "a route": ("relay", {"duration": 5}, {"route": "minimax", "duration": 15}, "duration=5 and"),
    "another's metadata": ("relay", {"seed": 3}, {"metadata": {"seed": 4}}, r"seed=3 and options\['metadata'\]"),
}


@pytest.mark.parametrize("case", NESTED)
def test_an_argument_is_found_where_it_is_sent(session: Session, case: str) -> None:
    """However deep it is, and whatever the field is called."""
    provider, arguments, options, said = NESTED[case]
    with pytest.raises(UsageError, match=said):
        planned(session, provider, **arguments, options=options)


def test_an_option_over_a_default_is_said(session: Session) -> None:
    """Pixazo's H3 has defaults, which its options may replace: the plan shows what is sent."""
    plan = session.plan("a fox", provider="pixazo", model="h3", options={"duration": 15}, ask_log=False)
    assert "duration is sent as 15 by options['duration']" in [p.message for p in plan.warnings]
    assert plan.parts().makes == "768P, 16:9"
    with pytest.raises(UsageError, match=r"duration=5 and options\['duration'\]=15"):
        session.plan("a fox", provider="pixazo", model="h3", duration=5, options={"duration": 15}, ask_log=False)


def test_an_option_over_a_default_with_a_price_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The price in the table is that of the argument."""
    monkeypatch.setattr(session.accounts, "list_price", lambda _request, _origin: {"cost_micros": 1, "currency": "USD"})
    with pytest.raises(UsageError, match=r"replaces duration=\d+, on which the price rests\n.*--duration"):
        session.plan("a fox", provider="pixazo", model="h3", options={"duration": 15}, ask_log=False)


@pytest.mark.parametrize(
    "options", [{"numberResults": 3}, {"settings.audio": False, "fps": 24}, {"outputFormat": "MP4"}]
)
def test_options_of_their_own_pass(session: Session, options: dict[str, Any]) -> None:
    """What no argument says is the options' alone."""
    assert planned(session, "runware", duration=5, seed=1, options=options).results >= 1
    assert planned(session, "relay", duration=5, options={"route": "videos"}).results == 1


# -- arguments that are not sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [["16:9", "9:16"], [None, "16:9"]])
def test_an_axis_that_is_not_sent_is_refused(session: Session, values: list[str | None]) -> None:
    """Its runs would be one request, paid for twice."""
    with pytest.raises(UsageError, match=r"aspect_ratio: Runware would be sent the same.*\n.*--repeat 2") as refused:
        planned(session, "runware", aspect_ratio=values, seed=[1, 2])
    assert [p.argument for p in refused.value.problems] == ["aspect_ratio"]


def test_an_axis_that_one_provider_is_not_sent_is_refused(session: Session) -> None:
    """The other provider's runs differ; the error names the one whose runs do not."""
    with pytest.raises(UsageError, match="aspect_ratio: Runware would"):
        session.plan(
            "a fox",
            provider=["minimax", "runware"],
            model="h9",
            unlisted=True,
            aspect_ratio=["1:1", "2:1"],
            ask_log=False,
        )


def test_files_that_are_not_sent_are_refused(session: Session) -> None:
    """Two files of one name are told apart by what they are."""
    subjects = ["https://a.example/a.png", "https://b.example/a.png"]
    with pytest.raises(UsageError, match=r"subject: fal\.ai would be sent the same"):
        planned(session, "fal", subject=subjects)


def test_prompts_of_a_template_are_refused(session: Session) -> None:
    """A template takes no prompt, so two prompts would be one clip, made and paid for twice."""
    with pytest.raises(UsageError, match=r"prompt: MiniMax would be sent the same .* 'a', 'b', and charge each"):
        session.plan(["a", "b"], template="Diving", first_frame="https://a.example/a.png", ask_log=False)


@pytest.mark.parametrize("provider", names())
@pytest.mark.parametrize("axis", ["duration", "resolution", "aspect_ratio", "seed", "width", "prompt_optimizer"])
def test_the_runs_of_a_plan_differ_on_the_wire(session: Session, provider: str, axis: str) -> None:
    """Either every run is a call of its own, or the axis is refused."""
    values = {"resolution": ["8K", "9K"], "aspect_ratio": ["5:4", "4:5"], "prompt_optimizer": [False, True]}
    try:
        plan = planned(session, provider, **{axis: values.get(axis, [7, 8])})
    except UsageError as e:
        assert [p.argument for p in e.problems] == [axis]  # noqa: PT017 - refused or not depends on the provider
        return
    client = session.accounts.provider(provider)
    calls = [client.encode_create(run.request, UUID) for run in plan.runs]
    assert calls[0] != calls[1]


def test_replicates_and_one_value_pass(session: Session) -> None:
    """Replicates are equal on purpose; a single value that is not sent has its note, and no place in the plan."""
    plan = planned(session, "runware", duration=6, aspect_ratio="16:9", repeat=2)
    assert plan.results == 2
    assert plan.parts().makes == "6 s"
    assert [p.argument for p in plan.warnings if p.code == ProblemCode.NOT_SENT] == ["aspect_ratio"]


def test_a_provider_that_raises_is_met_when_it_is_sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan of another package's provider is made all the same."""

    def broken(_provider: Fal, request: Request, _client_uuid: str) -> HttpCall:
        raise RuntimeError(request.model)

    monkeypatch.setattr(Fal, "encode_create", broken)
    assert planned(session, "fal", duration=[5, 6], options={"duration": 7}).results == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("taskUUID", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"),
        ("taskType", "imageInference"),
        ("deliveryMethod", "sync"),
        ("outputType", "base64Data"),
        ("includeCost", False),
    ],
)
def test_no_option_replaces_what_each_request_needs(session: Session, option: str, value: Any) -> None:
    """Our own ID of a task settles a lost create call: under another one, the call would be sent and paid again."""
    asked: dict[str, Any] = {"provider": "runware", "unlisted": True, "model": "new:1@1", "price": "0.5 USD"}
    session.plan("a fox", ask_log=False, options={"somethingNew": value}, **asked)
    with pytest.raises(UsageError, match=f"options\\['{option}'\\].* replaces a field that each request needs"):
        session.plan("a fox", ask_log=False, options={option: value}, **asked)
