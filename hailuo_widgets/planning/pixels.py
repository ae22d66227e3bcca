"""Pixel conversion to 8 bits per channel, the format that all providers read.

Pillow clips values when it converts: a 16-bit image would turn white, and one with floats from 0 to 1 black. So values
are scaled by their white level. If that can't be determined, an error gives a line of Python that fixes the image.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image as Picture

__all__ = [
    "UnusableError",
    "as_png",
    "eight_bits",
    "encoded",
    "fitted_size",
    "from_array",
    "has_holes",
    "lacks_end",
    "on_canvas",
    "opaque",
]

WHITE_16 = 65535
JPEG_START, JPEG_SCAN, JPEG_END, MARKER = b"\xff\xd8", b"\xff\xda", b"\xff\xd9", b"\xff"
MOST_UNCLEAR = 4095  # 12 bits: up to here the white level of uint16 values is ambiguous
OVERSHOT = 0.5  # how far filters and rounding may exceed the range from 0 to 1
CHANNELS = (3, 4)
NDIM = 3
PLAIN = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})  # modes that a PNG stores unchanged


class UnusableError(ValueError):
    """Pixels that are not a usable image: the reason, and a line of Python that fixes them."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


def from_array(array: np.ndarray[Any, Any]) -> Picture:
    """Return the RGB or RGBA image of an array.

    Args:
        array: height × width × 3 or 4: ``uint8`` (0 to 255), ``uint16`` (0 to 65535), ``bool``, or floats from 0 to 1.

    Raises:
        UnusableError: The shape or the dtype is not supported, or the white level of the values is ambiguous.
    """
    import numpy as np
    from PIL import Image as Pillow

    if array.ndim != NDIM or array.shape[2] not in CHANNELS or min(array.shape) < 1:
        raise UnusableError("allowed is height × width × 3 (RGB) or 4 (RGBA)", _shape_hint(array))
    if array.dtype == np.bool_:
        array = array * np.uint8(255)
    elif np.issubdtype(array.dtype, np.floating):
        array = np.rint(_unit(array) * 255).astype(np.uint8)
    elif array.dtype == np.uint16:
        high = int(array.max())
        if 0 < high <= MOST_UNCLEAR:
            white = next(white for white in (1, 255, 1023, MOST_UNCLEAR) if high <= white)
            raise UnusableError(
                f"its largest value is {high}, and in uint16 white is {WHITE_16}: it would be nearly black",
                _if_white_is(white),
            )
        array = np.rint(array / (WHITE_16 / 255)).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise UnusableError("allowed is uint8 (0 to 255), uint16 (0 to 65535) or floats (0 to 1)", _kind_hint(array))
    elif array.max() == 1:
        raise UnusableError("its values are 0 and 1 alone, and white is 255: it would be black", "array * 255")
    return Pillow.fromarray(np.ascontiguousarray(array))


def has_holes(jpeg: bytes) -> bool:
    """Return whether a JPEG that Pillow opens lacks some of its pixels, for example because it was cut.

    Pillow silently fills missing pixels with grey; FFmpeg in strict mode reports them. A JPEG that FFmpeg can't read in
    either mode (arithmetic coding, 12 bits) is not reported.
    """
    return not _decodes(jpeg, strict=True) and _decodes(jpeg, strict=False)


def lacks_end(jpeg: bytes) -> bool:
    """Return whether a JPEG has no end marker after its first scan, although all of its pixels may be there.

    The segments before the scan are passed over, because a thumbnail in one of them has an end of its own. Encoded
    pixels have no marker in them.
    """
    at = len(JPEG_START)
    while jpeg[at : at + 1] == MARKER and jpeg[at : at + 2] != JPEG_SCAN:
        padded = jpeg[at + 1 : at + 2] == MARKER  # any number of fill bytes may stand before a marker
        at += 1 if padded else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return JPEG_END not in jpeg[at:]


def _decodes(jpeg: bytes, *, strict: bool) -> bool:
    import av

    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": "explode"} if strict else {}
    try:
        return bool([*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)])
    except av.FFmpegError:
        return False


