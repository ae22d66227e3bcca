"""Traits of ``%config Hailuo``: one for each row of the settings table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics
from traitlets import Any as AnyTrait
from traitlets import Float, Int, TraitError, TraitType, Unicode

from hailuo_widgets.errors import UsageError
from hailuo_widgets.redaction.passwords import PrivateUrl
from hailuo_widgets.settings.settings import SETTINGS
from hailuo_widgets.settings.value_types import Amounts, Limit, Number, RateTable, Url

if TYPE_CHECKING:
    from hailuo_widgets.settings.settings import Setting

__all__ = ["SettingTraits"]


def _trait(row: Setting) -> TraitType[Any, Any]:
    """Return the trait of a setting, which refuses a value as the setting does; None, its default, is "not given"."""
    kind = row.kind
    base: type[TraitType[Any, Any]] = Unicode
    if isinstance(kind, Number):
        base = Int if kind.whole else Float
    elif isinstance(kind, Amounts | Limit | RateTable):
        base = AnyTrait

    class Checked(base):  # type: ignore[misc, valid-type]
        def validate(self, obj: Any, value: Any) -> Any:
            if base is not AnyTrait:  # which checks nothing
                value = super().validate(obj, value)
            try:
                row.parse(value)
            except UsageError as e:
                raise TraitError(str(e)) from None
            # This type does not show its password.
            return PrivateUrl(value) if isinstance(kind, Url) and value is not None else value

    Checked.__name__ = base.__name__  # %config shows it
    trait: TraitType[Any, Any] = Checked(None, allow_none=True, help=row.doc)
    return trait.tag(config=True)


if TYPE_CHECKING:
    SettingTraits = Magics
else:
    SettingTraits = type("SettingTraits", (Magics,), {name: _trait(row) for name, row in SETTINGS.items()})
