"""Tests of API keys: where they are looked up, how they are asked for, and that a cell can't contain one."""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.error import StdinNotImplementedError

import hailuo_widgets as hw
from hailuo_widgets.api.functions import default_session
from hailuo_widgets.magics.commands import command
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings import credentials as keys
from hailuo_widgets.settings.credentials import find_key, look_up, refuse_typed_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "MINIMAX_API_KEY"


class Wallet:
    """Stands for the system's keyring and Colab's side bar."""

    def __init__(self) -> None:
        self.keyring: dict[tuple[str, str], str] = {}
        self.colab: dict[str, str] = {}
        self.failure: Exception | None = None
        self.asked: list[str] = []

    def get_password(self, service: str, name: str) -> str | None:
        """As ``keyring`` has it."""
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure
        return self.keyring.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        """As ``keyring`` has it."""
        if self.failure is not None:
            raise self.failure
        self.keyring[service, name] = value

    def get(self, name: str) -> str:
        """As ``google.colab.userdata`` has it; a secret that is not there is an error there."""
        if self.failure is not None:
            raise self.failure
        return self.colab[name]


@pytest.fixture
def wallet(monkeypatch: pytest.MonkeyPatch) -> Wallet:
    """A keyring and a Colab in this process."""
    made = Wallet()
    keyring: Any = ModuleType("keyring")
    keyring.get_password, keyring.set_password = made.get_password, made.set_password
    google, colab = ModuleType("google"), ModuleType("google.colab")
    userdata: Any = ModuleType("google.colab.userdata")
    userdata.get = made.get
    colab.userdata = userdata  # type: ignore[attr-defined]  # a module made for this test
    for module in (keyring, google, colab, userdata):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str | Exception], list[str]]:
    """Sets what is typed at a prompt, or what the prompt fails with; gives the prompts that were shown."""
    monkeypatch.setenv("HAILUO_HOME", str(tmp_path / "home"))

    def set_to(answer: str | Exception) -> list[str]:
        prompts: list[str] = []

        def asked(prompt: str = "") -> str:
            prompts.append(prompt)
            if isinstance(answer, Warning):
                warnings.warn(answer, stacklevel=1)
                return "shown as it was typed"
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(getpass, "getpass", asked)
        return prompts

    return set_to


def place(**options: Any) -> str | None:
    """Where the key is found."""
    found = look_up(NAME, **options)
    return None if found is None else f"{found.place}: {found.key.reveal()}"


