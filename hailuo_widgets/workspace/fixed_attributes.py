"""Base class whose attributes cannot be set.

Setting an unknown attribute raises an error; it is not silently accepted and lost.
"""

from __future__ import annotations

from typing import Any, ClassVar

from hailuo_widgets.errors import UsageError, nearest

__all__ = ["Fixed", "NotSettable"]


class NotSettable(UsageError, AttributeError):
    """An attribute that cannot be set; also an ``AttributeError``, which Python raises for it."""


class Fixed:
    """A base class for handles: only properties with a setter, and the class's own attributes, can be set.

    ``_own`` names the plain attributes that the class sets itself. With ``_replaceable`` existing attributes may be
    replaced, and only unknown names are refused. ``_advice`` is the hint for a name without a near one.
    """

    _own: ClassVar[frozenset[str]] = frozenset()
    _replaceable: ClassVar[bool] = False
    _advice: ClassVar[str | None] = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a property, or an attribute of the class's own.

        Raises:
            NotSettable: It is neither.
        """
        known = getattr(type(self), name, None)
        if name.startswith("_") or name in self._own or (isinstance(known, property) and known.fset is not None):
            object.__setattr__(self, name, value)
            return
        kind = type(self).__name__
        settable = sorted(
            n for n in dir(type(self)) if isinstance(p := getattr(type(self), n, None), property) and p.fset is not None
        )
        if name in dir(self):
            if self._replaceable:
                object.__setattr__(self, name, value)
                return
            raise NotSettable(
                f"{name!r} of a {kind} cannot be set",
                hint=f"{', '.join(settable)} can" if settable else f"a {kind} says what is so",
            )
        known_names = [n for n in dir(self) if not n.startswith("_")]
        near = nearest(name, settable) or nearest(name, known_names)
        can = f"; {', '.join(settable)} can be set" if settable else ""
        raise NotSettable(
            f"a {kind} has no attribute {name!r}{can}", hint=f"did you mean {near!r}?" if near else self._advice
        )
