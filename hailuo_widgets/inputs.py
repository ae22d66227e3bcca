"""What a user gives as a picture, and the :class:`~hailuo_widgets.domain.images.Image` that it is.

A path, an http(s) URL, a data URL, bytes, a ``PIL.Image`` or a NumPy array. URLs are kept as they are and never
fetched; everything else is read once and known by its content, never by its name. Bytes are sent as they came, but
where the EXIF data turn the picture (a provider might not) or say where it was taken: then it is written anew, upright,
without them.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import math
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hailuo_widgets.domain.images import MEDIA_TYPES, Image
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as Picture

    from hailuo_widgets.domain.catalog import ImageRules

__all__ = ["load_image"]

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 50_000_000
SHOWN = 80  # characters of a value that an error quotes
FORMATS = tuple(MEDIA_TYPES)
KINDS = "a path, an http(s) URL, a data URL, bytes, a PIL.Image or a NumPy array"
ORIENTATION, GPS = 0x0112, 0x8825  # EXIF tags
TURNED = range(2, 9)  # the orientations that are not upright
DATA_URL = re.compile(r"data:[\w.+/-]*(?:;[\w.+=-]+)*?(;base64)?,", re.ASCII | re.IGNORECASE)
FITS = ("crop", "pad")


def load_image(value: Any, *, argument: str, fit: str | None = None, rules: ImageRules | None = None) -> Image:
    """The image that a value is, checked by its content.

    Args:
        value: A path (``str`` or ``Path``), an http(s) URL, a data URL, bytes of a JPEG, PNG or WebP, a ``PIL.Image``,
            or a NumPy array (height × width × 3 or 4, ``uint8`` from 0 to 255 or floats from 0 to 1).
        argument: Whose value it is, for the messages.
        fit: ``crop`` or ``pad`` brings its ratio into the rules'; None leaves it.
        rules: What the provider takes, for ``fit`` alone; without a ratio there, nothing is cut or added.

    Raises:
        UsageError: It is no such thing, cannot be read, or is no picture that a provider takes.
    """
    if fit not in {None, *FITS}:
        raise UsageError(f"fit={fit!r}: allowed is {', '.join(FITS)}, or None", hint="leave it out to send it as it is")
    if isinstance(value, Image):
        return value
    if isinstance(value, str) and re.match(r"https?://", value.strip(), re.IGNORECASE):
        url = value.strip()
        return Image(name=url[:SHOWN], url=url)
    name, data = _bytes(value, argument)
    picture = _open(data, argument, name)
    with _reading(argument, name):
        data, picture = _upright(data, picture)
        if fit is not None and rules is not None and rules.ratio is not None:
            size = _fitting(picture.width, picture.height, fit, rules.ratio)
            _few_pixels(*size, argument, name)  # padding a line makes a field of it
            if size != picture.size:
                data, picture = _placed(picture, size)
    return Image(
        name=name,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=MEDIA_TYPES[str(picture.format)],
        width=picture.width,
        height=picture.height,
    )


def _refuse(argument: str, name: str, why: str, hint: str) -> NoReturn:
    raise UsageError(f"{argument}={name}: {why}", hint=hint)


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an object's own methods may raise anything
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _shown_path(path: str) -> str:
    text = repr(path)
    return text if len(text) <= SHOWN else f"{text[0]}…{text[2 - SHOWN :]}"  # its end tells most


def _bytes(value: Any, argument: str) -> tuple[str, bytes]:
    """The name to show and the bytes of what was given."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        return f"{len(data)} bytes", _not_too_long(data, argument, f"{len(data)} bytes")
    if isinstance(value, str) and value.lstrip()[:5].casefold() == "data:":
        return _from_data_url(value.strip(), argument)
    if isinstance(value, (str, Path)):
        return _from_path(value, argument)
    from PIL import Image as Pillow
    from PIL import ImageOps

    if isinstance(value, Pillow.Image):
        name = f"{type(value).__name__} {value.width}x{value.height}"
        _few_pixels(value.width, value.height, argument, name)
        with _reading(argument, name):
            return name, _as_png(ImageOps.exif_transpose(value))
    if hasattr(type(value), "__array__"):
        name, picture = _from_array(value, argument)
        return name, _as_png(picture)
    _refuse(argument, _shown(value), f"a {type(value).__name__} is no picture; allowed is {KINDS}", "give one of those")


