"""fal.ai's storage, as fal-client uses it: an upload becomes a URL that an input may name.

``POST /storage/auth/token`` gives a token for ``POST /files/upload`` (the CDN); ``POST /storage/upload/initiate`` gives
a link to ``PUT`` the bytes to. The uploaded file is served, without a key, at ``/simulator/uploads/<name>``. Uploads in
several parts (fal-client: above 100 MB) are not simulated.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.fal import DIALECT
from hailuo_widgets.simulator.images import store_bytes
from hailuo_widgets.simulator.station import Station

if TYPE_CHECKING:
    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.world import World

_TOKEN_SECONDS = 3600
_NAME = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,5})?")


def _sign(world: World, text: str) -> str:
    return hmac.new(world.secret, f"fal storage\n{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _ending(name: str) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    return found[0].lower() if found else ""


async def token(call: Call) -> Response:
    """``POST /storage/auth/token?storage_type=fal-cdn-v3``."""
    until = int(time.time()) + _TOKEN_SECONDS
    return JSONResponse(
        {
            "token": f"{until}.{_sign(call.world, str(until))}",
            "token_type": "Bearer",
            "base_url": call.base_url,
            "expires_at": datetime.fromtimestamp(until, UTC).isoformat(),
        }
    )


async def upload(call: Call) -> Response:
    """``POST /files/upload`` with the token, and the name in ``X-Fal-File-Name``."""
    _, _, given = call.request.headers.get("authorization", "").partition(" ")
    until, _, signature = given.partition(".")
    known = until.isdigit() and hmac.compare_digest(signature, _sign(call.world, until))
    if not known or int(until) < time.time():
        raise RefusalError("wrong_key", "invalid or expired token")
    ending = _ending(call.request.headers.get("x-fal-file-name", ""))
    name = hashlib.sha256(call.raw).hexdigest()[:32] + ending
    store_bytes(call.world.uploads / name, call.raw)
    return JSONResponse({"access_url": f"{call.base_url}/simulator/uploads/{name}"})


async def initiate(call: Call) -> Response:
    """``POST /storage/upload/initiate?storage_type=…`` with ``{"file_name", "content_type"}``."""
    body = call.object()
    fields.text(body, "content_type", required=True)
    name = secrets.token_hex(16) + _ending(fields.text(body, "file_name", required=True))
    signed = f"{call.base_url}/storage/put/{name}?Signature={_sign(call.world, name)}"
    return JSONResponse({"file_url": f"{call.base_url}/simulator/uploads/{name}", "upload_url": signed})


async def put(call: Call) -> Response:
    """``PUT`` the bytes where ``initiate`` said."""
    name = call.request.path_params["name"]
    good = hmac.compare_digest(_sign(call.world, name), call.request.query_params.get("Signature", ""))
    if not good or _NAME.fullmatch(name) is None:
        return Response(status_code=403)
    store_bytes(call.world.uploads / name, call.raw)
    return Response(status_code=200)


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    return [
        ("POST", "/storage/auth/token", Station(world, DIALECT, "upload", token)),
        ("POST", "/storage/upload/initiate", Station(world, DIALECT, "upload", initiate)),
        ("PUT", "/storage/put/{name}", Station(world, DIALECT, "upload", put, open_to_all=True)),
        ("POST", "/files/upload", Station(world, DIALECT, "upload", upload, open_to_all=True)),
    ]
