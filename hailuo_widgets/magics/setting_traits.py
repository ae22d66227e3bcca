"""Traits of ``%config Hailuo``: one for each row of the settings table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics
from traitlets import Any as AnyTrait
from traitlets import Float, Int, TraitType, Unicode

from hailuo_widgets.redaction.passwords import PrivateUrl
from hailuo_widgets.settings.settings import SETTINGS
from hailuo_widgets.settings.value_types import Amounts, Number, Url

if TYPE_CHECKING:
    from hailuo_widgets.settings.settings import Setting

__all__ = ["SettingTraits"]


class _PrivateUrl(Unicode[str, str | bytes]):
    """A URL that ``%config`` shows without its password."""

    def validate(self, obj: Any, value: Any) -> Any:
        """The value, in a type that does not show its password."""
        return PrivateUrl(super().validate(obj, value))


def _trait(row: Setting) -> TraitType[Any, Any]:
    """The trait of a setting; None, its default, is "not given"."""
    kind = row.kind
    trait: type[TraitType[Any, Any]] = Unicode
    if isinstance(kind, Number):
        trait = Int if kind.whole else Float
    elif isinstance(kind, Amounts):
        trait = AnyTrait
    elif isinstance(kind, Url):
        trait = _PrivateUrl
    return trait(None, allow_none=True, help=row.doc).tag(config=True)


if TYPE_CHECKING:
    SettingTraits = Magics
else:
    SettingTraits = type("SettingTraits", (Magics,), {name: _trait(row) for name, row in SETTINGS.items()})
