"""MiniMax's account: balance, what is left of a Token Plan, and uploaded files.

Sources: MiniMax's own client for the two balances (sums are decimal strings in captures), and for files MiniMax's pages
on file management and V2: an upload is named in a body by ``mm_file://{file_id}``, and is kept for seven days.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.forms import read_form
from hailuo_widgets.simulator.images import MEGABYTE, store_bytes
from hailuo_widgets.simulator.minimax import DIALECT, answer
from hailuo_widgets.simulator.station import Station

if TYPE_CHECKING:
    from starlette.responses import Response

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.world import World

_BALANCE = 100.0  # US dollars that an account which never runs out is said to have
_PLAN = 20  # clips of a Token Plan in each of its intervals
_INTERVAL_SECONDS, _WEEK_SECONDS = 5 * 3600, 7 * 86_400
_LARGEST = 512 * MEGABYTE


async def balance(call: Call) -> Response:
    """``GET /account/query_balance``: no currency is named, it follows the host."""
    left = call.world.available(call, _BALANCE)
    return answer(
        available_amount=f"{left:.2f}",
        cash_balance=f"{left:.2f}",
        voucher_balance="0.00",
        credit_balance="0.00",
        owed_amount="0.00",
        balance_alert_switch=False,
        balance_alert_threshold="0.00",
    )


async def remains(call: Call) -> Response:
    """``GET /v1/token_plan/remains``: clips of version one are what a Token Plan pays for."""
    made = len(call.world.tasks.find(provider="minimax", channel="video", account=call.account))
    return answer(model_remains=[_left("general", 0), _left("video", min(_PLAN, made))])


def _left(name: str, used: int) -> dict[str, Any]:
    now = int(time.time())
    start, week = now - now % _INTERVAL_SECONDS, now - now % _WEEK_SECONDS
    percent = round(100 * (_PLAN - used) / _PLAN)
    return {
        "model_name": name,
        "start_time": start * 1000,
        "end_time": (start + _INTERVAL_SECONDS) * 1000,
        "remains_time": (start + _INTERVAL_SECONDS - now) * 1000,
        "current_interval_total_count": _PLAN,
        "current_interval_usage_count": used,
        "current_interval_remaining_percent": percent,
        "current_interval_status": 1,
        "current_weekly_total_count": _PLAN,
        "current_weekly_usage_count": used,
        "current_weekly_remaining_percent": percent,
        "current_weekly_status": 1,
        "weekly_start_time": week * 1000,
        "weekly_end_time": (week + _WEEK_SECONDS) * 1000,
    }


async def upload(call: Call) -> Response:
    """``POST /v1/files/upload``: a form with ``purpose`` and ``file``."""
    parts = read_form(call)
    purpose = parts.get("purpose", (b"", ""))[0].decode("utf-8", "replace")
    raw, name = parts.get("file", (b"", ""))
    if not purpose or not raw:
        missing = "file" if purpose else "purpose"
        raise RefusalError("params", f"invalid params, {missing} is required", parameter=missing)
    if len(raw) > _LARGEST:
        raise RefusalError("params", f"invalid params, file must not exceed {_LARGEST // MEGABYTE} MB")
    file_id = secrets.randbelow(9 * 10**14) + 10**14
    store_bytes(call.world.uploads / f"mm-{call.account}-{file_id}", raw)
    told = {"file_id": file_id, "bytes": len(raw), "created_at": int(time.time()), "filename": name, "purpose": purpose}
    return answer(file=told)


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = (
        ("GET", "/account/query_balance", "account", balance),
        ("GET", "/v1/token_plan/remains", "account", remains),
        ("POST", "/v1/files/upload", "upload", upload),
    )
    return [(method, path, Station(world, DIALECT, phase, work)) for method, path, phase, work in table]
