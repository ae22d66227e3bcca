"""Tests of the providers' facts: they are consistent, and the checks refuse only what all sources refuse."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.problem import is_web_url
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Mode, Request, Source
from hailuo_widgets.provider import names, open_provider
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.settings.settings import Settings

LINK = Image(name="fox.png", url="https://pictures.example/fox.png")
LOCAL = Image(name="fox.png", data=b"x" * 100, sha256="ab" * 32, media_type="image/png", width=1280, height=720)
PROVIDERS = {
    label: open_provider(name, Settings.resolve({"kie_dialect": dialect}, environ={}))
    for label, name, dialect in (
        *((name, name, "minimax") for name in BUNDLED),
        ("kie-jobs", "kie", "jobs"),
    )
}
FACTS = {label: provider.facts for label, provider in PROVIDERS.items()}


def asked(label: str, prompt: str = "a fox", **fields: Any) -> Request:
    """A request as a session makes it: defaults filled in."""
    facts = FACTS[label]
    fields.setdefault("model", "" if fields.get("template") else facts.default_model)
    given_size = {name: fields.pop(name, None) for name in ("resolution", "duration")}
    bare = Request(prompt=prompt, provider=facts.name, **fields)
    if bare.template is not None:
        return replace(bare, **given_size)
    size = (bare.width, bare.height) if bare.width and bare.height else None
    resolution, duration = facts.fill_in(bare.model, bare.mode, **given_size, size=size)
    return replace(bare, resolution=resolution, duration=duration)


def found(label: str, prompt: str = "a fox", **fields: Any) -> list[tuple[str, str]]:
    """Severity and argument of each problem."""
    return [(p.severity, p.argument) for p in check(asked(label, prompt, **fields), FACTS[label])]


# -- the tables ---------------------------------------------------------------------------------------------------


def test_the_five_come_first_and_in_their_order() -> None:
    """The bundled providers, as they are listed everywhere."""
    assert names()[:5] == ("minimax", "kie", "kkiai", "pixazo", "runware")


@pytest.mark.parametrize("label", FACTS)
def test_rows_agree(label: str) -> None:
    """Every offer and price is of a model of the table, every model does something, and every row has its source."""
    facts = FACTS[label]
    models = {m.name for m in facts.models}
    assert {o.model for o in facts.offers} == models
    assert {p.model for p in facts.prices} <= models
    assert facts.default_model in models
    assert {o.mode for o in facts.offers} < set(Mode)
    for row in (*facts.models, *facts.offers, *facts.prices, *facts.templates, facts.images, facts):
        assert row.source
    for offer in facts.offers:
        assert set(offer.doubtful_durations) <= set(offer.durations)
    assert len({(o.model, o.mode, o.resolution) for o in facts.offers}) == len(facts.offers)
    assert all(p.micros > 0 and p.as_of and p.currency in {"USD", "CNY", "credits"} for p in facts.prices)


@pytest.mark.parametrize("label", FACTS)
def test_each_word_means_one_model(label: str) -> None:
    """For what a model does, its full and its short names, in any case, are its own."""
    facts = FACTS[label]
    for offer in facts.offers:
        model = facts.model(offer.model)
        assert model is not None
        for word in (model.name, *model.short_names):
            assert facts.find_model(f" {word.upper()} ", offer.mode) is model


@pytest.mark.parametrize("label", FACTS)
def test_every_offer_may_be_asked_for(label: str) -> None:
    """What the table offers passes the check at every length, with nothing worse than a doubt."""
    facts = FACTS[label]
    pictures = {
        "image_to_video": {"first_frame": LINK},
        "first_last_frame": {"first_frame": LINK, "last_frame": LINK},
        "subject_to_video": {"subject": LINK},
        "reference_to_video": {"references": (Reference(name="fox", url=LINK.url, kind=MediaKind.IMAGE),)},
        "upscale": {"source": Source(run_id="r", task_id="7")},
    }
    for offer in facts.offers:
        for duration in offer.durations or (None,):
            given = {"model": offer.model, "duration": duration, **pictures.get(offer.mode, {})}
            problems = found(label, resolution=offer.resolution, **given)
            assert "error" not in {severity for severity, _ in problems}, offer
            filled = asked(label, resolution=offer.resolution, **given).resolution
            same = [o for o in facts.offers if (o.model, o.mode) == (offer.model, offer.mode)]
            fitting = [o for o in same if o.resolution in {None, filled}]
            doubted = any(o.doubt or duration in o.doubtful_durations for o in fitting)
            assert bool(problems) == doubted, (offer, problems)


@pytest.mark.parametrize("label", FACTS)
def test_h3_takes_seeds_at_runware_alone(label: str) -> None:
    """Everywhere else the refusal of a seed names the place where H3 takes one."""
    facts = FACTS[label]
    for model in facts.models:
        if "h3" in model.name.casefold():
            problems = check(asked(label, model=model.name, seed=7), facts)
            hints = [p.hint for p in problems if p.argument == "seed"]
            if label == "runware":
                assert not hints
            else:
                assert ["provider='runware'" in str(hint) for hint in hints] == [True], model.name


# -- what the documents allow is never refused --------------------------------------------------------------------


def test_kie_document() -> None:
    """Every value of the KIE.ai document's table of parameters, but for Fast without an image."""
    models = ("minimax-hailuo-02", "minimax-hailuo-2-3", "minimax-hailuo-2-3-fast")
    ratios, seeds = (None, "16:9", "9:16", "1:1"), (None, -1, 0, 99999)
    for model, duration, resolution, ratio, seed, image in itertools.product(
        models, (6, 8, 10), ("768p", "1080p", "768P"), ratios, seeds, (None, LINK)
    ):
        problems = found(
            "kie",
            "f" * 800,
            model=model,
            duration=duration,
            resolution=resolution,
            aspect_ratio=ratio,
            seed=seed,
            first_frame=image,
            callback_url="https://me.example/hook",
        )
        errors = [argument for severity, argument in problems if severity == "error"]
        assert errors == (["model"] if model.endswith("fast") and image is None else [])