def test_order_of_places(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed in this process, then the environment, then the keyring, then Colab."""
    assert place() is None
    wallet.colab[NAME] = "sk-colab"
    assert place(anew=True) == "Colab's secrets: sk-colab"
    wallet.keyring["hailuo-widgets", NAME] = "sk-ring"
    assert place(anew=True) == "keyring: sk-ring"
    monkeypatch.setenv(NAME, "sk-env")
    assert place() == "environment: sk-env"
    keys.keep_key(NAME, Secret("sk-typed"))
    assert place() == "this process (hw.set_key): sk-typed"


def test_far_places_are_asked_once(wallet: Wallet) -> None:
    """A keyring is not asked at every request: a second look costs nothing, found or not."""
    assert find_key("minimax") is None
    assert find_key("minimax") is None
    assert wallet.asked == [NAME]


def test_a_given_environment_is_all(wallet: Wallet) -> None:
    """With ``environ`` no other place is looked at."""
    wallet.keyring["hailuo-widgets", NAME] = "sk-ring"
    keys.keep_key(NAME, Secret("sk-typed"))
    assert find_key("minimax", {}) is None
    assert wallet.asked == []


@pytest.mark.parametrize("failure", [RuntimeError("no backend"), TimeoutError("nobody answered"), KeyError("denied")])
def test_places_that_fail_are_passed_over(
    wallet: Wallet, failure: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """A keyring without a backend and a Colab that says no are like none, without a word."""
    wallet.failure = failure
    assert find_key("minimax") is None
    assert capsys.readouterr() == ("", "")


def test_without_keyring_and_colab(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither package is installed there is just no key."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setitem(sys.modules, "google.colab", None)
    assert find_key("minimax") is None


def test_an_unusable_key_names_its_place(wallet: Wallet) -> None:
    """What a keyring has and cannot be a key is refused with the place's name, unseen."""
    wallet.keyring["hailuo-widgets", NAME] = "sk-CANARY é"
    with pytest.raises(hw.UsageError, match=r"MINIMAX_API_KEY \(keyring\) holds blanks") as caught:
        find_key("minimax")
    assert "CANARY" not in str(caught.value)


def test_set_key(
    typed: Callable[[str | Exception], list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is typed is used from then on, before the environment, and neither printed nor put into the environment."""
    prompts = typed(" Bearer sk-CANARY\n")
    monkeypatch.setenv(NAME, "sk-old")
    assert hw.set_key("MiniMax") is None  # type: ignore[func-returns-value]  # a value would be the cell's output
    assert prompts == ["MINIMAX_API_KEY (it is not shown): "]
    assert place() == "this process (hw.set_key): sk-CANARY"
    assert os.environ[NAME] == "sk-old"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (StdinNotImplementedError("no stdin"), "nobody can be asked for a key here"),
        (EOFError(), "nobody can be asked for a key here"),
        (getpass.GetPassWarning("may be echoed"), "nobody can be asked for a key here"),
        ("", "no key was typed: nothing is changed"),
        ("sk-CANARY sk-CANARY", r"what was typed\) holds blanks"),
    ],
)
def test_set_key_that_gets_no_key(
    typed: Callable[[str | Exception], list[str]], answer: str | Exception, says: str
) -> None:
    """Where nobody can be asked unseen, or nothing usable is typed, an error says so and nothing has changed."""
    typed(answer)
    with pytest.raises(hw.UsageError, match=says) as caught:
        hw.set_key("minimax")
    assert "CANARY" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert find_key("minimax") is None


def test_set_key_asks_for_known_providers_alone(typed: Callable[[str | Exception], list[str]]) -> None:
    """A wrong name is an error before anything is asked; a key in the name's place is not repeated."""
    prompts = typed("sk-x")
    with pytest.raises(hw.UsageError, match="did you mean 'minimax'"):
        hw.set_key("minmax")
    with pytest.raises(hw.UsageError, match="takes a provider's name") as caught:
        hw.set_key("sk-CANARY-0123456789-0123456789")
    assert "CANARY" not in str(caught.value)
    assert prompts == []


def test_remember(
    typed: Callable[[str | Exception], list[str]], wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``remember=True`` keeps the key in the keyring for later kernels."""
    typed("sk-kept")
    hw.set_key("minimax", remember=True)
    monkeypatch.setattr(keys, "_kept", {})  # as in a new process
    assert place() == "keyring: sk-kept"


def test_remember_without_a_keyring(typed: Callable[[str | Exception], list[str]], wallet: Wallet) -> None:
    """A keyring that refuses is told, without its own words; the key is used in this process all the same."""
    typed("sk-CANARY")
    wallet.failure = RuntimeError("cannot store sk-CANARY")
    with pytest.raises(hw.UsageError, match="kept for this process alone") as caught:
        hw.set_key("minimax", remember=True)
    assert "CANARY" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert place() == "this process (hw.set_key): sk-CANARY"


def test_keys_command(wallet: Wallet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``%hailuo keys`` says of each provider where its key is found now, and shows no part of one."""
    monkeypatch.setenv("HAILUO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KIE_API_KEY", "ke-CANARY")
    monkeypatch.setenv("PIXAZO_API_KEY", "ke-CANARY\nke-CANARY")
    assert find_key("runware") is None  # and what the keyring said of it is not kept
    wallet.keyring["hailuo-widgets", "RUNWARE_API_KEY"] = "ke-CANARY"
    keys.keep_key("KKIAI_API_KEY", Secret("ke-CANARY"))
    frame = command("keys", str)
    assert dict(zip(frame["provider"], frame["state"], strict=True)) == {
        "minimax": "not set: runs are simulated",
        "kie": "set: environment",
        "kkiai": "set: this process (hw.set_key)",
        "pixazo": "unusable: blanks or characters that no key has",
        "runware": "set: keyring",
        **dict.fromkeys(("fal", "replicate", "relay"), "not set: runs are simulated"),
    }
    assert "CANARY" not in frame.to_csv() + frame.to_html()
    default_session().close()


@pytest.mark.parametrize(
    "line",
    [
        "--key sk-CANARY",
        "--key=sk-CANARY",
        "--api-key sk-CANARY --model 2.3",
        "--model 2.3 --API_KEY 'sk-CANARY",
        "-key sk-CANARY",
        "--token sk-CANARY",
        "keys --key sk-CANARY",
    ],
)
def test_no_magic_takes_a_key(line: str) -> None:
    """A key on a magic's line is refused before anything else is, and not repeated."""
    for work in (parse_line, lambda words: command(words, str), refuse_typed_keys):
        with pytest.raises(hw.UsageError) as caught:
            work(line)
        assert caught.value.message == "a key does not belong in a notebook; use %hailuo keys / hw.set_key"
        assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["keys", "--option key=7", "--name my-key --tag key", "--monkey", "--first-frame --keys"]
)
def test_other_lines_are_not_taken_for_keys(line: str) -> None:
    """The word itself is no key."""
    refuse_typed_keys(line)
