"""Tests of provider accounts: whose key is found under which name, and what the simulator answers for."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.providers import keys_frame
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import AuthError, MissingKey, UsageError
from hailuo_widgets.provider import Code, HttpReply, open_provider, registry
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.provider.pixazo import Pixazo
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.provider import Provider


class Toy(Pixazo):
    """A provider of another package, with key variables of its own, which the simulator does not speak."""

    facts = replace(
        Pixazo.facts,
        name="toy",
        title="Toy",
        base_url="https://toy.example",
        hosts=(),
        key_variables=("TOY_TOKEN", "TOY_API_KEY"),
        base_url_variable="TOY_URL",
        simulated=False,
    )


def make(settings: Settings) -> Provider:
    """The entry point."""
    del settings
    return Toy()


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUNDLED, "toy", f"{__name__}:make")
    for name in ("TOY_TOKEN", "TOY_API_KEY", "TOY_URL"):
        monkeypatch.delenv(name, raising=False)


def accounts(**settings: Any) -> Accounts:
    """The accounts of a session with these settings."""
    return Accounts(Settings.resolve(settings, environ={}))


@pytest.mark.parametrize("mode", ["auto", "simulated"])
def test_the_simulator_does_not_answer_for_a_provider_that_it_does_not_speak(mode: str) -> None:
    """Without a key, or in simulated mode, it is said so, with the providers that can be simulated and the key."""
    toy = accounts(mode=mode)
    with pytest.raises(UsageError, match=r"does not speak this provider's API; it speaks minimax, kie, ") as caught:
        toy.origin(toy.provider("toy"))
    assert "toy" not in caught.value.message.split("it speaks")[1]
    assert "TOY_TOKEN" in str(caught.value.hint)
    assert "TOY_URL" in str(caught.value.hint)
    assert caught.value.problems[0].argument == "provider"


def test_a_simulator_of_its_own_answers_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base URL on this machine names one."""
    monkeypatch.setenv("TOY_URL", "http://127.0.0.1:9")
    toy = accounts(mode="simulated")
    assert toy.origin(toy.provider("toy")) == SIMULATOR
    assert toy.simulator_url("toy") == "http://127.0.0.1:9"


def test_a_key_sends_it_to_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key under any of its names, a run goes to the provider, at the address that its own variable gives."""
    toy = accounts(mode="auto")
    monkeypatch.setenv("TOY_API_KEY", "t-second")
    assert toy.origin(toy.provider("toy")) == "https://toy.example"
    monkeypatch.setenv("TOY_URL", "https://mirror.example/")
    assert toy.origin(toy.provider("toy")) == "https://mirror.example"


def test_the_first_name_that_is_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are tried in the order of the provider's facts."""
    facts = Toy.facts
    monkeypatch.setenv("TOY_API_KEY", "t-second")
    found = Accounts.key(facts)
    assert found is not None
    assert found.reveal() == "t-second"
    monkeypatch.setenv("TOY_TOKEN", "t-first")
    found = Accounts.key(facts)
    assert found is not None
    assert found.reveal() == "t-first"


def test_a_far_place_is_asked_only_when_no_near_one_has_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring may open a window: it is not asked for the first name while the second one is set."""
    asked: list[str] = []
    keyring: Any = ModuleType("keyring")
    keyring.get_password = lambda _service, name: asked.append(name)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setenv("TOY_API_KEY", "t-second")
    assert Accounts.key(Toy.facts) is not None
    assert asked == []
    monkeypatch.delenv("TOY_API_KEY")
    assert Accounts.key(Toy.facts) is None
    assert asked == ["TOY_TOKEN", "TOY_API_KEY"]


def test_hints_and_tables_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or refused key is told by the provider's own variable, and the table by the one that was found."""
    live = accounts(mode="live")
    with pytest.raises(MissingKey, match="TOY_TOKEN is not set"):
        live.origin(live.provider("toy"))
    refused = Toy().error(Code(error=AuthError, meaning="refused"), code="1", said=None)
    assert "TOY_TOKEN" in str(refused.hint)
    page = HttpReply(status=404, headers={"content-type": "text/html"}, body=b"<html>")
    fault = Toy().http_fault(page)
    assert fault is not None
    assert "TOY_URL" in str(fault.hint)

    def row() -> dict[str, Any]:
        frame = keys_frame(live)
        return dict(frame[frame["provider"] == "toy"].iloc[0])

    assert (row()["variable"], row()["state"]) == ("TOY_TOKEN", "not set: the simulator does not speak this provider")
    monkeypatch.setenv("TOY_API_KEY", "t-second")
    assert (row()["variable"], row()["state"]) == ("TOY_API_KEY", "set: environment")