MINIMAX_TABLE = [
    *(("MiniMax-Hailuo-2.3", None, r, d) for r, d in (("768P", 6), ("768P", 10), ("1080P", 6))),
    *(("MiniMax-Hailuo-2.3-Fast", None, r, d) for r, d in (("768P", 6), ("768P", 10), ("1080P", 6))),
    *(("MiniMax-Hailuo-02", None, r, d) for r in ("512P", "768P") for d in (6, 10)),
    ("MiniMax-Hailuo-02", None, "1080P", 6),
    ("T2V-01-Director", None, "720P", 6),
    ("T2V-01", None, "720P", 6),
    *((f"MiniMax-Hailuo-{m}", "first_frame", r, 6) for m in ("2.3", "2.3-Fast") for r in ("768P", "1080P")),
    *(("MiniMax-Hailuo-02", "first_frame", r, d) for r in ("512P", "768P", "1080P") for d in (6, 10)),
    *((m, "first_frame", "720P", 6) for m in ("I2V-01-Director", "I2V-01-live", "I2V-01")),
    *(("MiniMax-Hailuo-02", "last_frame", r, 6) for r in ("512P", "768P", "1080P")),
    ("S2V-01", "subject", None, None),
    ("S2V-01", "subject", None, 6),
]


@pytest.mark.parametrize("row", MINIMAX_TABLE, ids=str)
@pytest.mark.parametrize("fast", [None, True, False])
def test_minimax_document(row: tuple[str, str | None, str | None, int | None], fast: bool | None) -> None:  # noqa: FBT001 - pytest names it
    """Every row of the MiniMax document's tables, with its common parameters, which are those of all modes."""
    model, picture, resolution, duration = row
    pictures = {picture: LINK} if picture else {}
    if picture == "last_frame":
        pictures["first_frame"] = LINK
    problems = found(
        "minimax",
        "f" * 2000,
        model=model,
        resolution=resolution,
        duration=duration,
        prompt_optimizer=True,
        fast_pretreatment=fast,
        watermark=True,
        callback_url="http://me.example/hook",
        **pictures,
    )
    assert "error" not in {severity for severity, _ in problems}


@pytest.mark.parametrize("row", FACTS["minimax"].templates, ids=lambda row: row.english)
def test_minimax_templates(row: Any) -> None:
    """Each template passes with what it needs, by its id and by both of its names."""
    needed = {"first_frame": LINK if row.picture else None, "text": "Lion" if row.text else None}
    for word in (row.id, row.english, row.chinese):
        assert found("minimax", "", template=word, **needed) == []


