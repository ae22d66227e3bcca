"""Image loading from a path, URL, data URL, bytes, ``PIL.Image`` or NumPy array.

The result is an :class:`~hailuo_widgets.domain.images.Image`. URLs are never fetched. Everything else is read once and
identified by its content, never by its name. Bytes are sent unchanged, unless their EXIF data rotate the image (not all
providers apply that) or contain a location: then the image is saved again, upright and without EXIF data.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.images import MEDIA_TYPES, Image, is_file_id
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.file_bytes import (
    SHOWN,
    from_base64,
    from_data_url,
    from_path,
    is_there,
    not_too_long,
    refuse,
    shown,
)
from hailuo_widgets.planning.pixels import (
    UnusableError,
    as_png,
    eight_bits,
    encoded,
    fitted_size,
    from_array,
    has_holes,
    lacks_end,
    on_canvas,
)
from hailuo_widgets.redaction.passwords import without_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as Picture

    from hailuo_widgets.domain.catalog import ImageRules

__all__ = ["load_image"]

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 50_000_000
FORMATS = tuple(MEDIA_TYPES)
KINDS = "a path, an http(s) URL, a data URL, bytes, a PIL.Image or a NumPy array"
ORIENTATION, GPS = 0x0112, 0x8825  # EXIF tags
NOT_WHOLE = "it is not whole: copy or download it again"
TURNED = range(2, 9)  # the EXIF orientations that are not upright
FITS = ("crop", "pad")
USUAL_RATIO = (2 / 5, 5 / 2)
PNG_END = b"IEND\xaeB`\x82"
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


def load_image(
    value: Any, *, argument: str = "picture", fit: str | None = None, rules: ImageRules | None = None
) -> Image:
    """Load an image and decode it completely, so that no damaged image is paid for.

    Args:
        value: A path (``str`` or ``Path``), an http(s) URL, a data URL, Base64 or the bytes of a JPEG, PNG or WebP, a
            ``PIL.Image``, a NumPy array (height × width × 3 or 4: ``uint8``, ``uint16``, ``bool``, or floats from 0 to
            1), or the UUID of an image that the provider keeps, unless there is a file of that name.
        argument: The name of the argument, for messages.
        fit: ``crop`` or ``pad`` changes the aspect ratio to one that ``rules`` allow; None keeps it. A fitted
            transparent image gets a white background, and the image's ``note`` says so.
        rules: The provider's rules, used by ``fit`` only. Without a ratio in them, nothing is cut or added; None allows
            ratios from 2:5 to 5:2.

    Raises:
        UsageError: The value has the wrong type, can't be read, or is not an image that a provider accepts.
    """
    if fit not in {None, *FITS}:
        raise UsageError(
            f"fit={fit!r}: allowed is {', '.join(FITS)}, or None",
            argument="fit",
            hint="leave it out to send it as it is",
        )
    if isinstance(value, Image):
        if fit is None:
            return value
        value = value.url if value.data is None else value.data
    if isinstance(value, str) and (elsewhere := _elsewhere(value.strip(), argument, fit)) is not None:
        return elsewhere
    name, data = _bytes(value, argument)
    picture = _open(data, argument, name)
    note = ""
    with _reading(argument, name):
        picture.load()
        if {"PNG": PNG_END not in data, "JPEG": lacks_end(data)}.get(str(picture.format)):
            raise UnusableError("the picture cannot be read: image file is truncated", NOT_WHOLE)
        if picture.format == "JPEG" and has_holes(data):
            why = "image file is truncated or damaged: some of its pixels are missing"
            raise UnusableError(f"the picture cannot be read: {why}", NOT_WHOLE)
        data, picture = _upright(data, picture)
        ratio = USUAL_RATIO if rules is None else rules.ratio
        if fit is not None and ratio is not None:
            size = fitted_size(picture.width, picture.height, fit, ratio)
            _few_pixels(*size, argument, name)  # padding a very long image makes it huge
            if size != picture.size:
                data, picture, was_transparent = on_canvas(picture, size, str(picture.format))
                note = "it is transparent, and was laid on white to fit it" if was_transparent else ""
    return Image(
        name=name,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=MEDIA_TYPES[str(picture.format)],
        width=picture.width,
        height=picture.height,
        note=note,
    )


def _elsewhere(text: str, argument: str, fit: str | None) -> Image | None:
    """Return an image that the provider fetches or keeps, by its URL or UUID; None for any other text."""
    url = re.match(r"https?://", text, re.IGNORECASE) is not None
    if not url and (not is_file_id(text) or is_there(text)):
        return None
    if fit is not None:
        why = (
            f"fit={fit!r} needs the picture here, and {'a URL is fetched' if url else 'a UUID is kept'} by the provider"
        )
        refuse(argument, shown(text), why, "give the file instead, or leave fit out")
    return Image(name=without_passwords(text)[:SHOWN], url=text)


def _bytes(value: Any, argument: str) -> tuple[str, bytes]:
    """Return a name for messages and the bytes of a value."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        return f"{len(data)} bytes", not_too_long(data, argument, f"{len(data)} bytes", MOST_BYTES)
    if isinstance(value, str) and value.lstrip()[:5].casefold() == "data:":
        return _from_data_url(value.strip(), argument)
    if isinstance(value, str) and (found := from_base64(value, argument, MOST_BYTES)) is not None:
        return found
    if isinstance(value, (str, Path)):
        return from_path(value, argument, MOST_BYTES)
    from PIL import Image as Pillow
    from PIL import ImageOps

    if isinstance(value, Pillow.Image):
        name = f"{type(value).__name__} {value.width}x{value.height}"
        _few_pixels(value.width, value.height, argument, name)
        with _reading(argument, name):
            return name, as_png(ImageOps.exif_transpose(value))
    if not hasattr(type(value), "__array__"):
        kind = type(value).__name__
        refuse(argument, shown(value), f"a {kind} is no picture; allowed is {KINDS}", "give one of those")
    name, picture = _from_array(value, argument)
    return name, as_png(picture)