def _unit(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    if not np.isfinite(array).all():
        raise UnusableError(
            "its floats are not all from 0 to 1: some are NaN or infinite",
            "np.clip(np.nan_to_num(array, nan=0, posinf=1, neginf=0), 0, 1)",
        )
    low, high = float(array.min()), float(array.max())
    if low >= 0 and high <= 1:
        return array
    if low >= -OVERSHOT and high <= 1 + OVERSHOT:
        hint = "np.clip(array, 0, 1)"
    elif low >= 0 and high <= 255:  # noqa: PLR2004 - the values of bytes
        hint = "array / 255"
    elif low >= 0 and high <= WHITE_16:
        hint = f"array / {WHITE_16}"
    elif low >= -1 and high <= 1:
        hint = "(array + 1) / 2"
    else:
        hint = "np.clip(array / 255, 0, 1)"
    raise UnusableError(f"its floats are not all from 0 to 1: they go from {low:.9g} to {high:.9g}", hint)


def _shape_hint(array: np.ndarray[Any, Any]) -> str:
    shape = array.shape
    mends = {
        "give an array that has pixels": min(shape, default=0) < 1,
        "np.stack([array] * 3, axis=-1) makes RGB of grey": len(shape) == NDIM - 1,
        "np.moveaxis(array, 0, -1) puts the channels last": len(shape) == NDIM and shape[0] in CHANNELS,
        "np.repeat(array, 3, axis=2) makes RGB of grey": len(shape) == NDIM and shape[2] == 1,
        "np.dstack([array[..., 0]] * 3 + [array[..., 1]]) makes RGBA of grey and alpha": len(shape) == NDIM
        and shape[2] == CHANNELS[0] - 1,
        "array[0] is the first of these pictures": len(shape) == NDIM + 1 and shape[3] in CHANNELS,
    }
    return next((hint for hint, fits in mends.items() if fits), "give one picture, for example array[:, :, :3]")


def _kind_hint(array: np.ndarray[Any, Any]) -> str:
    import numpy as np

    if not np.issubdtype(array.dtype, np.integer):
        return "convert it to floats from 0 to 1"
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > WHITE_16:
        return "np.clip(array, 0, 255).astype('uint8')"
    if high == 1:
        return "(array * 255).astype('uint8')"
    if high <= 255:  # noqa: PLR2004 - the values of bytes
        return "array.astype('uint8')"
    white = MOST_UNCLEAR if high <= MOST_UNCLEAR else WHITE_16
    return _if_white_is(white)


def _if_white_is(white: int) -> str:
    scaled = "array" if white == 255 else f"(array / {white} * 255)"  # noqa: PLR2004 - the values of bytes
    return f"{scaled}.astype('uint8'), if white is {white} in it"


def eight_bits(picture: Picture) -> Picture:
    """Return the image with 8 bits per channel.

    Raises:
        UnusableError: Values are negative, too large, NaN or infinite.
    """
    import numpy as np
    from PIL import Image as Pillow

    if not (picture.mode.startswith("I") or picture.mode == "F"):
        return picture
    values = np.asarray(picture).astype(np.float64)
    finite = bool(np.isfinite(values).all())
    low, high = (float(values.min()), float(values.max())) if finite else (0.0, 0.0)
    white = 255
    if picture.mode == "F":
        white = 1 if 0 < high <= 1 else white
    elif picture.mode.startswith("I;16") or high > white:
        white = WHITE_16
    if not finite or low < 0 or high > white:
        reason = f"they go from {low:g} to {high:g}" if finite else "some are NaN or infinite"
        raise UnusableError(
            f"its values are not all from 0 to {'1 or 255' if picture.mode == 'F' else WHITE_16}: {reason}",
            "scale them first: Image.fromarray(np.clip(values, 0, 255).astype('uint8'))",
        )
    if white == 255:  # noqa: PLR2004 - the values of bytes: Pillow converts them rightly
        return picture.convert("RGB")
    return Pillow.fromarray(np.rint(values * (255 / white)).astype(np.uint8)).convert("RGB")


def opaque(picture: Picture) -> tuple[Picture, bool]:
    """Return the image in RGB on a white background, and whether any of it was transparent.

    The colors of transparent pixels are arbitrary, so they must not become visible.
    """
    from PIL import Image as Pillow

    picture = eight_bits(picture)
    if not picture.has_transparency_data:
        return picture.convert("RGB"), False
    if picture.mode == "La":
        picture = picture.convert("LA")
    rgba = picture.convert("RGBA")
    low, _ = rgba.getchannel("A").getextrema()
    composed = Pillow.alpha_composite(Pillow.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return composed, isinstance(low, (int, float)) and low < 255  # noqa: PLR2004 - opaque


def fitted_size(width: int, height: int, fit: str, ratio: tuple[float, float]) -> tuple[int, int]:
    """Return the size after cropping or padding to an allowed ratio, rounded so that the ratio is never exceeded."""
    low, high = ratio
    if width / height > high:
        return (max(1, math.floor(height * high)), height) if fit == "crop" else (width, math.ceil(width / high))
    if width / height < low:
        return (width, max(1, math.floor(width / low))) if fit == "crop" else (math.ceil(height * low), height)
    return width, height


def on_canvas(picture: Picture, size: tuple[int, int], kind: str) -> tuple[bytes, Picture, bool]:
    """Center the image on a black canvas and cut the overhang.

    Returns:
        The encoded image, the image, and whether any of it was transparent.
    """
    from PIL import Image as Pillow

    visible, was_transparent = opaque(picture)
    canvas = Pillow.new("RGB", size)
    canvas.paste(visible, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    if picture.mode in {"RGB", "RGBA", "P"} and "icc_profile" in picture.info:  # profiles of other modes don't fit RGB
        canvas.info["icc_profile"] = picture.info["icc_profile"]
    data, result = encoded(canvas, kind)
    return data, result, was_transparent


def encoded(picture: Picture, kind: str) -> tuple[bytes, Picture]:
    """Encode an image at the highest quality, with no metadata except the color profile.

    Returns:
        The encoded bytes, and the image opened from them.
    """
    from PIL import Image as Pillow

    how: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "JPEG":
        how = {"quality": 95, "subsampling": 0}
    for name in ("exif", "xmp", "XML:com.adobe.xmp", "comment", "mpoffset"):
        picture.info.pop(name, None)
    out = io.BytesIO()
    picture.save(out, kind, exif=b"", icc_profile=picture.info.get("icc_profile"), **how)
    return out.getvalue(), Pillow.open(io.BytesIO(out.getvalue()))


def as_png(picture: Picture) -> bytes:
    """Return a PNG of an image of any mode.

    Raises:
        UnusableError: Values are negative, too large, NaN or infinite.
    """
    out = io.BytesIO()
    _plain(picture).save(out, "PNG")
    return out.getvalue()


def _plain(picture: Picture) -> Picture:
    if picture.mode in PLAIN:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return eight_bits(picture)
    if picture.mode == "La":
        return picture.convert("LA")
    if picture.mode in {"PA", "RGBa"}:
        return picture.convert("RGBA")
    found = picture.convert("RGB")
    found.info.pop("icc_profile", None)  # another mode's profile doesn't apply to RGB
    return found
