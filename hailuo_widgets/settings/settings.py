"""Settings, from one table: their names, kinds, defaults and sources.

A setting is read when it is used. The first of these sources that has a value decides:

Argument > ``%config Hailuo.name`` > environment > the project's ``[tool.hailuo]`` > the user's file > default.

Keys are looked for in :mod:`hailuo_widgets.settings.credentials`; ``find_key`` is exported here too, because a key is
used together with the base URL that it is sent to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.redaction.passwords import shown_base
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.credentials import find_key
from hailuo_widgets.settings.files import project_file, user_file
from hailuo_widgets.settings.misspelled import refuse_misspelled
from hailuo_widgets.settings.value_types import (
    Amounts,
    Choice,
    Currency,
    Folder,
    Limit,
    Number,
    RateTable,
    Text,
    Url,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hailuo_widgets.settings.value_types import Kind

__all__ = [
    "SETTINGS",
    "KieDialect",
    "RunMode",
    "Secret",
    "Setting",
    "Settings",
    "base_url",
    "find_key",
    "follow_shell",
    "is_loopback",
    "shell_config",
]


class RunMode(StrEnum):
    """Where runs are sent: to the provider if its key is found and else to the simulator, or to one of the two."""

    AUTO = "auto"
    LIVE = "live"
    SIMULATED = "simulated"


class KieDialect(StrEnum):
    """The API of KIE that is spoken: that of its Minimax document, or of its job documents."""

    MINIMAX = "minimax"
    JOBS = "jobs"


_shells: list[Callable[[], Mapping[str, Any]]] = []  # at most one: the shell that %load_ext was called in


ASK_ABOVE_COST: Mapping[str, float] = {"USD": 3.0, "CNY": 20.0, "credits": 600.0}  # each about three dollars


def follow_shell(config: Callable[[], Mapping[str, Any]] | None) -> None:
    """Read the settings of a shell (``%config Hailuo``) from now on; None: of no shell."""
    _shells[:] = [] if config is None else [config]


def shell_config() -> dict[str, Any]:
    """The settings that ``%config Hailuo`` has given a value."""
    return {name: value for config in _shells for name, value in config().items()}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One row of the settings table.

    Args:
        name: The argument's name, and the name in ``%config Hailuo.name``.
        kind: The kind of its values; it checks them.
        default: Its value if no place has one; None if that is allowed.
        env: Its environment variable.
        doc: One or more sentences about it.
    """

    name: str
    kind: Kind
    default: Any
    env: str
    doc: str

    @property
    def pyproject(self) -> str:
        """Its key in a project's ``pyproject.toml``; a user's file has only the last part."""
        return f"tool.hailuo.{self.name}"

    def parse(self, value: Any) -> Any:
        """Check a value from any place, and return it in its type.

        Raises:
            UsageError: It is not allowed.
        """
        return None if value is None and self.default is None else self.kind.read(self.name, value)


SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting(
            name="provider",
            kind=Text(),
            default="minimax",
            env="HAILUO_PROVIDER",
            doc="The provider if none is named.",
        ),
        Setting(
            name="mode",
            kind=Choice(words=tuple(mode.value for mode in RunMode)),
            default=RunMode.AUTO.value,
            env="HAILUO_MODE",
            doc="auto: live if the provider's key is found, else simulated. live: a missing key is an error. "
            "simulated: never leaves the machine.",
        ),
        Setting(
            name="home",
            kind=Folder(),
            default="hailuo_runs",
            env="HAILUO_HOME",
            doc="The folder of the run log and the archive, beside the notebook.",
        ),
        Setting(
            name="store",
            kind=Url(),
            default=None,
            env="HAILUO_STORE",
            doc="The run log's SQLAlchemy URL; a SQLite file in home by default.",
        ),
        Setting(
            name="archive",
            kind=Folder(),
            default=None,
            env="HAILUO_ARCHIVE",
            doc="The folder of the MP4 files; videos/ in home by default.",
        ),
        Setting(
            name="poll_interval",
            kind=Number(low=0.01),
            default=None,
            env="HAILUO_POLL_INTERVAL",
            doc="Seconds between two polls of a run; learned from the log by default.",
        ),
        Setting(
            name="timeout",
            kind=Number(low=0.1),
            default=1800.0,
            env="HAILUO_TIMEOUT",
            doc="Seconds after which a run is no longer waited for. It is not lost: resume() takes it up.",
        ),
        Setting(
            name="max_parallel",
            kind=Number(low=1, whole=True),
            default=None,
            env="HAILUO_MAX_PARALLEL",
            doc="Runs in flight at once; the provider's limit by default.",
        ),
        Setting(
            name="budget",
            kind=Limit(),
            default=None,
            env="HAILUO_BUDGET",
            doc="What one session may spend: a number, which holds in currency if that is set and else in each "
            "provider's currency, or an amount such as 5 USD; no bound by default.",
        ),
        Setting(
            name="daily_budget",
            kind=Limit(),
            default=None,
            env="HAILUO_DAILY_BUDGET",
            doc="What all kernels on one store may spend in a day (UTC), given as budget is; no bound by default.",
        ),
        Setting(
            name="currency",
            kind=Currency(),
            default=None,
            env="HAILUO_CURRENCY",
            doc="Your own currency, for example USD: plans show their total in it, and budgets without a currency "
            "hold in it. Needs rates for the providers' currencies.",
        ),
        Setting(
            name="rates",
            kind=RateTable(),
            default=None,
            env="HAILUO_RATES",
            doc="What one unit of a provider's currency is worth in currency (in USD if that is not set): "
            "CNY=0.14,credits=0.005@2026-11-30, in Python and TOML also a table. A currency without a rate is "
            "never converted.",
        ),
        Setting(
            name="ask_above",
            kind=Number(low=0, whole=True),
            default=10,
            env="HAILUO_ASK_ABOVE",
            doc="More live runs than this at once need --yes (yes=True).",
        ),
        Setting(
            name="ask_above_cost",
            kind=Amounts(defaults=ASK_ABOVE_COST),
            default=ASK_ABOVE_COST,
            env="HAILUO_ASK_ABOVE_COST",
            doc="Live runs that would cost more than this need --yes (yes=True), and so do several at an unknown "
            "price. A number for each currency, or USD=3,CNY=20,credits=600 (the default); none: never.",
        ),
        Setting(
            name="simulator_speed",
            kind=Number(low=0.01),
            default=20.0,
            env="HAILUO_SIMULATOR_SPEED",
            doc="How many times faster than the documented generation times the bundled simulator is.",
        ),
        Setting(
            name="kie_dialect",
            kind=Choice(words=tuple(dialect.value for dialect in KieDialect)),
            default="minimax",
            env="KIE_DIALECT",
            doc="minimax: KIE's Minimax API document. jobs: KIE's public job documents, which H3 is made by in both.",
        ),
    )
}
"""The settings by name. Arguments, ``%config``, the environment, files and the documents' table are made from it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one session. Times are in seconds. A budget is a number, or an amount as ``5 USD``."""

    provider: str
    mode: str
    home: Path
    store: str | None
    archive: Path | None
    poll_interval: float | None
    timeout: float
    max_parallel: int | None
    budget: float | str | None
    daily_budget: float | str | None
    currency: str | None
    rates: Mapping[str, tuple[float, str | None]] | None
    ask_above: int
    ask_above_cost: Mapping[str, float] | None
    simulator_speed: float
    kie_dialect: str

    @classmethod
    def resolve(
        cls,
        arguments: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        """Read each setting from the first place that has it; see the module.

        Raises:
            UsageError: A name that is not a setting, a value that its setting does not allow, or a misspelled variable
                of the environment.
        """
        environ = os.environ if environ is None else environ
        arguments, config = arguments or {}, config or {}
        _refuse_unknown({**config, **arguments}, "")
        refuse_misspelled((*(row.env for row in SETTINGS.values()), "HAILUO_CONFIG"), environ)
        filed = _filed(environ)
        values: dict[str, Any] = {}
        for name, row in SETTINGS.items():
            places = (
                ("", arguments.get(name)),
                (f"%config Hailuo.{name}: ", config.get(name)),
                (f"{row.env} (environment): ", environ.get(row.env) or None),
                ("", filed.get(name, row.default)),
            )
            place, value = next((found for found in places if found[1] is not None), places[-1])
            values[name] = _parsed(row, value, place)
        return cls(**values)

    @property
    def archive_folder(self) -> Path:
        """The local folder of the clips."""
        return self.archive or self.home / "videos"

    @property
    def store_url(self) -> str:
        """The run log's SQLAlchemy URL."""
        return self.store or f"sqlite:///{self.home.absolute() / 'runs.sqlite3'}"


def _refuse_unknown(given: Mapping[str, Any], where: str) -> None:
    for name in given:
        if name not in SETTINGS:
            near = nearest(name, SETTINGS)
            key = "a key belongs into the environment or the keyring, never into a file: files are shared"
            raise UsageError(
                f"{where}{name!r} is no setting; allowed are {', '.join(SETTINGS)}",
                hint=key if where and "key" in name.lower() else f"did you mean {near!r}?" if near else None,
            )


def _parsed(row: Setting, value: Any, place: str) -> Any:
    """Return a setting's value from a place, which an error names.

    Raises:
        UsageError: It is not allowed.
    """
    try:
        return row.parse(value)
    except UsageError as e:
        raise UsageError(f"{place}{e.message}", argument=row.name, hint=e.hint) from None


def _filed(environ: Mapping[str, str]) -> dict[str, Any]:
    """The files' settings, the project's before the user's; checks every value, also one that is not used.

    Raises:
        UsageError: A file that cannot be read, a name that is not a setting, or a value that is not allowed.
    """
    found: dict[str, Any] = {}
    for file in (user_file(environ), project_file()):
        if file is None:
            continue
        _refuse_unknown(file.values, f"{file.name}: ")
        for name, value in file.values.items():
            _parsed(SETTINGS[name], value, f"{file.name}: ")
        found |= file.values
    return found


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    return (urlsplit(url).hostname or "") in {"127.0.0.1", "localhost", "::1"}


def _has_port(url: str) -> bool:
    """Whether a URL has a valid port or none; anything else in its place may be a password."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def base_url(
    provider: str, default: str, environ: Mapping[str, str] | None = None, *, variable: str | None = None
) -> str:
    """The provider's origin: ``<PROVIDER>_BASE_URL`` or the documented one, without a slash at its end.

    Args:
        provider: The provider's name.
        default: The documented origin.
        environ: Look here, instead of in the environment.
        variable: The variable's name, instead of ``<PROVIDER>_BASE_URL``.

    Raises:
        UsageError: It is not an https URL (http is allowed only to this machine), or has a user, query or fragment.
    """
    environ = os.environ if environ is None else environ
    name = variable or f"{provider.upper()}_BASE_URL"
    url = (environ.get(name) or default).strip().rstrip("/")
    if not url:
        raise UsageError(
            f"{name} is not set, and {provider} has no address of its own",
            provider=provider,
            hint=f"set {name} to the address that you use, like 'https://relay.example'",
        )
    if _has_port(url):
        parts = urlsplit(url)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        if parts.hostname and plain and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
            return url
    raise UsageError(
        f"{name}={shown_base(url)!r} is not a base URL: https://host is allowed (http:// to this machine alone), "
        "without user, query or fragment",
        provider=provider,
        hint=f"set {name} to a URL like {default!r}, or remove it",
    )
