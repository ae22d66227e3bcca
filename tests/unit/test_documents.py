"""Tests of the providers' facts against the values of their documents, written by hand.

The documents are those of KIE.ai, MiniMax, kkiai, Pixazo and Runware; ``tests/wire/test_seeds.py`` lists their items.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.expected_duration import expect
from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.provider import open_provider
from hailuo_widgets.settings.settings import Settings

LINK = Image(name="fox.png", url="https://pictures.example/fox.png")
LOCAL = Image(name="fox.png", data=b"x" * 100, sha256="ab" * 32, media_type="image/png", width=1280, height=720)
FACTS = {
    name: open_provider(name, Settings.resolve({}, environ={})).facts
    for name in ("minimax", "kie", "kkiai", "pixazo", "runware")
}
H02, H23, FAST = "minimax-hailuo-02", "minimax-hailuo-2-3", "minimax-hailuo-2-3-fast"
MB = 1024 * 1024


def asked(provider: str, **fields: Any) -> Request:
    """A request with the provider's defaults filled in."""
    facts = FACTS[provider]
    bare = Request(prompt=fields.pop("prompt", "a fox"), provider=provider, model=fields.pop("model"), **fields)
    given = {"resolution": bare.resolution, "duration": bare.duration}
    resolution, duration = facts.fill_in(bare.model, bare.mode, **given)
    return replace(bare, resolution=resolution, duration=duration)


def said(provider: str, severity: str, **fields: Any) -> list[str]:
    """The messages of one severity."""
    return [p.message for p in check(asked(provider, **fields), FACTS[provider]) if p.severity == severity]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("kie", "https://api.kie.ai"),
        ("minimax", "https://api.minimaxi.com"),
        ("kkiai", "https://www.kkiai.com"),
        ("pixazo", "https://gateway.pixazo.ai"),
    ],
    ids=["kie", "minimax", "kkiai", "pixazo"],
)
def test_address(name: str, address: str) -> None:
    """The host of each document's endpoints; Runware's page names none."""
    assert FACTS[name].base_url == address


@pytest.mark.parametrize("name", ["kie", "minimax", "kkiai"])
def test_bearer(name: str) -> None:
    """The key stands after the word in the usual header; Pixazo's own header is tested with its wire."""
    auth = FACTS[name].auth
    assert (auth.header, auth.prefix) == ("Authorization", "Bearer ")


# -- models -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "model", "pictures", "obeyed"),
    [
        ("minimax", "MiniMax-Hailuo-2.3", (), True),
        ("minimax", "MiniMax-Hailuo-02", (), True),
        ("minimax", "T2V-01-Director", (), True),
        ("minimax", "I2V-01-Director", ("first_frame",), True),
        ("minimax", "T2V-01", (), False),
        ("minimax", "I2V-01", ("first_frame",), False),
        ("minimax", "I2V-01-live", ("first_frame",), False),
        ("minimax", "S2V-01", ("subject",), False),
        ("kie", H02, (), True),
        ("kkiai", "MiniMax-Hailuo-2.3", (), True),
        ("kkiai", "MiniMax-Hailuo-02", (), True),
        ("pixazo", "MiniMax-Hailuo-2.3-Fast", ("first_frame",), True),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else str(value),
)
def test_camera_instructions(provider: str, model: str, pictures: tuple[str, ...], obeyed: bool) -> None:  # noqa: FBT001 - pytest names it
    """A model that its document lists obeys them; at any other the user is told that they are plain text."""
    given = dict.fromkeys(pictures, LINK)
    warnings = said(provider, "warning", model=model, prompt="a fox [Push in]", **given)
    assert any("does not obey camera instructions" in text for text in warnings) is not obeyed


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        ("MiniMax-Hailuo-02", True),
        ("MiniMax-Hailuo-2.3", False),
        ("MiniMax-Hailuo-2.3-Fast", False),
        ("I2V-01-Director", False),
        ("I2V-01-live", False),
        ("I2V-01", False),
        ("S2V-01", False),
    ],
)
def test_a_last_frame(model: str, taken: bool) -> None:  # noqa: FBT001 - pytest names it
    """Of the MiniMax document's models, "only model supporting start-end frame"."""
    assert (said("minimax", "error", model=model, first_frame=LINK, last_frame=LINK) == []) is taken


