"""Keys: where they are looked for, and a value that is used and never shown.

The order: keys given to :func:`keep_key` in this process; the environment; the system's keyring (the extra ``keyring``;
service ``hailuo-widgets``, the variable as the user name); the secrets of Google Colab's side bar. The last two are
asked once, and again by ``%hailuo keys``: a keyring can take a second or open a window.

Errors name the place, never a part of its value.
"""

from __future__ import annotations

import getpass
import os
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError
from hailuo_widgets.redaction.secret import Secret, used

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Found",
    "ask_key",
    "find_key",
    "find_secret",
    "keep_key",
    "look_up",
    "look_up_first",
    "refuse_typed_keys",
    "variable",
]

SERVICE = "hailuo-widgets"
HERE, ENVIRONMENT, KEYRING, COLAB = "this process (hw.set_key)", "environment", "keyring", "Colab's secrets"
_TYPED = re.compile(r"(?<!\S)--?(?:api[-_]?)?(?:key|token|secret)(?![\w-])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A key, the place where it was found, and its name there."""

    key: Secret
    place: str
    variable: str = ""


_kept: dict[str, Secret] = {}  # by variable; survives %reload_ext: runs in flight need it
_asked: dict[str, Found | None] = {}  # answers of the keyring and Colab


def _use(found: Found) -> Found:
    used(found.key)
    return found


def variable(provider: str) -> str:
    """The name of a provider's key, unless its facts give others: ``MINIMAX_API_KEY``."""
    return f"{provider.upper()}_API_KEY"


def find_key(
    provider: str, environ: Mapping[str, str] | None = None, *, variables: Sequence[str] = ()
) -> Secret | None:
    """The provider's key, without blanks, quotes and ``Bearer`` around it; None if there is none.

    Args:
        provider: The provider's name.
        environ: Look only here, instead of in all places.
        variables: The names of its key, instead of ``<PROVIDER>_API_KEY``.

    Raises:
        UsageError: A place holds something that cannot be a key. It is not shown.
    """
    found = look_up_first(variables or (variable(provider),), environ, provider=provider)
    return None if found is None else found.key


def find_secret(name: str) -> Secret | None:
    """Another secret from the same places, by its variable's name, for example ``KIE_WEBHOOK_KEY``.

    Raises:
        UsageError: A place holds something that cannot be one.
    """
    found = look_up(name)
    return None if found is None else found.key


def look_up_first(
    names: Sequence[str], environ: Mapping[str, str] | None = None, *, provider: str, anew: bool = False
) -> Found | None:
    """The key of a provider whose key has several names; None if no place has it.

    All names are looked for in this process and in the environment before the keyring and Colab are asked for one.

    Args:
        names: The variables' names, the first that is found winning.
        environ: Look only here, instead of in all places.
        provider: The provider that an error is about.
        anew: Ask the keyring and Colab again.

    Raises:
        UsageError: That place holds something that cannot be a key.
    """
    near = (_near(name, environ, provider) for name in names)
    found = next((known for known in near if known is not None), None)
    if found is not None or environ is not None:
        return found
    afar = (look_up(name, provider=provider, anew=anew) for name in names)
    return next((known for known in afar if known is not None), None)


def look_up(
    name: str, environ: Mapping[str, str] | None = None, *, provider: str | None = None, anew: bool = False
) -> Found | None:
    """The key of this name from the first place that has it; None if no place has it.

    Args:
        name: The variable's name.
        environ: Look only here, instead of in all places.
        provider: The provider that an error is about.
        anew: Ask the keyring and Colab again.

    Raises:
        UsageError: That place holds something that cannot be a key.
    """
    found = _near(name, environ, provider)
    if found is not None or environ is not None:
        return found
    if anew or name not in _asked:
        _asked[name] = _from_afar(name, provider)
    return _asked[name]


def _near(name: str, environ: Mapping[str, str] | None, provider: str | None) -> Found | None:
    if environ is None and name in _kept:
        return _use(Found(key=_kept[name], place=HERE, variable=name))
    key = _cleaned((os.environ if environ is None else environ).get(name), name, ENVIRONMENT, provider)
    return None if key is None else _use(Found(key=key, place=ENVIRONMENT, variable=name))


def _from_afar(name: str, provider: str | None) -> Found | None:
    for place, ask in ((KEYRING, _keyring), (COLAB, _colab)):
        key = _cleaned(ask(name), name, place, provider)
        if key is not None:
            return _use(Found(key=key, place=place, variable=name))
    return None


def _cleaned(value: Any, name: str, place: str, provider: str | None) -> Secret | None:
    word = value.strip().strip("'\"").strip() if isinstance(value, str) else ""
    word = re.sub(r"^bearer\s+", "", word, flags=re.IGNORECASE)
    if not word:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", word):
        raise UsageError(
            f"{name} ({place}) holds blanks, line breaks or characters outside ASCII: that is no key (it is not shown)",
            provider=provider,
            hint="copy the key again" + (f": hw.set_key({provider!r}) asks for it unseen" if provider else ""),
        )
    return Secret(word)


def _keyring(name: str) -> str | None:
    """The keyring's value; None if it has none, or if there is no working keyring (servers, containers)."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        value = keyring.get_password(SERVICE, name)
    except Exception:  # noqa: BLE001 - without a backend, locked, or broken: then there is no key here
        return None
    return value if isinstance(value, str) else None


def _colab(name: str) -> str | None:
    """The value of Colab's side bar, if this notebook may read it; None outside Colab."""
    try:
        from google.colab import userdata
    except ImportError:
        return None
    try:
        value = userdata.get(name)
    except Exception:  # noqa: BLE001 - no such secret, no access and no answer each raise an error of their own
        return None
    return value if isinstance(value, str) else None


def ask_key(name: str, *, provider: str) -> Secret:
    """Ask the user for a key without showing it: it is not in the cell, the output or the history.

    Raises:
        UsageError: Nobody can be asked here, or what was typed cannot be a key.
    """
    failure: UsageError | None = None
    typed: Any = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # the key would be shown while it is typed
            typed = getpass.getpass(f"{name} (it is not shown): ")
    except (NotImplementedError, EOFError, getpass.GetPassWarning, OSError):
        failure = UsageError(
            "nobody can be asked for a key here without showing it",
            provider=provider,
            hint=f"set the variable {name} before the kernel starts",
        )
    if failure is not None:
        raise failure
    key = _cleaned(typed, name, "what was typed", provider)
    if key is None:
        raise UsageError("no key was typed: nothing is changed", provider=provider)
    return key


def keep_key(name: str, key: Secret, *, remember: bool = False, provider: str | None = None) -> None:
    """Use a key from now on in this process; with ``remember`` store it in the system's keyring for later ones.

    Raises:
        UsageError: There is no keyring to store it. It is used in this process all the same.
    """
    _kept[name] = key
    if not remember:
        return
    why = ""
    try:
        import keyring

        keyring.set_password(SERVICE, name, key.reveal())
    except ImportError:
        why = "the package keyring is not installed"
    except Exception as e:  # noqa: BLE001 - backends raise any error, and its text may contain the key
        why = f"the system's keyring does not take it ({type(e).__name__})"
    if why:
        raise UsageError(
            f"{why}: the key is kept for this process alone",
            provider=provider,
            hint=f"pip install 'hailuo-widgets[keyring]' on a desktop, or set {name} where your kernels start",
        )
    _asked.pop(name, None)


def refuse_typed_keys(line: str) -> None:
    """Refuse a magic's line that contains a key, without repeating the line.

    Raises:
        UsageError: It has an option that names a key.
    """
    if _TYPED.search(line):
        raise UsageError(
            "a key does not belong in a notebook; use %hailuo keys / hw.set_key",
            hint="the cell is saved with the notebook and kept in IPython's history: delete it, and if others may have "
            "seen it, replace the key at its provider",
        )
