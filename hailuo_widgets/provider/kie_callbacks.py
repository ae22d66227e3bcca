"""Callbacks of KIE.ai, and their signature.

Sources: the webhook section of the KIE.ai Minimax API document (a flat body with ``taskId``), and KIE's public page on
webhook verification (``X-Webhook-Timestamp``, ``X-Webhook-Signature``). KIE signs the task ID and the time, but not the
body, so a replay with another ``videoUrl`` passes the check.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from hailuo_widgets.domain.callback_format import Callback, CallbackCheck, CallbackFormat, ids_named

if TYPE_CHECKING:
    from hailuo_widgets.redaction.secret import Secret

__all__ = ["CALLBACKS"]

SKEW_S = 300.0  # the largest difference between a signature's time and ours


def check(callback: Callback, task: str, key: Secret) -> CallbackCheck:
    """Check the signature: base64 of HMAC-SHA256 over ``<task id>.<unix seconds>``, with a recent time."""
    stamp = callback.headers.get("x-webhook-timestamp", "")
    given = callback.headers.get("x-webhook-signature", "")
    if not given or not re.fullmatch(r"[0-9]{1,12}", stamp):
        return CallbackCheck.MISSING
    if abs(int(stamp) - callback.at) > SKEW_S:
        return CallbackCheck.EXPIRED
    made = hmac.new(key.reveal().encode(), f"{task}.{stamp}".encode(), hashlib.sha256).digest()
    good = hmac.compare_digest(given.encode("utf-8", "replace"), base64.b64encode(made))
    return CallbackCheck.GOOD if good else CallbackCheck.FORGED


CALLBACKS = CallbackFormat(tasks=ids_named("taskId", "task_id"), secret="KIE_WEBHOOK_KEY", check=check)  # noqa: S106 - a variable's name
