"""Tests of a provider that sends our key back: it is stored and shown nowhere, and no clip is lost.

The fixture of this folder looks through all files and log lines after each test; here also what a user is shown.
"""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from conftest import KEY
from fake_provider import Act

from hailuo_widgets.redaction import redact as redaction
from hailuo_widgets.redaction.secret import Secret

if TYPE_CHECKING:
    from conftest import Begin, Scene

    from hailuo_widgets.workspace.run import Run

BASIC = base64.b64encode(f"user:{KEY}".encode()).decode()
SPELLED = {
    "as it is": KEY,
    "in capitals": KEY.upper(),
    "in a sentence": f"Incorrect API key provided: {KEY}. You can find your key at https://x.example.",
    "after Bearer": f"Authorization: Bearer {KEY}",
    "for a URL": quote(KEY.replace("-", "~"), safe="").replace("~", "%2D"),
    "for a URL, twice": KEY.replace("-", "%252d"),
    "for JSON": KEY.replace("-", "\\u002d"),
    "for JSON in JSON": json.dumps(json.dumps({"key": KEY.replace("s", "\\u0073")})),
    "for HTML": KEY.replace("-", "&#45;"),
    "for HTML, in hex": KEY.replace("-", "&#x2D;"),
    "each letter for a URL": "".join(f"%{ord(c):02X}" for c in KEY),
    "as hex": KEY.encode().hex(),
    "as Base64": base64.b64encode(KEY.encode()).decode(),
    "as Basic": f"Basic {BASIC}",
    "as Base64 for URLs": base64.urlsafe_b64encode(f"Bearer {KEY}".encode()).decode(),
}
PARTLY = {
    "its beginning": f"invalid key {KEY[:12]}",
    "its end": f"invalid key ending in {KEY[-10:]}",
    "its middle": f"key id {KEY[5:15]}",
    "masked": f"invalid key {KEY[:5]}****{KEY[-4:]}",
    "masked with dots": f"invalid key {KEY[:6]}...{KEY[-3:]}",
    "masked with one dot": f"invalid key {KEY[:4]}\u2026",
    "masked at its beginning": f"invalid key ****{KEY[-6:]}",
    "masked with x": f"invalid key {KEY[:3]}xxxxxxxx{KEY[-4:]}",
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is one that this process uses."""
    monkeypatch.setattr("hailuo_widgets.redaction.redact.used_keys", lambda: (Secret(KEY),))


def leaves(text: str) -> list[str]:
    """The pieces of six letters of the key, or of what it is coded as, that a text still has."""
    folded = text.casefold()
    codes = [KEY, KEY.encode().hex(), base64.b64encode(KEY.encode()).decode()[3:-3]]
    return [c[n : n + 6] for c in codes for n in range(len(c) - 5) if c[n : n + 6].casefold() in folded]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("how", SPELLED)
def test_a_whole_key_in_any_spelling(how: str) -> None:
    """Taken out of any text, and nothing else with it."""
    cleaned = redaction.redact_keys(f"before {SPELLED[how]} after")
    assert leaves(html.unescape(cleaned)) == []
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert redaction.GONE in cleaned


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("how", PARTLY)
def test_a_part_of_a_key(how: str) -> None:
    """Taken out of what people read."""
    cleaned = redaction.redact(f"{PARTLY[how]}; try again")
    assert leaves(cleaned) == []
    assert KEY[:4] not in cleaned
    assert not cleaned.removesuffix("; try again").endswith(KEY[-3:])
    assert cleaned.endswith("; try again")


SIGNED = [
    "cannot fetch https://oss.example/v.mp4?Expires=1&Signature=abcSECRETdef%3D&OSSAccessKeyId=SECRET",
    '{"url":"https:\\/\\/oss.example\\/v.mp4?X-Amz-Signature=SECRET"}',
    "cannot fetch https://user:SECRET@oss.example/v.mp4",
    "Signature=SECRET does not match",
    "https%3A%2F%2Foss.example%2Fv.mp4%3FSignature%3DSECRET",
    "oss://bucket/v.mp4?security-token=SECRET",
]


@pytest.mark.parametrize("text", SIGNED)
def test_what_signs_a_link(text: str) -> None:
    """Taken out of what people read; the place stays."""
    cleaned = redaction.redact(text)
    assert "SECRET" not in cleaned
    assert "oss.example" in cleaned or "oss" not in text or "bucket" in cleaned


@pytest.mark.usefixtures("known")
def test_other_words_stay_as_they_are() -> None:
    """Masks and numbers that are not of our key, dots, and addresses without a query."""
    text = "50 % ... of 'a fox' at https://api.example/v1 (2013), key id abc***xyz, wait\u2026 x-x, status 4****1"
    assert (redaction.redact(text), redaction.redact_keys(text)) == (text, text)


def echo(data: Any) -> Act:
    """A refusal whose body is this."""
    return Act(take=False, status=401, body=json.dumps(data).encode())


ECHOES: dict[str, tuple[str, Act, str]] = {
    "an error's words": ("create", echo({"error": {"message": SPELLED["in a sentence"]}}), "failed"),
    "an error's code": ("create", echo({"code": KEY, "message": KEY}), "failed"),
    "a masked key": ("create", echo({"message": f"{PARTLY['masked']} {PARTLY['its beginning']}"}), "failed"),
    "a proxy's page": (
        "create",
        Act(status=502, body=f"<html>{BASIC} {KEY}</html>".encode(), headers={"content-type": f"text/html; x={KEY}"}),
        "unconfirmed",
    ),
    "the trace id": ("create", Act(headers={"trace-id": KEY, "x-request-id": BASIC}), "succeeded"),
    "the trace id of a refusal": ("create", Act(take=False, status=400, headers={"trace-id": KEY}), "failed"),
    "a warning": (
        "create",
        Act(change=lambda d: {**d, "base_resp": {"status_code": 4711, "status_msg": f"{KEY} {KEY[:12]}"}}),
        "succeeded",
    ),
    "the task id": ("create", Act(change=lambda d: {**d, "task_id": KEY}), "unconfirmed"),
    "a status word": ("query", Act(change=lambda d: {**d, "status": f"{KEY} {KEY[:12]}"}), "succeeded"),
    "a failure": (
        "query",
        Act(change=lambda d: {**d, "status": "Fail", "base_resp": {"status_code": 1027, "status_msg": KEY}}),
        "failed",
    ),
    "a query's page": ("query", Act(status=502, body=KEY.encode()), "succeeded"),
    "the object store's words": (
        "download",
        Act(status=403, body=f"<Error><Code>X</Code><Message>{KEY} {KEY[:12]}</Message></Error>".encode()),
        "succeeded",
    ),
    "a redirect": ("query", Act(status=302, headers={"location": f"/x?key={KEY}"}, body=b""), "succeeded"),
}


def all_that_is_shown(scene: Scene, run: Run) -> str:
    """What a user can look at."""
    card = run.card
    told = [
        repr(run.record),
        str(run.error),
        str(run.events),
        repr(card),
        str(scene.session.runs().to_dict()),
        *scene.told,
    ]
    return " ".join(told)


@pytest.fixture
def shown(begin: Begin) -> Any:
    """Carries one run whose provider answers so, and gives it with all that is shown of it."""

    def carried(phase: str, *acts: Act) -> tuple[Run, str]:
        scene = begin().on(phase, *acts)
        run = scene.run()
        return run, all_that_is_shown(scene, run)

    return carried


@pytest.mark.parametrize("where", ECHOES)
def test_an_echoed_key_is_kept_and_shown_nowhere(shown: Any, where: str) -> None:
    """Whatever part of an answer holds it."""
    phase, act, status = ECHOES[where]
    run, text = shown(phase, act)
    assert run.status == status
    assert [form for form in (KEY, KEY[:12], KEY[-10:], BASIC) if form in text] == []


@pytest.mark.parametrize("spelled", [KEY, "".join(f"%{ord(c):02x}" for c in KEY)])
def test_a_link_that_has_the_key_still_brings_the_clip(begin: Begin, spelled: str) -> None:
    """A link of the provider's own with the key in its query is fetched with it, and kept without it."""
    scene = begin()

    def linked(d: dict[str, Any]) -> dict[str, Any]:
        return {**d, "file": {**d["file"], "download_url": f"{scene.fake_provider.url}/clips/1.mp4?key={spelled}&x=1"}}

    run = scene.on("retrieve", Act(change=linked)).run()
    assert (run.status, scene.fake_provider.of("download")[0].query["key"]) == ("succeeded", KEY)
    assert KEY not in all_that_is_shown(scene, run)
    assert spelled not in all_that_is_shown(scene, run)


def test_a_strangers_link_gets_no_key(begin: Begin, clip: bytes) -> None:
    """A link that leads elsewhere and had the key in it is asked for without it."""
    from fake_provider import FakeProvider

    with FakeProvider(clip) as stranger:
        scene = begin()

        def linked(d: dict[str, Any]) -> dict[str, Any]:
            return {**d, "file": {**d["file"], "download_url": f"{stranger.url}/clips/1.mp4?key={KEY}"}}

        run = scene.on("retrieve", Act(change=linked)).run()
        assert run.status == "succeeded"
        assert KEY not in str(stranger.calls)