@pytest.mark.parametrize(
    ("model", "modes"),
    [
        (H02, {"text_to_video", "image_to_video"}),
        (H23, {"text_to_video", "image_to_video"}),
        (FAST, {"image_to_video"}),
    ],
)
def test_kie_modes(model: str, modes: set[str]) -> None:
    """The two modes, or "I2V only"."""
    assert {offer.mode for offer in FACTS["kie"].offers if offer.model == model} == modes


@pytest.mark.parametrize(
    ("model", "resolution", "duration", "part"),
    [
        (H02, "768P", 10, None),
        (H23, "768P", 10, None),
        (H02, "1080P", 6, None),
        (H02, "1080P", 10, "10 s at standard resolutions alone"),
        (H23, "1080P", 10, "10 s at standard resolutions alone"),
        (FAST, "768P", 6, None),
        (FAST, "768P", 8, "6 s for Fast"),
        (FAST, "768P", 10, "6 s for Fast"),
        (FAST, "1080P", 6, "768p for Fast"),
    ],
)
def test_kie_contradictions(model: str, resolution: str, duration: int, part: str | None) -> None:
    """What the document lists in one place and excludes in another is sent with a warning that says so."""
    given = {"model": model, "resolution": resolution, "duration": duration, "first_frame": LINK}
    assert said("kie", "error", **given) == []
    warnings = said("kie", "warning", **given)
    assert len(warnings) == (part is not None)
    assert all(str(part) in text for text in warnings)


def test_kie_limits() -> None:
    """10 tasks at a time for each account, and 5 seconds between two polls."""
    assert (FACTS["kie"].max_concurrent, FACTS["kie"].poll_floor_s) == (10, 5.0)


def test_kie_fast_takes_55_seconds() -> None:
    """Before any run of it is in the log, Fast is expected to take what the document says; of 02 it says nothing."""
    expected = expect(asked("kie", model=FAST, first_frame=LINK), FACTS["kie"], [])
    assert expected is not None
    assert (expected.median_s, expected.source) == (55, "document")
    assert expect(asked("kie", model=H02), FACTS["kie"], []) is None


@pytest.mark.parametrize(("model", "cents"), [(H02, 6), (H23, 7), (FAST, 5)])
@pytest.mark.parametrize("duration", [6, 8, 10])
def test_kie_dollars_per_second(model: str, cents: int, duration: int) -> None:
    """The document's last column, beside the credits."""
    request = asked("kie", model=model, duration=duration, first_frame=LINK)
    assert FACTS["kie"].other_prices(request, None) == {"USD": cents * duration * 10_000}


def test_kie_pictures() -> None:
    """JPEG, PNG or WebP of at most 10 MB, each behind a public URL."""
    rules = FACTS["kie"].images
    assert (set(rules.formats), rules.max_bytes, rules.url_only) == ({"JPEG", "PNG", "WEBP"}, 10 * MB, True)


@pytest.mark.parametrize(
    ("provider", "model", "resolution", "duration"),
    [
        ("minimax", "MiniMax-Hailuo-2.3", "768P", 6),
        ("minimax", "MiniMax-Hailuo-2.3-Fast", "768P", 6),
        ("minimax", "MiniMax-Hailuo-02", "768P", 6),
        ("minimax", "T2V-01", "720P", 6),
        ("minimax", "T2V-01-Director", "720P", 6),
        ("kkiai", "MiniMax-Hailuo-2.3", "768P", 6),
        ("kkiai", "MiniMax-Hailuo-02", "768P", 6),
        ("pixazo", "MiniMax-Hailuo-2.3-Fast", "768P", 6),
    ],
)
def test_defaults(provider: str, model: str, resolution: str, duration: int) -> None:
    """What is left out is what the document names as its default."""
    given = {"first_frame": LINK} if provider == "pixazo" else {}
    request = asked(provider, model=model, **given)
    assert (request.resolution, request.duration) == (resolution, duration)