def test_kkiai_document() -> None:
    """Both models, every resolution at 6 s and 768P at 10 s, and every field of the document's table."""
    for model, (resolution, duration), image in itertools.product(
        ("MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02"),
        (("720P", 6), ("768P", 6), ("1080P", 6), ("768P", 10)),
        (None, LINK),
    ):
        problems = found(
            "kkiai",
            "a fox [Rise], [Lower], [Follow], [Static]",
            model=model,
            resolution=resolution,
            duration=duration,
            first_frame=image,
            prompt_optimizer=True,
            fast_pretreatment=True,
            callback_url="https://me.example/hook",
            watermark=True,
        )
        assert "error" not in {severity for severity, _ in problems}


def test_pixazo_document() -> None:
    """Any pair of the document's durations and resolutions."""
    for duration, resolution in itertools.product((6, 10), ("768P", "1080P")):
        problems = found("pixazo", "f" * 2000, duration=duration, resolution=resolution, first_frame=LOCAL)
        assert "error" not in {severity for severity, _ in problems}


def test_runware_document() -> None:
    """Any size, one or two frames of either end, and the bounds of every option."""
    for frames in ({}, {"first_frame": LINK}, {"last_frame": LINK}, {"first_frame": LOCAL, "last_frame": LINK}):
        for size in ({}, {"width": 1024, "height": 768}, {"width": 1920, "height": 1080}):
            for number, quality in ((1, 20), (20, 99)):
                options = {
                    "numberResults": number,
                    "outputQuality": quality,
                    "outputFormat": "MP4",
                    "ttl": 60,
                    "uploadEndpoint": "https://bucket.example/put",
                    "safety.checkContent": False,
                    "safety.mode": "none",
                }
                problems = found("runware", "go", prompt_optimizer=True, options=options, **frames, **size)
                assert "error" not in {severity for severity, _ in problems}


# -- each rule once -----------------------------------------------------------------------------------------------