@contextlib.contextmanager
def _reading(argument: str, name: str) -> Iterator[None]:
    """Whatever Pillow meets in damaged pixels, in our words."""
    try:
        yield
    except UsageError:
        raise
    except Exception as e:  # noqa: BLE001 - damaged files make Pillow raise what no list of ours would be complete for
        _refuse(argument, name, f"the picture cannot be read: {e or type(e).__name__}", "save it anew as PNG")


def _from_data_url(text: str, argument: str) -> tuple[str, bytes]:
    name = _shown(text[:40])
    head = DATA_URL.match(text)
    if head is None or not head[1]:
        _refuse(argument, name, "this data URL holds no base64", "a data URL looks like data:image/png;base64,iVBOR…")
    if len(text) > MOST_BYTES * 4 // 3 + 200:
        _not_too_long(bytes(MOST_BYTES + 1), argument, name)
    try:
        data = base64.b64decode(re.sub(r"\s+", "", text[head.end() :]), validate=True)
    except (binascii.Error, ValueError):
        _refuse(argument, name, "its base64 is damaged", "encode the picture again: base64.b64encode(bytes)")
    return name, _not_too_long(data, argument, name)


def _from_path(value: str | Path, argument: str) -> tuple[str, bytes]:
    name = _shown_path(str(value))
    here = f"paths are relative to {str(Path.cwd())!r}"
    try:
        path = Path(value).expanduser()
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            _refuse(argument, name, "that is a folder", "give one picture's path")
        if not stat.S_ISREG(found.st_mode):
            _refuse(argument, name, "that is a device, a pipe or a socket, not a file", "give a file's path")
        if found.st_size > MOST_BYTES:
            _refuse(argument, name, f"the file has {found.st_size / 1e6:.0f} MB", f"at most {MOST_BYTES / 1e6:.0f} MB")
        with path.open("rb") as file:
            return name, _not_too_long(file.read(MOST_BYTES + 1), argument, name)
    except FileNotFoundError:
        _refuse(argument, name, "there is no such file", here)
    except (OSError, RuntimeError, ValueError) as e:
        if isinstance(e, UsageError):
            raise
        why = getattr(e, "strerror", None) or str(e)
        _refuse(argument, name, f"the file cannot be read: {why}", here)


def _from_array(value: Any, argument: str) -> tuple[str, Picture]:
    import numpy as np
    from PIL import Image as Pillow

    with _reading(argument, f"a {type(value).__name__}"):
        array = np.asarray(value)
    name = f"array of shape {array.shape}, dtype {array.dtype}"
    if array.ndim != 3 or array.shape[2] not in {3, 4} or min(array.shape) < 1:  # noqa: PLR2004 - height, width, channels
        _refuse(
            argument, name, "allowed is height × width × 3 (RGB) or 4 (RGBA)", "np.stack([grey] * 3, axis=-1) makes RGB"
        )
    _few_pixels(array.shape[1], array.shape[0], argument, name)
    if np.issubdtype(array.dtype, np.floating):
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            _refuse(
                argument, name, "its floats are not all from 0 to 1", "divide by 255, or clip: np.clip(array, 0, 1)"
            )
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        _refuse(argument, name, "allowed is uint8 (0 to 255) or floats (0 to 1)", "array.astype('uint8')")
    return name, Pillow.fromarray(np.ascontiguousarray(array))