@contextlib.contextmanager
def _reading(argument: str, name: str) -> Iterator[None]:
    """Turn every error of Pillow into a UsageError."""
    try:
        yield
    except UsageError:
        raise
    except UnusableError as e:
        refuse(argument, name, e.why, e.hint)
    except Exception as e:  # noqa: BLE001 - damaged files make Pillow raise errors of any type
        hint = NOT_WHOLE if "truncated" in str(e) else "save it anew as PNG"  # Pillow has no type for it
        refuse(argument, name, f"the picture cannot be read: {e or type(e).__name__}", hint)


def _from_data_url(text: str, argument: str) -> tuple[str, bytes]:
    name, data = from_data_url(text, argument, MOST_BYTES)
    if "base64" not in text.partition(",")[0].casefold() and not data.startswith(MAGIC):
        why = "this data URL holds no base64, and its text is no picture"
        refuse(argument, name, why, "a data URL looks like data:image/png;base64,iVBOR…")
    return name, data


def _from_array(value: Any, argument: str) -> tuple[str, Picture]:
    import numpy as np

    with _reading(argument, f"a {type(value).__name__}"):
        array = np.asarray(value)
    name = f"array of shape {array.shape}, dtype {array.dtype}"
    if array.ndim >= 2:  # noqa: PLR2004 - height and width
        _few_pixels(array.shape[1], array.shape[0], argument, name)
    with _reading(argument, name):
        return name, from_array(array)


def _few_pixels(width: int, height: int, argument: str, name: str) -> None:
    if width * height > MOST_PIXELS:
        refuse(
            argument,
            name,
            f"{width}×{height} is more than {MOST_PIXELS // 1_000_000} million pixels",
            "make it smaller: Image.thumbnail",
        )


def _open(data: bytes, argument: str, name: str) -> Picture:
    """Open an image without decoding its pixels."""
    import warnings

    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # our own limit is lower, and an error
            picture = Pillow.open(io.BytesIO(data), formats=list(FORMATS))
            width, height = picture.size
            animated = getattr(picture, "is_animated", False)
    except UnidentifiedImageError:
        refuse(
            argument,
            name,
            f"it is no JPEG, PNG or WebP by its content (it begins with {data[:8]!r})",
            _other_format(data),
        )
    except Pillow.DecompressionBombError:
        refuse(argument, name, f"it claims more than {MOST_PIXELS // 1_000_000} million pixels", "give a smaller one")
    except Exception as e:  # noqa: BLE001 - as in _reading
        refuse(argument, name, f"the picture cannot be read: {e or type(e).__name__}", "save it anew as PNG")
    _few_pixels(width, height, argument, name)
    if animated and picture.format not in {"JPEG", "MPO"}:  # a JPEG of several pictures shows its first
        refuse(argument, name, "it is animated, and a frame is one picture", "save one of its frames as PNG")
    return picture


def _other_format(data: bytes) -> str:
    """Return the hint for a file of another format."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIF:
        return (
            "it is a HEIC or AVIF photo: export it as JPEG (an iPhone: Settings, Camera, Formats, Most Compatible; or "
            "share it by mail), or convert it with the package pillow-heif"
        )
    if data.lstrip()[:1] == b"<" or data[:4] == b"%PDF":
        return "export it as PNG from the program that made it"
    return "convert it: PIL.Image.open(path).convert('RGB').save('picture.png')"


def _upright(data: bytes, picture: Picture) -> tuple[bytes, Picture]:
    """Return the image upright and without a location; it is saved again only if needed.

    A JPEG of several images, as phones make them, is reduced to the first, which is what phones show. 16-bit grey is
    reduced to 8 bits.
    """
    from PIL import ImageOps

    exif = picture.getexif()
    several = picture.format == "MPO"
    kind = "JPEG" if several else str(picture.format)
    deep = picture.mode.startswith("I")  # 16-bit grey, which is white if clipped to 8 bits
    if exif.get(ORIENTATION, 1) not in TURNED and GPS not in exif and not several and not deep:
        return data, picture
    return encoded(eight_bits(ImageOps.exif_transpose(picture)), kind)
