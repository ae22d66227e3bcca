"""Generic requests of a New-API relay, as its Hailuo plug-ins turn them into MiniMax's.

Source: New-API's ``relay/channel/task/hailuo`` and ``plugins/tasks/hailuo``; for H3 its pull request 7168.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator.errors import RefusalError
from hailuo_widgets.simulator.forms import read_form

if TYPE_CHECKING:
    from hailuo_widgets.simulator.station import Call

# The fields of ``metadata`` that the newest plug-in passes on; the older one passes all.
_PASSED = frozenset(
    {
        "prompt_optimizer",
        "fast_pretreatment",
        "callback_url",
        "aigc_watermark",
        "first_frame_image",
        "last_frame_image",
        "subject_reference",
    }
)
_FRAMES = ("first_frame_image", "last_frame_image")


def form_or_object(call: Call) -> dict[str, Any]:
    """Return the body, which may be a form as OpenAI's own clients send it."""
    if not call.request.headers.get("content-type", "").startswith("multipart/"):
        return call.object()
    body: dict[str, Any] = {}
    for name, (content, file) in read_form(call).items():
        if file:
            body[name] = f"data:application/octet-stream;base64,{base64.b64encode(content).decode()}"
        elif name == "metadata":
            body[name] = _parsed(content)
        else:
            body[name] = content.decode("utf-8", "replace")
    return body


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise RefusalError("params", "metadata is not valid JSON", parameter="metadata") from None


def upstream(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Return MiniMax's fields of a generic request, as the plug-ins make them: ``metadata`` over the generic ones.

    They do not read ``seconds``, nor pictures outside of ``metadata``: such a request makes a clip of six seconds, or
    one without its picture, and is billed. `Settings.relay_reads_all` reads them.
    """
    reads_all = call.world.settings.relay_reads_all
    wanted: dict[str, Any] = {key: body[key] for key in ("model", "prompt") if key in body}
    wanted["duration"] = _seconds(body.get("duration")) or (_seconds(body.get("seconds")) if reads_all else 0)
    if not wanted["duration"]:
        del wanted["duration"]
    size = str(body.get("size") or "")
    if reads_all and not size:
        size = f"{body.get('width', '')}x{body.get('height', '')}"
    found = next((name for name in ("1080", "768", "720", "512") if name in size), None)
    if found:
        wanted["resolution"] = f"{found}P"
    if reads_all:
        wanted |= dict(zip(("first_frame_image", "last_frame_image"), _pictures(body), strict=False))
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RefusalError("params", "metadata must be an object", parameter="metadata")
    newest = call.world.settings.relay_answers == "content"
    return {**wanted, **{k: v for k, v in metadata.items() if (k in _PASSED if newest else k != "model")}}


def _pictures(body: dict[str, Any]) -> list[Any]:
    images = body.get("images")
    listed = images if isinstance(images, list) else []
    return [item for item in (body.get("image"), body.get("input_reference"), *listed) if item]


def _seconds(value: Any) -> int:
    """Return a positive number of seconds, 0 for anything else."""
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        value = int(value)
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return int(value) if whole and value > 0 else 0


def h3_body(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of MiniMax's V2 for a generic request."""
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RefusalError("params", "metadata must be an object", parameter="metadata")
    frames = dict(zip(_FRAMES, _pictures(body), strict=False))
    frames |= {name: metadata[name] for name in _FRAMES if metadata.get(name)}
    given = metadata.get("content")
    content = list(given) if isinstance(given, list) else []
    content += [
        {"type": "image_url", "image_url": {"url": url}, "role": name.removesuffix("_image")}
        for name, url in frames.items()
        if not isinstance(given, list)
    ]
    if not any(isinstance(item, dict) and item.get("type") == "text" for item in content):
        content.insert(0, {"type": "text", "text": body.get("prompt", "")})
    size = str(metadata.get("resolution") or body.get("size") or "")
    return {
        "model": body["model"],
        "content": content,
        "resolution": "2K" if "2K" in size.upper() or "1440" in size else "768P",
        "duration": _seconds(metadata.get("duration")) or _seconds(body.get("duration")) or 5,
        "ratio": metadata.get("ratio") or ("16:9" if len(content) == 1 else "adaptive"),
    }
