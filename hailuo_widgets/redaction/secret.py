"""Secret values, and a list of those that this process has used: what no text may show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Secret", "used", "used_keys"]


class Secret:
    """A value that is used and never shown. ``reveal()`` is for the HTTP floor alone."""

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """The value itself."""
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret('•••')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")


_used: list[Secret] = []  # every key that was found in this process, also one that is used no longer


def used(key: Secret) -> None:
    """Add a key to those that no text may show."""
    if not any(key.reveal() == known.reveal() for known in _used):
        _used.append(key)


def used_keys() -> tuple[Secret, ...]:
    """Every key that this process has found, in the order in which it found them."""
    return tuple(_used)