def _not_too_long(data: bytes, argument: str, name: str) -> bytes:
    if len(data) > MOST_BYTES:
        _refuse(argument, name, f"it has more than {MOST_BYTES / 1e6:.0f} MB", "make it smaller: Image.thumbnail")
    if not data:
        _refuse(argument, name, "it is empty", f"give {KINDS}")
    return data


def _few_pixels(width: int, height: int, argument: str, name: str) -> None:
    if width * height > MOST_PIXELS:
        _refuse(
            argument,
            name,
            f"{width}×{height} is more than {MOST_PIXELS // 1_000_000} million pixels",
            "make it smaller: Image.thumbnail",
        )


def _open(data: bytes, argument: str, name: str) -> Picture:
    """The picture of some bytes, its header alone read."""
    import warnings

    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # our own bound is lower, and an error
            picture = Pillow.open(io.BytesIO(data), formats=list(FORMATS))
            width, height = picture.size
            animated = getattr(picture, "is_animated", False)
    except UnidentifiedImageError:
        _refuse(
            argument,
            name,
            f"it is no JPEG, PNG or WebP by its content (it begins with {data[:8]!r})",
            "convert it: PIL.Image.open(path).convert('RGB').save('picture.png')",
        )
    except Pillow.DecompressionBombError:
        _refuse(argument, name, f"it claims more than {MOST_PIXELS // 1_000_000} million pixels", "give a smaller one")
    except Exception as e:  # noqa: BLE001 - as in _reading
        _refuse(argument, name, f"the picture cannot be read: {e or type(e).__name__}", "save it anew as PNG")
    _few_pixels(width, height, argument, name)
    if animated and picture.format != "JPEG":  # a JPEG of several pictures shows its first
        _refuse(argument, name, "it is animated, and a frame is one picture", "save one of its frames as PNG")
    return picture


def _upright(data: bytes, picture: Picture) -> tuple[bytes, Picture]:
    """The picture as it is to be seen; written anew only where its EXIF data turn it or say where it was taken."""
    from PIL import ImageOps

    exif = picture.getexif()
    if exif.get(ORIENTATION, 1) not in TURNED and GPS not in exif:
        return data, picture
    return _written(ImageOps.exif_transpose(picture), str(picture.format))


def _fitting(width: int, height: int, fit: str, ratio: tuple[float, float]) -> tuple[int, int]:
    """The size, cropped or padded, whose ratio is allowed; rounded inwards, so never a pixel outside of the bound."""
    low, high = ratio
    if width / height > high:
        return (max(1, math.floor(height * high)), height) if fit == "crop" else (width, math.ceil(width / high))
    if width / height < low:
        return (width, max(1, math.floor(width / low))) if fit == "crop" else (math.ceil(height * low), height)
    return width, height


def _placed(picture: Picture, size: tuple[int, int]) -> tuple[bytes, Picture]:
    """The picture in the middle of a black field of that size; what stands out is cut."""
    from PIL import Image as Pillow

    canvas = Pillow.new("RGB", size)
    canvas.paste(picture.convert("RGB"), ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return _written(canvas, str(picture.format))


def _written(picture: Picture, kind: str) -> tuple[bytes, Picture]:
    """A picture in its own format, at the highest quality; of its metadata the colour profile alone is kept."""
    from PIL import Image as Pillow

    how: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "JPEG":
        how = {"quality": 95, "subsampling": 0}
    for name in ("exif", "xmp", "XML:com.adobe.xmp", "comment"):
        picture.info.pop(name, None)
    out = io.BytesIO()
    picture.save(out, kind, exif=b"", icc_profile=picture.info.get("icc_profile"), **how)
    return out.getvalue(), Pillow.open(io.BytesIO(out.getvalue()))


def _as_png(picture: Picture) -> bytes:
    out = io.BytesIO()
    plain = picture if picture.mode in {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"} else picture.convert("RGB")
    plain.save(out, "PNG")
    return out.getvalue()
