"""KIE.ai's file upload: a local picture, clip or sound becomes a URL that a job takes.

``/api/file-base64-upload``, ``/api/file-stream-upload`` (multipart) and ``/api/file-url-upload``; the uploaded file is
served, without a key, at ``/simulator/uploads/<name>``.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import time
from typing import TYPE_CHECKING

from PIL import Image
from starlette.responses import FileResponse, JSONResponse

from hailuo_widgets.simulator import fields
from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.forms import read_form
from hailuo_widgets.simulator.images import ImageRules, is_public, read_bytes, store_bytes
from hailuo_widgets.simulator.kie import iso
from hailuo_widgets.simulator.kie_jobs import DIALECT
from hailuo_widgets.simulator.reference_media import media_type, stand_in
from hailuo_widgets.simulator.station import Station

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from hailuo_widgets.simulator.station import Call
    from hailuo_widgets.simulator.world import World

_RULES = ImageRules(bare_base64=True)


async def base64_upload(call: Call) -> Response:
    """``POST /api/file-base64-upload`` with ``{"base64Data", "uploadPath", "fileName"?}``."""
    body = call.object()
    fields.text(body, "base64Data", required=True)
    raw = await asyncio.to_thread(read_bytes, body["base64Data"], _RULES, "base64Data")
    return _stored(call, raw, fields.text(body, "uploadPath", required=True), fields.text(body, "fileName"))


async def url_upload(call: Call) -> Response:
    """``POST /api/file-url-upload`` with ``{"fileUrl", "uploadPath", "fileName"?}``."""
    body = call.object()
    fields.text(body, "fileUrl", required=True)
    url = body["fileUrl"].strip()
    raw = stand_in(url) if is_public(url) else None
    if raw is None:
        raw = await asyncio.to_thread(read_bytes, url, ImageRules(data_urls=False), "fileUrl")
    return _stored(call, raw, fields.text(body, "uploadPath", required=True), fields.text(body, "fileName"))


async def stream_upload(call: Call) -> Response:
    """``POST /api/file-stream-upload``: a form with ``file``, ``uploadPath`` and ``fileName``."""
    parts = read_form(call)
    if "file" not in parts:
        raise RefusalError("params", "the form has no file", parameter="file")
    raw, given = parts["file"]
    path, name = (parts.get(key, (b"", ""))[0].decode("utf-8", "replace") for key in ("uploadPath", "fileName"))
    return _stored(call, raw, path, name or given)


def _stored(call: Call, raw: bytes, folder: str, name: str) -> Response:
    """Keep the bytes of an upload and say where they are."""
    if not raw:
        raise RefusalError("params", "the file is empty")
    ending = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    stored = hashlib.sha256(raw).hexdigest()[:32] + (ending[0].lower() if ending else "")
    store_bytes(call.world.uploads / stored, raw)
    shown = name or stored
    data = {
        "fileName": shown,
        "filePath": f"{folder.strip('/')}/{shown}".lstrip("/"),
        "downloadUrl": f"{call.base_url}/simulator/uploads/{stored}",
        "fileSize": len(raw),
        "mimeType": _media(raw),
        "uploadedAt": iso(time.time()),
    }
    return JSONResponse({"success": True, "code": 200, "msg": "File uploaded successfully", "data": data})


def _media(raw: bytes) -> str:
    if kind := media_type(raw):
        return kind
    try:
        with Image.open(io.BytesIO(raw)) as image:
            return Image.MIME.get(image.format or "", "application/octet-stream")
    except (OSError, ValueError):
        return "application/octet-stream"


def serve_upload(world: World, request: Request) -> Response:
    """``GET /simulator/uploads/<name>``."""
    name = request.path_params["name"]
    path = world.uploads / name
    if re.fullmatch(r"[0-9a-f]{32}(\.[a-z0-9]+)?", name) is None or not path.exists():
        return JSONResponse({"error": "no such upload"}, 404)
    return FileResponse(path)


def routes(world: World) -> list[tuple[str, str, Station]]:
    """Return method, path and station of every route."""
    table = (("base64", base64_upload), ("stream", stream_upload), ("url", url_upload))
    return [("POST", f"/api/file-{name}-upload", Station(world, DIALECT, "upload", work)) for name, work in table]
