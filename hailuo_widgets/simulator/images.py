"""Pictures that come with a request: data URLs, URLs, uploads.

The format is read from the bytes, never from the declared type.

Rules (MiniMax video API document, "Image requirements"): JPEG, PNG or WebP, below 20 MB, short side above 300 px, ratio
2:5 to 5:2. The simulator never leaves the machine: a public URL gets a drawn placeholder, coloured by the URL.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import http.client
import io
import ipaddress
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PIL import Image, ImageDraw, ImageOps

from hailuo_widgets.simulator.errors import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEGABYTE = 10**6
_FORMATS = ("JPEG", "PNG", "WEBP")
_SHORT_SIDE = 300
_H3_SIDES = (256, 5760)
_RATIO = (2 / 5, 5 / 2)
_HEIC = frozenset(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"))
_MAX_PIXELS = 120_000_000
_FETCH_SECONDS = 5.0
_MOST_FETCHED = 60 * MEGABYTE  # more than the largest clip that is taken
_OK = 200


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that was accepted and stored.

    Attributes:
        sha256: Of its bytes; its name in the simulator's home.
        width: Pixels, as it is seen (its EXIF orientation applied).
        height: Pixels.
    """

    sha256: str
    width: int
    height: int


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Return the host of an http(s) URL, empty for anything else and for a URL that is malformed."""
    if not url[:8].lower().startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is none
        return ""
    return (parts.hostname or "") if usable else ""


def is_public(url: str) -> bool:
    """Return whether a value is the URL of another machine, which the simulator does not ask."""
    return bool(host_of(url)) and not is_loopback(host_of(url))


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """What one gateway takes.

    Attributes:
        max_bytes: A picture must be smaller.
        shapes: Whether the rules for the short side and the ratio hold.
        data_urls: Whether ``data:`` URLs are taken.
        bare_base64: Whether base64 without a label, and identifiers of earlier pictures, are taken.
        h3: Whether the rules of MiniMax's V2 pages hold instead: sides 256 to 5760 px, HEIC and HEIF taken too.
        find: Returns the bytes behind one of the gateway's own identifiers, ``None`` for anything else.
    """

    max_bytes: int = 20 * MEGABYTE
    shapes: bool = True
    data_urls: bool = True
    bare_base64: bool = False
    h3: bool = False
    find: Callable[[str], bytes | None] | None = None


async def take_image(value: object, folder: Path, rules: ImageRules, *, parameter: str) -> Picture:
    """Check the picture that an argument names, and store it in ``folder``.

    Raises:
        RefusalError: It is none, or the gateway's rules are against it; the message names ``parameter``.
    """
    return await asyncio.to_thread(_take, value, folder, rules, parameter)


def _take(value: object, folder: Path, rules: ImageRules, parameter: str) -> Picture:
    if not isinstance(value, str) or not value.strip():
        raise RefusalError("params", f"{parameter} must be a non-empty string", parameter=parameter)
    raw = read_bytes(value.strip(), rules, parameter)
    if rules.h3 and raw[4:12] in _HEIC:
        raw = placeholder(hashlib.sha256(raw).hexdigest())  # Pillow reads none; what stands for it has a usual shape
    if len(raw) >= rules.max_bytes:
        limit = rules.max_bytes // MEGABYTE
        raise RefusalError("image_size", f"{parameter}: image must be smaller than {limit} MB", parameter=parameter)
    width, height = _measure(raw, parameter)
    if rules.h3 and not all(_H3_SIDES[0] <= side <= _H3_SIDES[1] for side in (width, height)):
        message = f"{parameter}: sides of the image must be 256 to 5760 px, got {width}x{height}"
        raise RefusalError("image", message, parameter=parameter)
    if rules.shapes and not rules.h3 and min(width, height) <= _SHORT_SIDE:
        message = f"{parameter}: short side of the image must be greater than {_SHORT_SIDE} px, got {width}x{height}"
        raise RefusalError("image", message, parameter=parameter)
    if rules.shapes and not _RATIO[0] <= width / height <= _RATIO[1]:
        message = f"{parameter}: aspect ratio of the image must be between 2:5 and 5:2, got {width}x{height}"
        raise RefusalError("image", message, parameter=parameter)
    digest = hashlib.sha256(raw).hexdigest()
    store_bytes(folder / digest, raw)
    return Picture(sha256=digest, width=width, height=height)


def store_bytes(path: Path, raw: bytes) -> None:
    """Write a file whose name is its content's digest, whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{id(raw):x}.part")
    part.touch(mode=0o600)
    part.write_bytes(raw)
    part.replace(path)


