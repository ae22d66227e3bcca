"""Settings, read when they are used, never at import; the first place that has one decides.

Argument > ``%config Hailuo.name`` > environment > the project's ``[tool.hailuo]`` > the user's file > default.

Keys are looked for in :mod:`hailuo_widgets.settings.credentials`; ``find_key`` is here too, because a key is asked for
together with the base URL that it is sent to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.redaction.passwords import PrivateUrl, shown_base
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.settings.credentials import find_key
from hailuo_widgets.settings.files import project_file, user_file

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "SETTINGS",
    "Secret",
    "Setting",
    "Settings",
    "base_url",
    "find_key",
    "follow_shell",
    "is_loopback",
    "shell_config",
]

_shells: list[Callable[[], Mapping[str, Any]]] = []  # the one that %load_ext was called in
MODES = ("auto", "live", "simulated")
KIE_DIALECTS = ("minimax", "jobs")


def _number(name: str, value: Any, *, low: float, whole: bool = False) -> float | int:
    try:
        number = int(str(value)) if whole else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or not low <= number < float("inf"):
        kind = "a whole number" if whole else "a number"
        raise UsageError(
            f"{name}={value!r}: {kind} from {low:g} up is allowed", hint=f"give {kind}, for example {name}=10"
        )
    return number


ASK_ABOVE_COST: Mapping[str, float] = {"USD": 3.0, "CNY": 20.0, "credits": 600.0}  # each about three dollars


def _bounds(name: str, value: Any) -> Mapping[str, float] | None:
    """Amounts by currency: those given, the defaults for the others; None where nothing is bounded."""
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in {"none", "off"}:
            return None
        if "=" in text:
            value = dict([part.strip() for part in pair.partition("=")[::2]] for pair in text.split(","))
    if not isinstance(value, Mapping):
        return dict.fromkeys(ASK_ABOVE_COST, float(_number(name, value, low=0)))
    known = {currency.casefold(): currency for currency in ASK_ABOVE_COST}
    found = dict(ASK_ABOVE_COST)
    for word, amount in value.items():
        currency = known.get(str(word).casefold())
        if currency is None:
            raise UsageError(
                f"{name}={value!r}: {word!r} is not a currency of a provider; allowed are {', '.join(ASK_ABOVE_COST)}",
                hint=f"for example {name}={{'USD': 3}}, or the text USD=3,CNY=20",
            )
        found[currency] = float(_number(f"{name}[{currency!r}]", amount, low=0))
    return found


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    word = str(value).strip()
    if word in allowed:
        return word
    near = nearest(word, allowed)
    raise UsageError(
        f"{name}={value!r}: allowed is {', '.join(allowed)}",
        hint=f"did you mean {near!r}?" if near else f"give {allowed[0]!r}",
    )


def _folder(name: str, value: Any) -> Path:
    if "://" in str(value):  # as a path it would be a folder called "s3:", here
        raise UsageError(
            f"{name}={str(value)!r} is a URL: a local folder is allowed, and no other kind yet",
            hint="give a folder; a bucket can be mounted as one, or get a copy of the folder afterwards",
        )
    return Path(value).expanduser()


def follow_shell(config: Callable[[], Mapping[str, Any]] | None) -> None:
    """Take settings of the second order from a shell (``%config Hailuo``); None: from none any more."""
    _shells[:] = [] if config is None else [config]


def shell_config() -> dict[str, Any]:
    """What ``%config Hailuo`` says now."""
    return {name: value for config in _shells for name, value in config().items()}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One row of the settings table: its name, environment variable, default, parser and a line of help."""

    name: str
    env: str
    default: Any
    parse: Callable[[Any], Any]
    help: str


SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        Setting(
            name="provider",
            env="HAILUO_PROVIDER",
            default="minimax",
            parse=str,
            help="The gateway where none is named.",
        ),
        Setting(
            name="mode",
            env="HAILUO_MODE",
            default="auto",
            parse=lambda v: _choice("mode", v, MODES),
            help="auto: live where the provider's key is found, else simulated. live: a missing key is an error. "
            "simulated: never leaves the machine.",
        ),
        Setting(
            name="home",
            env="HAILUO_HOME",
            default="hailuo_runs",
            parse=lambda v: _folder("home", v),
            help="The folder of the run log and the archive, beside the notebook.",
        ),
        Setting(
            name="store",
            env="HAILUO_STORE",
            default=None,
            parse=lambda v: None if v is None else PrivateUrl(v),
            help="The run log's SQLAlchemy URL; a SQLite file in home by default.",
        ),
        Setting(
            name="archive",
            env="HAILUO_ARCHIVE",
            default=None,
            parse=lambda v: None if v is None else _folder("archive", v),
            help="The folder of the MP4 files; videos/ in home by default.",
        ),
        Setting(
            name="poll_interval",
            env="HAILUO_POLL_INTERVAL",
            default=None,
            parse=lambda v: None if v is None else _number("poll_interval", v, low=0.01),
            help="Seconds between two polls of a run; learned from the log by default.",
        ),
        Setting(
            name="timeout",
            env="HAILUO_TIMEOUT",
            default=1800.0,
            parse=lambda v: _number("timeout", v, low=0.1),
            help="Seconds after which a run is no longer waited for. It is not lost: resume() takes it up.",
        ),
        Setting(
            name="max_parallel",
            env="HAILUO_MAX_PARALLEL",
            default=None,
            parse=lambda v: None if v is None else _number("max_parallel", v, low=1, whole=True),
            help="Runs in flight at once; the provider's limit by default.",
        ),
        Setting(
            name="budget",
            env="HAILUO_BUDGET",
            default=None,
            parse=lambda v: None if v is None else _number("budget", v, low=0),
            help="What one session may spend, in each provider's currency; no bound by default.",
        ),
        Setting(
            name="daily_budget",
            env="HAILUO_DAILY_BUDGET",
            default=None,
            parse=lambda v: None if v is None else _number("daily_budget", v, low=0),
            help="What all kernels on one store may spend in a day (UTC), in each provider's currency; no bound "
            "by default.",
        ),
        Setting(
            name="ask_above",
            env="HAILUO_ASK_ABOVE",
            default=10,
            parse=lambda v: _number("ask_above", v, low=0, whole=True),
            help="More live runs than this at once need --yes (yes=True).",
        ),
        Setting(
            name="ask_above_cost",
            env="HAILUO_ASK_ABOVE_COST",
            default=ASK_ABOVE_COST,
            parse=lambda v: _bounds("ask_above_cost", v),
            help="Live runs that would cost more than this need --yes (yes=True), and so do several at an unknown "
            "price. A number for each currency, or USD=3,CNY=20,credits=600 (the default); none: never.",
        ),
        Setting(
            name="simulator_speed",
            env="HAILUO_SIMULATOR_SPEED",
            default=20.0,
            parse=lambda v: _number("simulator_speed", v, low=0.01),
            help="How many times faster than the documented generation times the bundled simulator is.",
        ),
        Setting(
            name="kie_dialect",
            env="KIE_DIALECT",
            default="minimax",
            parse=lambda v: _choice("kie_dialect", v, KIE_DIALECTS),
            help="minimax: KIE's Minimax API document. jobs: KIE's public job documents.",
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one session goes by. Times are seconds, ``budget`` is in the provider's currency."""

    provider: str
    mode: str
    home: Path
    store: str | None
    archive: Path | None
    poll_interval: float | None
    timeout: float
    max_parallel: int | None
    budget: float | None
    daily_budget: float | None
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
        """Take each setting from the first place that has it; see the module.

        Raises:
            UsageError: A name that is no setting, or a value that its setting does not allow.
        """
        environ = os.environ if environ is None else environ
        given = {**{k: v for k, v in (config or {}).items() if v is not None}, **(arguments or {})}
        _refuse_unknown(given, "")
        filed = _filed(environ)
        values: dict[str, Any] = {}
        for name, row in SETTINGS.items():
            value = given.get(name)
            if value is None:
                value = environ.get(row.env) or filed.get(name, row.default)
            values[name] = row.parse(value)
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


def _filed(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the files set, the project's before the user's; each value is looked at, also one that is not used.

    Raises:
        UsageError: A file that cannot be read, a name that is no setting, or a value that is not allowed.
    """
    found: dict[str, Any] = {}
    for file in (user_file(environ), project_file()):
        if file is None:
            continue
        _refuse_unknown(file.values, f"{file.name}: ")
        for name, value in file.values.items():
            try:
                SETTINGS[name].parse(value)
            except UsageError as e:
                raise UsageError(f"{file.name}: {e.message}", hint=e.hint) from None
        found |= file.values
    return found


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    return (urlsplit(url).hostname or "") in {"127.0.0.1", "localhost", "::1"}


def _has_port(url: str) -> bool:
    """Whether what stands for a port is none or a number; else it may be a password."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def base_url(provider: str, default: str, environ: Mapping[str, str] | None = None) -> str:
    """The provider's origin: ``<PROVIDER>_BASE_URL`` or the documented one, without a slash at its end.

    Raises:
        UsageError: It is no https URL (http is allowed to this machine alone), or holds a user, query or fragment.
    """
    environ = os.environ if environ is None else environ
    name = f"{provider.upper()}_BASE_URL"
    url = (environ.get(name) or default).strip().rstrip("/")
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
