"""Replicate's files: ``POST``, ``GET`` and ``DELETE /v1/files``.

An uploaded file's ``urls.get`` is what a model's input names. It needs the key, so the simulator reads the file by its
open address instead. A file is its content under a digest, and a JSON file beside it with what the answers say.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.forms import read_form
from hailuo_widgets.simulator.images import store_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.world import World

_ID = re.compile(r"[a-z2-7]{26}")
_LIFE = 24 * 3600  # seconds; Replicate: files expire after 24 hours


def new_id() -> str:
    """Return an identifier of 26 characters, as Replicate's are."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def iso(moment: float | None) -> str | None:
    """Return unix seconds as Replicate writes a time."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def open_url(world: World, value: Any) -> Any:
    """Return the open address of a file that was uploaded here; any other value itself."""
    parts = value.rpartition("/v1/files/") if isinstance(value, str) else ("", "", "")
    path = _path(world, parts[2])
    if not parts[0].startswith("http") or path is None:
        return value
    return f"{world.url}/simulator/uploads/{json.loads(path.read_bytes())['stored']}"


def _path(world: World, name: str) -> Path | None:
    path = world.uploads / f"{name}.json"
    return path if _ID.fullmatch(name) and path.exists() else None


def _shown(call: Call, path: Path) -> dict[str, Any]:
    kept = json.loads(path.read_bytes())
    return {**kept["file"], "urls": {"get": f"{call.base_url}/v1/files/{kept['file']['id']}"}}


def _named(call: Call) -> Path:
    path = _path(call.world, call.request.path_params["file_id"])
    if path is None or json.loads(path.read_bytes())["account"] != call.account:
        raise RefusalError("not_found", "The requested resource could not be found.")
    return path


async def create(call: Call) -> Response:
    """``POST /v1/files``: a form with ``content`` and perhaps ``metadata``."""
    parts = read_form(call)
    if "content" not in parts:
        raise RefusalError("params", "content is required", parameter="content")
    raw, name = parts["content"]
    ending = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    digest, now = hashlib.sha256(raw).hexdigest(), time.time()
    stored = digest[:32] + (ending[0].lower() if ending else "")
    store_bytes(call.world.uploads / stored, raw)
    file = {
        "id": new_id(),
        "name": name or "file",
        "content_type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "size": len(raw),
        "etag": digest[:32],
        "checksums": {"sha256": digest},
        "metadata": _metadata(parts),
        "created_at": iso(now),
        "expires_at": iso(now + _LIFE),
    }
    path = call.world.uploads / f"{file['id']}.json"
    store_bytes(path, json.dumps({"stored": stored, "account": call.account, "file": file}).encode())
    return JSONResponse(_shown(call, path), 201)


def _metadata(parts: dict[str, tuple[bytes, str]]) -> dict[str, Any]:
    try:
        value = json.loads(parts["metadata"][0]) if "metadata" in parts else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RefusalError("params", "metadata must be a JSON object", parameter="metadata")
    return value


async def read(call: Call) -> Response:
    """``GET /v1/files/{id}``."""
    return JSONResponse(_shown(call, _named(call)))


async def listing(call: Call) -> Response:
    """``GET /v1/files``."""
    mine = [
        path for path in call.world.uploads.glob("*.json") if json.loads(path.read_bytes())["account"] == call.account
    ]
    files = sorted((_shown(call, path) for path in mine), key=lambda file: str(file["created_at"]), reverse=True)
    return JSONResponse({"previous": None, "next": None, "results": files})


async def delete(call: Call) -> Response:
    """``DELETE /v1/files/{id}``."""
    _named(call).unlink()
    return Response(status_code=204)