def read_bytes(value: str, rules: ImageRules, parameter: str) -> bytes:
    """Return the bytes that a data URL, a URL or plain base64 stands for, not looking into them yet.

    Raises:
        RefusalError: The gateway does not take this kind, or there is nothing behind it.
    """
    scheme = value[:8].lower()
    found = rules.find(value) if rules.find is not None else None
    if found is not None:
        return found
    if scheme.startswith("data:"):
        if not rules.data_urls:
            raise RefusalError("image", f"{parameter} must be a publicly accessible URL", parameter=parameter)
        header, _, payload = value.partition(",")
        if rules.h3 and header != header.lower():
            raise RefusalError("image", f"{parameter}: data URI must be in lower case, got {header!r}")
        if not header.lower().endswith(";base64"):
            raise RefusalError("image", f"{parameter}: data URL must be base64 encoded", parameter=parameter)
        return _decode(payload, parameter)
    if scheme.startswith(("http://", "https://")):
        if not host_of(value):
            raise RefusalError("image", f"{parameter} is not a valid URL", parameter=parameter)
        return _fetch(value, parameter) if is_loopback(host_of(value)) else placeholder(value)
    if rules.bare_base64:
        is_identifier = len(value) == len("00000000-0000-0000-0000-000000000000") and value.count("-") == 4  # noqa: PLR2004 - the hyphens of a UUID
        return placeholder(value) if is_identifier else _decode(value, parameter)
    raise RefusalError("image", f"{parameter} must be an http(s) URL or a data URL", parameter=parameter)


def _decode(payload: str, parameter: str) -> bytes:
    try:
        return base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError("image", f"{parameter} is not valid base64", parameter=parameter) from None


def _fetch(url: str, parameter: str) -> bytes:
    """Read a picture from this machine; no redirect is followed, so that the simulator does not leave it."""
    parts = urlsplit(url)
    failed = RefusalError("image", f"{parameter}: the image could not be downloaded", parameter=parameter)
    if parts.scheme != "http":
        raise failed
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_FETCH_SECONDS)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
        answer = connection.getresponse()
        raw = answer.read(_MOST_FETCHED)
    except (OSError, http.client.HTTPException):
        raise failed from None
    finally:
        connection.close()
    if answer.status != _OK:
        raise failed
    return raw


def _measure(raw: bytes, parameter: str) -> tuple[int, int]:
    """Return width and height as seen, after decoding the whole picture: a cut file must not pass."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as image:
                if image.width * image.height > _MAX_PIXELS:
                    raise RefusalError("image", f"{parameter}: the image has too many pixels", parameter=parameter)
                image.load()
                return ImageOps.exif_transpose(image).size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        message = f"{parameter}: unsupported or corrupted image; JPG, JPEG, PNG and WebP are supported"
        raise RefusalError("image", message, parameter=parameter) from None


@lru_cache(maxsize=32)
def placeholder(name: str) -> bytes:
    """Return a drawn picture (PNG, 1280×720) that stands for one the simulator may not fetch."""
    digest = hashlib.sha256(name.encode()).digest()
    low, high = (tuple(30 + byte * 4 // 5 for byte in digest[i : i + 3]) for i in (0, 3))
    image = ImageOps.colorize(Image.linear_gradient("L").resize((1280, 720)), high, low)
    draw = ImageDraw.Draw(image)
    for i in range(7):
        x, y, r = digest[6 + i] * 5, 180 + digest[13 + i] * 2, 40 + digest[20 + i] // 2
        tint = tuple(part + (digest[27 + k] - part) * (i + 2) // 9 for k, part in enumerate(low))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tint)
    text = f"picture not fetched: {name if len(name) <= 64 else name[:61] + '…'}"  # noqa: PLR2004 - one line's width
    draw.text((40, 120), text.encode("ascii", "replace").decode(), fill="white", font_size=28)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