BIG = replace(LOCAL, data=b"x" * (20 * 1024 * 1024))
RULES: list[tuple[str, dict[str, Any], str, str, str]] = [
    # provider, what is asked for, severity, argument, a part of the message
    ("minimax", {"prompt": " "}, "error", "prompt", "empty"),
    ("runware", {"prompt": "f"}, "error", "prompt", "too short"),
    ("kie", {"prompt": "", "first_frame": LINK}, "error", "prompt", "empty"),
    ("minimax", {"prompt": "f" * 2001}, "error", "prompt", "at most 2000"),
    ("kie", {"prompt": "f" * 801}, "error", "prompt", "at most 800"),
    ("minimax", {"prompt": "a\0b"}, "error", "prompt", "NUL character at position 1"),
    ("minimax", {"prompt": "a\ud800b"}, "error", "prompt", "surrogate"),
    ("minimax", {"prompt": "[Push in]", "model": "T2V-01"}, "warning", "prompt", "does not obey"),
    ("minimax", {"prompt": "[Push in]", "prompt_optimizer": True}, "warning", "prompt_optimizer", "rewrite"),
    ("minimax", {"prompt": "[Push inn]"}, "warning", "prompt", "no camera instruction"),
    ("kie", {"model": "minimax-hailuo-2-3-fast"}, "error", "model", "does not do text_to_video"),
    ("minimax", {"model": "T2V-01", "first_frame": LINK}, "error", "model", "does not do image_to_video"),
    ("kie", {"subject": LINK}, "error", "model", "does not do subject_to_video"),
    ("minimax", {"resolution": "4K"}, "error", "resolution", "takes 768P, 1080P"),
    ("minimax", {"resolution": "768P", "model": "S2V-01", "subject": LINK}, "error", "resolution", "takes none"),
    ("runware", {"resolution": "4K", "first_frame": LINK}, "error", "resolution", "takes 768P, 1080P"),
    ("runware", {"resolution": "4K"}, "error", "resolution", "takes 768P, 1080P"),
    ("minimax", {"duration": 10, "resolution": "1080P"}, "error", "duration", "at 1080P takes 6 (seconds)"),
    ("kie", {"duration": 7}, "error", "duration", "takes 6, 8, 10"),
    ("runware", {"duration": 7, "first_frame": LINK}, "error", "duration", "minimax:3@1 takes 6, 10"),
    ("minimax", {"model": "S2V-01", "subject": LINK, "duration": 6}, "warning", "duration", "not sent"),
    ("kie", {"duration": 8}, "warning", "duration", "8 s"),
    ("minimax", {"model": "MiniMax-Hailuo-2.3-Fast"}, "warning", "model", "without a first frame"),
    ("minimax", {"seed": 7}, "error", "seed", "replicates"),
    ("runware", {"seed": 7}, "error", "seed", "takes no seed"),
    ("kie", {"seed": 100_000}, "error", "seed", "-1 to 99999"),
    ("kie", {"seed": -2}, "error", "seed", "-1 is random"),
    ("kie", {"seed": 7, "model": "minimax-hailuo-2-3-fast", "first_frame": LINK}, "warning", "seed", "Fast"),
    ("kie", {"aspect_ratio": "4:3"}, "error", "aspect_ratio", "16:9, 9:16, 1:1"),
    ("minimax", {"aspect_ratio": "16:9"}, "error", "aspect_ratio", "none"),
    ("minimax", {"width": 1366, "height": 768}, "error", "width", "takes no width"),
    ("runware", {"width": 1366}, "error", "width", "go together"),
    ("runware", {"width": 0, "height": 768}, "error", "width", "positive"),
    ("runware", {"width": 864, "height": 486}, "warning", "width", "names no sizes"),
    ("runware", {"width": 1366, "height": 768, "resolution": "1080P"}, "warning", "resolution", "is not"),
    ("minimax", {"model": "MiniMax-Hailuo-02", "last_frame": LINK}, "error", "last_frame", "needs a first_frame"),
    ("runware", {"last_frame": LINK}, "warning", "last_frame", "wants both"),
    ("minimax", {"model": "S2V-01", "subject": LINK, "first_frame": LINK}, "error", "subject", "neither"),
    ("minimax", {"first_frame": replace(LINK, url="ftp://a/b")}, "error", "first_frame", "http"),
    ("minimax", {"first_frame": replace(LINK, url="http://[::1")}, "error", "first_frame", "http"),
    ("kie", {"first_frame": LOCAL}, "error", "first_frame", "URL alone"),
    ("minimax", {"first_frame": replace(LOCAL, media_type="image/gif")}, "error", "first_frame", "is GIF"),
    ("minimax", {"first_frame": BIG}, "error", "first_frame", "MB"),
    ("minimax", {"first_frame": replace(LOCAL, width=400, height=300)}, "error", "first_frame", "over 300"),
    ("minimax", {"first_frame": replace(LOCAL, width=301, height=1000)}, "error", "first_frame", "2:5 to 5:2"),
    ("kie", {"prompt_optimizer": True}, "error", "prompt_optimizer", "no prompt optimizer"),
    ("kie", {"watermark": False}, "error", "watermark", "no watermark"),
    ("minimax", {"text": "Lion"}, "error", "text", "templates alone"),
    ("runware", {"fast_pretreatment": False}, "error", "fast_pretreatment", "takes no"),
    ("minimax", {"fast_pretreatment": True, "model": "T2V-01"}, "warning", "fast_pretreatment", "works with"),
    ("minimax", {"callback_url": "me.example"}, "error", "callback_url", "no URL"),
    ("minimax", {"callback_url": "https://[x"}, "error", "callback_url", "no URL"),
    ("minimax", {"options": {"ttl": 60}}, "error", "options", "takes none"),
    ("runware", {"options": {"tll": 60}}, "error", "options", "takes numberResults"),
    ("runware", {"options": {"ttl": 59}}, "error", "options", "60 and more"),
    ("runware", {"options": {"ttl": True}}, "error", "options", "to be int"),
    ("runware", {"options": {"numberResults": 21}}, "error", "options", "1 to 20"),
    ("runware", {"options": {"outputFormat": "GIF"}}, "error", "options", "MP4, WEBM, MOV"),
    ("runware", {"options": {"outputFormat": "WEBM"}}, "warning", "options", "billed"),
    ("minimax", {"template": "Divving", "first_frame": LINK}, "error", "template", "not known"),
    ("minimax", {"template": "399999999999999999"}, "warning", "template", "as it is"),
    ("kie", {"template": "Diving"}, "error", "template", "no templates"),
    ("minimax", {"prompt": "", "template": "Diving"}, "error", "first_frame", "a person"),
    ("minimax", {"prompt": "", "template": "Helpless Moments"}, "error", "text", "painfully"),
    (
        "minimax",
        {"prompt": "", "template": "Diving", "first_frame": LINK, "text": "x"},
        "error",
        "text",
        "takes no text",
    ),
    (
        "minimax",
        {"prompt": "", "template": "Diving", "first_frame": LINK, "last_frame": LINK},
        "error",
        "last_frame",
        "first_frame alone",
    ),
    ("minimax", {"template": "Diving", "first_frame": LINK}, "warning", "prompt", "not sent"),
    (
        "minimax",
        {"prompt": "", "template": "Diving", "first_frame": LINK, "resolution": "1080P"},
        "warning",
        "resolution",
        "not sent",
    ),
    (
        "minimax",
        {"prompt": "", "template": "Diving", "first_frame": LINK, "prompt_optimizer": True},
        "warning",
        "prompt_optimizer",
        "not sent",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule[0]}-{rule[3]}-{rule[4]}")
def test_each_rule(rule: tuple[str, dict[str, Any], str, str, str]) -> None:
    """The problem is found, is about its argument, and says what to do."""
    label, fields, severity, argument, part = rule
    problems = check(asked(label, **fields), FACTS[label])
    matching = [p for p in problems if (p.severity, p.argument) == (severity, argument) and part in p.message]
    assert len(matching) == 1, problems
    assert severity == "warning" or matching[0].hint
    others = [p for p in problems if p.severity == "error" and p not in matching]
    assert severity == "error" or not others, others


def test_a_random_seed_promises_nothing() -> None:
    """The doubt about Fast's seeds is about a seed that was chosen, not about -1."""
    fast = {"model": "minimax-hailuo-2-3-fast", "first_frame": LINK}
    assert found("kie", seed=-1, **fast) == []
    assert found("kie", seed=0, **fast) == [("warning", "seed")]


def test_bounds_of_images() -> None:
    """The largest and the smallest picture that the document allows pass; one that does not is named as given."""
    edge = replace(LOCAL, data=BIG.data and BIG.data[:-1], width=301, height=752)
    assert found("minimax", first_frame=edge) == []
    small = replace(LOCAL, name="'fox.png'", width=40, height=30)
    (problem,) = check(asked("minimax", first_frame=small), FACTS["minimax"])
    assert problem.message.startswith("first_frame='fox.png' is 40×30")


# -- defaults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "model", "mode", "given_fields", "filled"),
    [
        ("minimax", "MiniMax-Hailuo-2.3", "text_to_video", {}, ("768P", 6)),
        ("minimax", "T2V-01", "text_to_video", {}, ("720P", 6)),
        ("minimax", "S2V-01", "subject_to_video", {}, (None, None)),
        ("kie", "minimax-hailuo-02", "text_to_video", {"resolution": "1080p"}, ("1080P", 6)),
        ("kie", "minimax-hailuo-02", "text_to_video", {"resolution": "9k"}, ("9k", None)),
        ("runware", "minimax:3@1", "text_to_video", {}, ("768P", 6)),
        ("runware", "minimax:3@1", "image_to_video", {}, (None, 6)),
        ("runware", "minimax:3@1", "image_to_video", {"resolution": "1080p"}, ("1080P", 6)),
        ("runware", "minimax:3@1", "text_to_video", {"size": (1920, 1080)}, ("1080P", 6)),
        ("runware", "minimax:3@1", "text_to_video", {"size": (640, 480)}, (None, 6)),
        ("runware", "minimax:3@1", "text_to_video", {"duration": 10}, ("768P", 10)),
    ],
)
def test_defaults(
    label: str, model: str, mode: str, given_fields: dict[str, Any], filled: tuple[str | None, int | None]
) -> None:
    """Resolution and duration as they will be; one that the provider chooses stays unsaid."""
    assert FACTS[label].fill_in(model, mode, **given_fields) == filled


def test_kie_prices() -> None:
    """The document's credits, by length; kkiai and the older jobs have no known price, and none is 0."""
    facts = FACTS["kie"]
    for model, credit in (("02", (45, 60, 60)), ("2.3", (52.5, 70, 70)), ("2.3-fast", (37.5, 50, 50))):
        name = facts.find_model(model, "image_to_video").name  # type: ignore[union-attr] - it is there
        for duration, amount in zip((6, 8, 10), credit, strict=True):
            price = facts.price(name, "1080P", duration)
            assert price is not None
            assert (price.micros, price.currency) == (amount * 1_000_000, "credits")
    assert not [p for p in FACTS["kie-jobs"].prices if p.model is None or p.model.startswith("hailuo/")]
    assert not FACTS["kkiai"].prices


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_none(text: str) -> None:
    """Asking never raises."""
    assert is_web_url(f"https://a.example/{text.encode('ascii', 'ignore').hex()}")
    assert isinstance(is_web_url(text), bool)
    assert isinstance(is_web_url(f"http://{text}"), bool)