@pytest.mark.parametrize("model", ["MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02"])
@pytest.mark.parametrize(("resolution", "lengths"), [("720P", {6}), ("768P", {6, 10}), ("1080P", {6})])
def test_kkiai_lengths(model: str, resolution: str, lengths: set[int]) -> None:
    """10 s at 768P alone."""
    for duration in (6, 10):
        errors = said("kkiai", "error", model=model, resolution=resolution, duration=duration)
        assert (errors == []) is (duration in lengths)


# -- pictures -----------------------------------------------------------------------------------------------------


def ids_of(changes: dict[str, Any]) -> str:
    """A short name of what is changed; of bytes their number."""
    return " ".join(f"{k}={len(v) if isinstance(v, bytes) else v}" for k, v in changes.items())


PICTURED = {"minimax": "MiniMax-Hailuo-2.3", "pixazo": "MiniMax-Hailuo-2.3-Fast"}


@pytest.mark.parametrize("provider", PICTURED)
@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"media_type": "image/jpeg"}, True),
        ({"media_type": "image/png"}, True),
        ({"media_type": "image/webp"}, True),
        ({"media_type": "image/gif"}, False),
        ({"data": b"x" * (20 * MB - 1)}, True),
        ({"data": b"x" * (20 * MB)}, False),
        ({"width": 301, "height": 301}, True),
        ({"width": 301, "height": 300}, False),
        ({"width": 400, "height": 1000}, True),
        ({"width": 399, "height": 1000}, False),
        ({"width": 1000, "height": 400}, True),
        ({"width": 1001, "height": 400}, False),
    ],
    ids=lambda value: ids_of(value) if isinstance(value, dict) else None,
)
def test_pictures(provider: str, changes: dict[str, Any], allowed: bool) -> None:  # noqa: FBT001 - pytest names it
    """JPEG, PNG or WebP, under 20 MB, the short side over 300 pixels, from 2:5 to 5:2."""
    frame = replace(LOCAL, **changes)
    assert (said(provider, "error", model=PICTURED[provider], first_frame=frame) == []) is allowed


# -- MiniMax's templates ------------------------------------------------------------------------------------------

TEMPLATES = [
    ("Diving", "392753057216684038", True, False),
    ("Rings", "393881433990066176", True, False),
    ("Survival", "393769180141805569", True, True),
    ("Labubu", "394246956137422856", True, False),
    ("McDonald's Delivery", "393879757702918151", True, False),
    ("Tibetan Portrait", "393766210733957121", True, False),
    ("Female Model Ads", "393866076583718914", True, False),
    ("Male Model Ads", "393876118804459526", True, False),
    ("Winter Romance", "393857704283172856", True, False),
    ("Four Seasons", "398574688191234048", True, False),
    ("Helpless Moments", "394125185182695432", False, True),
]


@pytest.mark.parametrize(("name", "number", "image", "text"), TEMPLATES, ids=[row[0] for row in TEMPLATES])
def test_template(name: str, number: str, image: bool, text: bool) -> None:  # noqa: FBT001 - pytest names them
    """Its ID, and what it takes: an image, an image and a text, or a text only."""
    row = FACTS["minimax"].template(name)
    assert row is not None
    assert (row.id, row.english) == (number, name)
    assert (row.picture is not None, row.text is not None) == (image, text)


def test_there_are_no_other_templates() -> None:
    """The document's eleven."""
    assert [row.english for row in FACTS["minimax"].templates] == [name for name, *_ in TEMPLATES]
