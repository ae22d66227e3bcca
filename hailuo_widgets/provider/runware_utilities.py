"""Runware's utility tasks: the account's balance, and the storage of clips and sounds.

Source of the balance: Runware's page on account management, 2026-10, whose example has a number; its SDK 1.8.0 has an
object, which users read as ``amount``, ``freeBalance`` and ``currency``. The rest (members, keys, usage) is not used.

Source of the storage: Runware's page on media storage, 2026-10. It keeps media of any kind and returns a UUID and a
URL, either of which a task takes as input. Pictures need no storage: the pages allow them in the request itself, which
they say of no other media.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hailuo_widgets.domain.images import is_file_id
from hailuo_widgets.provider.messages import Amount, Balance
from hailuo_widgets.provider.parse import as_micros, as_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.images import InputFile

__all__ = ["account_task", "balance_of", "storage_task", "stored_at"]

SOURCE = "Runware's page on account management, 2026-10"
DOLLARS = "USD"


def account_task() -> dict[str, Any]:
    """Return the task that reads the account, with a UUID of its own."""
    return {"taskType": "accountManagement", "taskUUID": str(uuid4()), "operation": "getDetails"}


def balance_of(item: Mapping[str, Any]) -> Balance | None:
    """Return the balance of an item of the reply; None if it names none.

    The first amount is what can be spent: the paid and the free balance together.
    """
    found = item.get("balance")
    if not isinstance(found, dict):
        micros = _micros(found)
        return None if micros is None else Balance(amounts=(Amount(micros=micros, currency=DOLLARS),), source=SOURCE)
    word = found.get("currency")
    currency = word.upper() if isinstance(word, str) and re.fullmatch(r"[A-Za-z]{3}", word, re.ASCII) else DOLLARS
    parts = [
        Amount(micros=micros, currency=currency, name=name)
        for name in ("amount", "freeBalance")
        if (micros := _micros(found.get(name))) is not None
    ]
    if len(parts) > 1:
        parts.insert(0, Amount(micros=sum(part.micros for part in parts), currency=currency))
    return Balance(amounts=tuple(parts), source=SOURCE) if parts else None


def storage_task(file: InputFile) -> dict[str, Any]:
    """Return the task that stores a file, with a UUID of its own."""
    return {"taskType": "mediaStorage", "taskUUID": str(uuid4()), "operation": "upload", "media": file.wire()}


def stored_at(item: Mapping[str, Any]) -> str | None:
    """Return the UUID, or else the URL, of a stored file in an item of the reply; None if it names neither."""
    found = item.get("mediaUUID")
    return found if isinstance(found, str) and is_file_id(found) else as_url(item.get("mediaURL"))


def _micros(value: object) -> int | None:
    """Return millionths of an amount, which may be owed; None if it is not an amount."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        owed = as_micros(-value)
        return None if owed is None else -owed
    return as_micros(value)