def test_variables_follow_from_the_name_unless_given() -> None:
    """A provider that gives none has the names that it always had."""
    facts = open_provider("minimax", Settings.resolve({}, environ={})).facts
    assert (facts.key_variables, facts.base_url_variable) == (("MINIMAX_API_KEY",), "MINIMAX_BASE_URL")


@pytest.mark.parametrize("name", BUNDLED)
def test_a_misspelled_key_or_base_url_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key under a misspelled name would make simulated clips, and such a base URL would send to another host."""
    upper = name.upper()
    monkeypatch.setenv(f"{upper}_API_KYE", "sk-CANARY")
    for mode in ("auto", "live"):
        found = accounts(mode=mode)
        with pytest.raises(UsageError, match=f"{upper}_API_KYE .*did you mean {upper}_API_KEY") as caught:
            found.origin(found.provider(name))
        assert "CANARY" not in str(caught.value)
    simulated = accounts(mode="simulated")
    assert simulated.origin(simulated.provider(name)) == SIMULATOR
    state = keys_frame(simulated).set_index("provider")["state"]
    assert state[name] == f"not set: {upper}_API_KYE is read by nothing"
    monkeypatch.setenv(f"{upper}_API_KEY", "sk-CANARY")
    live = accounts(mode="live")
    documented = live.provider(name).facts.base_url
    with monkeypatch.context() as own:
        if not documented:  # a relay has no address but the user's
            own.setenv(f"{upper}_BASE_URL", "https://own.example")
        assert live.origin(live.provider(name)) == (documented or "https://own.example")
    monkeypatch.setenv(f"{upper}_BASE_ULR", "https://elsewhere.example")
    with pytest.raises(UsageError, match=f"{upper}_BASE_ULR .*did you mean {upper}_BASE_URL"):
        live.origin(live.provider(name))


@pytest.mark.parametrize("other", ["MINIMAX_API_HOST", "MINIMAX_GROUP_ID", "MINIMAX_MCP_BASE_PATH", "MINIMAX_KEY_ID"])
def test_another_programs_variable_is_left_alone(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What isn't one slip away from the key or the base URL may be anybody's."""
    monkeypatch.setenv(other, "x")
    auto = accounts(mode="auto")
    assert auto.origin(auto.provider("minimax")) == SIMULATOR


def fail(settings: Settings) -> Provider:
    """The entry point of a package that is broken."""
    raise RuntimeError(f"no module of {settings.provider}")


@pytest.mark.parametrize("broken", [f"{__name__}:fail", "no_such_module:make", f"{__name__}:Nothing"])
def test_another_packages_broken_provider_is_left_out(
    broken: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It takes no table of the other providers down, and is named once; opened by name, its package is named."""
    point = EntryPoint("broken", broken, registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: EntryPoints([point]))
    said: list[str] = []
    with closing(Session(home=tmp_path, mode="simulated", notice=said.append)) as session:
        for table in (session.providers, session.models, session.templates):
            assert "broken" not in set(table()["provider"])
        keys_frame(session.accounts)
        session.callback_formats()
        (line,) = [line for line in said if "broken" in line]
        assert "is left out" in line
        with pytest.raises(UsageError, match=r"provider='broken' of the package .* can't be opened"):
            session.plan("a fox", provider="broken")
        with pytest.raises(UsageError, match="can't be opened"):
            session.models("broken")
        with pytest.raises(UsageError, match="provider"):
            session.models(["minimax"])  # type: ignore[arg-type]
