"""Refusal of runs whose request, tags or name hold a provider's key.

A key in a prompt or an option would be sent to a provider, perhaps another one than its own, and stand in the run log.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError
from hailuo_widgets.provider.registry import BUNDLED
from hailuo_widgets.redaction.redact import each_text, redact_keys
from hailuo_widgets.settings.credentials import look_up_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.provider.accounts import Accounts

__all__ = ["refuse_typed_keys"]


def refuse_typed_keys(records: Iterable[RunRecord], accounts: Accounts) -> None:
    """Refuse new runs that hold a key of the environment, or one that this process has used.

    Raises:
        UsageError: One does; the key is not repeated, and nothing was sent or written.
    """
    for name in BUNDLED:  # a key that was not looked up yet is not among those that are recognized
        look_up_first(accounts.provider(name).facts.key_variables, os.environ, provider=name)
    fair: set[str] = set()
    for record in records:
        texts: dict[str, Any] = {
            **record.request.to_json(),
            "tags": list(record.tags),
            "name": record.sweep_name,
            "variant": record.variant,
            "variables": dict(record.variables),
        }
        for argument, value in texts.items():
            each_text(value, partial(_checked, argument, fair))


def _checked(argument: str, fair: set[str], text: str) -> str:
    if text not in fair:
        if redact_keys(text) != text:
            raise UsageError(
                f"{argument} holds a provider's key: nothing was sent, and the key is not shown",
                argument=argument,
                hint="take it out of the cell, and if others may have seen it, replace the key at its provider; "
                "%hailuo keys says where keys belong",
            )
        fair.add(text)
    return text
