"""Secret values, and the list of the keys that this process has used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Secret", "used", "used_keys"]


class Secret:
    """A value that is never shown or copied. Only code that sends or checks it calls ``reveal()``."""

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """Return the plain value."""
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret('•••')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")


_used: list[Secret] = []  # every key that was found in this process, including replaced ones


def used(key: Secret) -> None:
    """Add a key to those that are removed from every text."""
    if not any(key.reveal() == known.reveal() for known in _used):
        _used.append(key)


def used_keys() -> tuple[Secret, ...]:
    """Return every key that this process has found, oldest first."""
    return tuple(_used)
