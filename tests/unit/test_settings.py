"""Tests of settings: the first place with a value decides, and keys are never shown."""

from __future__ import annotations

import copy
import pickle
import traceback
from pathlib import Path

import pytest

from hailuo_widgets.errors import UsageError
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.settings import SETTINGS, Settings, base_url, find_key

CANARY = "sk-CANARY-123456"


def test_order_of_places() -> None:
    """Argument before config before environment before default."""
    environ = {"HAILUO_PROVIDER": "runware", "HAILUO_TIMEOUT": "60", "HAILUO_HOME": "/tmp/x"}  # noqa: S108 - only a value
    s = Settings.resolve({"provider": "kie"}, {"provider": "pixazo", "timeout": 90.0}, environ)
    assert (s.provider, s.timeout, s.home, s.mode) == ("kie", 90.0, Path("/tmp/x"), "auto")  # noqa: S108 - only a value


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mode": "liv"}, "did you mean 'live'"),
        ({"timeot": 3}, "did you mean 'timeout'"),
        ({"timeout": "soon"}, "a number from 0.1 up"),
        ({"timeout": float("nan")}, "a number from 0.1 up"),
        ({"timeout": float("inf")}, "a number from 0.1 up"),
        ({"max_parallel": 0}, "a whole number from 1 up"),
        ({"archive": "s3://clips/here"}, "a local folder is allowed"),
        ({"home": "gs://clips"}, "a bucket can be mounted"),
        ({"budget": -1}, "a number from 0 up"),
        ({"kie_dialect": "job"}, "did you mean 'jobs'"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(given: dict[str, object], says: str) -> None:
    """The error names the setting, its value, what is allowed and the nearest spelling."""
    with pytest.raises(UsageError, match=says) as caught:
        Settings.resolve(given, environ={})
    assert next(iter(given)) in str(caught.value)


def slips(name: str) -> set[str]:
    """Slips of the finger in a variable's name: two neighbours exchanged, a letter missing, doubled, or small ones."""
    first, rest = name.split("_", 1)
    found = {name.lower()}
    for part, made in ((rest, lambda word: f"{first}_{word}"), (first, lambda word: f"{word}_{rest}")):
        for n in range(1, len(part) - 1):
            swapped = part[:n] + part[n + 1] + part[n] + part[n + 2 :]
            found |= {made(word) for word in (swapped, part[:n] + part[n + 1 :], part[:n] + part[n] + part[n:])}
    return {slip for slip in found if slip.count("_") >= name.count("_")} - {name}


@pytest.mark.parametrize("name", ["HAILUO_CONFIG", *(row.env for row in SETTINGS.values())])
def test_a_misspelled_variable_is_an_error(name: str) -> None:
    """Each slip in each variable's name is refused with the name that was meant; its value is not shown."""
    for slip in slips(name):
        with pytest.raises(UsageError, match=rf"^{slip} .*did you mean {name}\?") as caught:
            Settings.resolve(environ={slip: CANARY})
        assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "HAILUO_TOKEN",
        "HAILUO_HOST",
        "HAILUO_X",
        "HOME",
        "MODE",
        "KIE_WEBHOOK_KEY",
        "KIE_API_KEY",
        "PYTHON_STORE",
        "HAILUO",
    ],
)
def test_another_variable_is_none_of_ours(name: str) -> None:
    """A name that is no slip of one of ours belongs to somebody else, and so does an empty one."""
    assert Settings.resolve(environ={name: "x", "HAILUO_PROVDER": ""}) == Settings.resolve(environ={})


def test_every_setting_has_its_field_and_help() -> None:
    """The table of settings and the value's fields are the same set, and each row explains itself."""
    assert set(SETTINGS) == set(Settings.__dataclass_fields__)
    assert list(SETTINGS) == list(Settings.__dataclass_fields__)
    assert all(row.doc.endswith(".") and row.env for row in SETTINGS.values())


@pytest.mark.parametrize("written", [CANARY, f" {CANARY}\n", f"'{CANARY}'", f'"{CANARY}"', f"Bearer {CANARY}"])
def test_a_key_is_cleaned(written: str) -> None:
    """Blanks, quotes and a Bearer prefix around a key are not part of it."""
    key = find_key("minimax", {"MINIMAX_API_KEY": written})
    assert key is not None
    assert key.reveal() == CANARY


@pytest.mark.parametrize("written", [f"{CANARY} x", f"{CANARY}\nx", f"{CANARY}é"])
def test_what_cannot_be_a_key_is_refused_unseen(written: str) -> None:
    """A key with blanks, line breaks or letters outside ASCII is refused, and its value is not in the message."""
    with pytest.raises(UsageError) as caught:
        find_key("minimax", {"MINIMAX_API_KEY": written})
    assert "MINIMAX_API_KEY" in str(caught.value)
    assert "CANARY" not in str(caught.value)


def test_no_key() -> None:
    """A missing or empty variable is no key."""
    assert find_key("minimax", {}) is None
    assert find_key("minimax", {"MINIMAX_API_KEY": " "}) is None


def test_a_secret_shows_itself_nowhere() -> None:
    """Not in repr, str, format or a traceback with locals; it is neither pickled nor copied."""
    secret = Secret(CANARY)
    with pytest.raises(TypeError) as caught:
        pickle.dumps(secret)
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [repr(secret), str(secret), f"{secret}", repr([secret]), "".join(trace.format())]
    assert not [text for text in shown if CANARY in text]
    for forbidden in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            forbidden(secret)


@pytest.mark.parametrize("url", ["https://api.minimax.io", "http://127.0.0.1:8000", "http://localhost:1/"])
def test_good_base_urls(url: str) -> None:
    """Encrypted anywhere, plain to this machine alone; a slash at the end is dropped."""
    assert base_url("minimax", "https://x", {"MINIMAX_BASE_URL": url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.minimax.io",
        "https://u:p@host",
        "https://host?x=1",
        "ftp://host",
        "host",
        "https://",
        "https://[::1",
        "https://h:x",
    ],
)
def test_bad_base_urls(url: str) -> None:
    """Anything that a key must not be sent to is refused, with the variable's name."""
    with pytest.raises(UsageError, match="MINIMAX_BASE_URL"):
        base_url("minimax", "https://x", {"MINIMAX_BASE_URL": url})
