"""Tests of image loading: images are identified by their content, and a refusal gives the reason."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import socket
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from hailuo_widgets.domain.catalog import ImageRules
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.images import MOST_BYTES, load_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = ImageRules(max_bytes=10**7, ratio=(2 / 5, 5 / 2), source="test")
ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **how: Any) -> bytes:
    """The bytes of a small picture whose left half is red and whose right half is black."""
    image = Pillow.new(mode, size)
    if mode == "RGB":
        image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def with_exif(orientation: int | None = None, *, gps: bool = False, kind: str = "JPEG") -> bytes:
    """A picture with EXIF data."""
    exif = Pillow.Exif()
    exif[MAKE] = "a camera"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if gps:
        exif.get_ifd(GPS)[1] = "N"
    return picture(kind, exif=exif)


def pixels(data: bytes | None) -> Pillow.Image:
    """The picture of some bytes."""
    return Pillow.open(io.BytesIO(data or b"")).convert("RGB")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_path_is_read_once_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    """The bytes are the file's own, and known by their content: the name's ending says nothing."""
    data = picture(kind)
    path = tmp_path / "fox.txt"
    path.write_bytes(data)
    for value in (path, str(path)):
        image = load_image(value, argument="first_frame")
        assert image.data == data
        assert image.sha256 == hashlib.sha256(data).hexdigest()
        assert (image.media_type, image.width, image.height) == (f"image/{kind.lower()}", 40, 30)
        assert "fox.txt" in image.name
        assert image.url is None


def test_a_long_path_is_known_by_its_end(tmp_path: Path) -> None:
    """A message has room for 80 characters of it: the file's own name is among them."""
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    (folder / "fox.png").write_bytes(picture("PNG"))
    name = load_image(folder / "fox.png", argument="first_frame").name
    assert (len(name), name[:2], name[-9:]) == (80, "'…", "/fox.png'")


@pytest.mark.parametrize("url", ["https://a.example/fox.png", "HTTP://a.example/x", " https://a.example/x "])
def test_a_url_is_kept_and_never_fetched(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """No connection is made for a URL."""

    def refuse(*_: Any) -> None:
        pytest.fail("a URL was fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    image = load_image(url, argument="first_frame")
    assert (image.url, image.data, image.sha256) == (url.strip(), None, None)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("broken", ["", "\n"])
def test_bare_base64(kind: str, broken: str) -> None:
    """Base64 of a picture is that picture, also in lines; what is damaged, or too short to be one, is a path."""
    data = picture(kind)
    text = base64.encodebytes(data).decode() if broken else base64.b64encode(data).decode()
    image = load_image(text)
    assert (image.data, image.sha256) == (data, hashlib.sha256(data).hexdigest())
    for other in (text[:40], f"{text.strip()[:-9]}.png"):
        with pytest.raises(UsageError, match=r"no such file|cannot be read"):
            load_image(other)


def test_base64_that_is_a_files_name_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there is never taken for anything else."""
    name = base64.urlsafe_b64encode(picture()).decode()[:100]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(picture("JPEG"))
    assert load_image(name).media_type == "image/jpeg"


UUID = "3F0C5F0E-8a5f-4f0e-9d43-0c3a5d4b1e77"


def test_a_uuid_is_an_image_that_the_provider_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes as it is, unless there is a file of that name; it cannot be fitted."""
    image = load_image(f" {UUID}\n")
    assert (image.url, image.data, image.wire(), image.identity) == (UUID, None, UUID, f"url:{UUID}")
    with pytest.raises(UsageError, match="fit='crop'"):
        load_image(UUID, fit="crop")
    monkeypatch.chdir(tmp_path)
    (tmp_path / UUID).write_bytes(picture())
    assert load_image(UUID).media_type == "image/png"


def test_data_urls_and_bytes() -> None:
    """A data URL (whatever type it claims), bytes and their like are all their content."""
    data = picture("WEBP")
    text = base64.b64encode(data).decode()
    for value in (
        f"data:image/jpeg;base64,{text}",
        f"data:;base64,{text[:20]}\n{text[20:]}",
        f"DATA:image/png;charset=x;base64,{text}",
        data,
        bytearray(data),
        memoryview(data),
    ):
        image = load_image(value, argument="first_frame")
        assert (image.data, image.media_type) == (data, "image/webp")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "I;16", "F", "HSV"])
def test_pil_pictures(mode: str) -> None:
    """A PIL picture of any mode goes as PNG."""
    image = load_image(Pillow.new(mode, (40, 30)), argument="first_frame")
    assert (image.media_type, image.width, image.height) == ("image/png", 40, 30)
    assert "40x30" in image.name


def test_a_turned_pil_picture_is_turned_upright() -> None:
    """What Pillow opened from a turned photo goes upright."""
    image = load_image(Pillow.open(io.BytesIO(with_exif(6))), argument="first_frame")
    assert (image.width, image.height) == (30, 40)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, np.float16])
def test_arrays(channels: int, kind: type) -> None:
    """Bytes from 0 to 255 and floats from 0 to 1 are the same picture."""
    array = np.ones((30, 40, channels), kind) * (255 if kind is np.uint8 else 1)
    image = load_image(array[:, ::-1], argument="first_frame")
    assert (image.width, image.height, image.media_type) == (40, 30, "image/png")
    assert pixels(image.data).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_photo_is_written_upright(kind: str) -> None:
    """Orientation 6 means that the left of the stored picture is its top; the EXIF data go."""
    image = load_image(with_exif(6, kind=kind), argument="first_frame")
    assert (image.width, image.height, image.media_type) == (30, 40, f"image/{kind.lower()}")
    assert not Pillow.open(io.BytesIO(image.data or b"")).getexif()
    seen = pixels(image.data)
    assert seen.getpixel((15, 5))[0] > 200  # type: ignore[index] - an RGB pixel is a tuple
    assert seen.getpixel((15, 35))[0] < 50  # type: ignore[index] - likewise
    assert image.sha256 == hashlib.sha256(image.data or b"").hexdigest()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_it_was_taken_is_removed(kind: str) -> None:
    """GPS data do not leave the machine; the picture stays upright and as large."""
    image = load_image(with_exif(gps=True, kind=kind), argument="first_frame")
    left = Pillow.open(io.BytesIO(image.data or b""))
    assert GPS not in left.getexif()
    assert "xmp" not in left.info
    assert left.size == (40, 30)


@pytest.mark.parametrize("orientation", [None, 1])
def test_other_exif_data_leave_the_bytes_alone(orientation: int | None) -> None:
    """A picture that needs no change is not encoded again."""
    data = with_exif(orientation)
    assert load_image(data, argument="first_frame").data == data


def test_cmyk_is_left_alone() -> None:
    """A CMYK JPEG is a JPEG."""
    data = picture("JPEG", mode="CMYK")
    assert load_image(data, argument="first_frame").data == data


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(1000, 10), (10, 1000), (1001, 333), (333, 1001), (7, 1), (1, 7)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_fit(fit: str, size: tuple[int, int], kind: str) -> None:
    """Cropped or padded, the ratio is within the rules; cropping adds nothing, and padding cuts nothing."""
    image = load_image(picture(kind, size), argument="first_frame", fit=fit, rules=RULES)
    width, height = image.width or 0, image.height or 0
    assert 2 / 5 <= width / height <= 5 / 2
    assert (width <= size[0] and height <= size[1]) == (fit == "crop")
    assert (width >= size[0] and height >= size[1]) == (fit == "pad")
    assert image.media_type == f"image/{kind.lower()}"


def test_fit_is_on_request_alone() -> None:
    """Without it nothing is cut; with it a fair picture is left as it is."""
    wide, fair = picture(size=(1000, 10)), picture()
    assert load_image(wide, argument="first_frame", rules=RULES).data == wide
    assert load_image(fair, argument="first_frame", fit="crop", rules=RULES).data == fair


def test_padding_a_line_is_refused_before_it_fills_the_memory() -> None:
    """A line of 2 × 30 000 pixels padded to 2:5 would be a field of 360 million."""
    line = picture(size=(2, 30_000), mode="L")
    with pytest.raises(UsageError, match="million pixels"):
        load_image(line, argument="first_frame", fit="pad", rules=RULES)
    assert load_image(line, argument="first_frame", fit="crop", rules=RULES).height == 5


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size, in a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 10)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def animated(kind: str) -> bytes:
    """A picture of two frames."""
    frames = [Pillow.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


REFUSED: list[tuple[str, Callable[[Path], Any], str]] = [
    ("no file", lambda folder: folder / "none.png", "there is no such file"),
    ("a folder", lambda folder: folder, "a folder"),
    ("a device", lambda _: "/dev/zero", "a device"),
    ("a pipe", lambda folder: os.mkfifo(folder / "pipe") or folder / "pipe", "a pipe"),
    ("a NUL in a path", lambda _: "a\0b", "cannot be read"),
    ("a long path", lambda _: "a" * 5000, "cannot be read"),
    ("an empty path", lambda _: "", "a folder"),
    ("nobody's home", lambda _: "~nobody-of-that-name/x.png", "cannot be read"),
    ("an empty file", lambda folder: (folder / "e.png").touch() or folder / "e.png", "it is empty"),
    ("empty bytes", lambda _: b"", "it is empty"),
    ("text", lambda _: b"this is no picture", "no JPEG, PNG or WebP by its content"),
    ("a GIF", lambda _: picture("GIF"), "no JPEG, PNG or WebP"),
    ("a TIFF", lambda _: picture("TIFF"), "no JPEG, PNG or WebP"),
    ("an animated WebP", lambda _: animated("WEBP"), "animated"),
    ("an animated PNG", lambda _: animated("PNG"), "animated"),
    ("a bomb", lambda _: png_of_size(60_000, 60_000), "million pixels"),
    ("51 megapixels", lambda _: png_of_size(51_000, 1000), "million pixels"),
    ("a large array", lambda _: np.broadcast_to(np.uint8(0), (51_000, 1000, 3)), "million pixels"),
    ("too many bytes", lambda _: b"x" * (MOST_BYTES + 1), "more than 52 MB"),
    ("a number", lambda _: 7, "a int is no picture"),
    ("None", lambda _: None, "a NoneType is no picture"),
    ("a list", lambda _: [picture()], "a list is no picture"),
    ("a long list", lambda _: list(range(10_000)), "…"),
    ("grey", lambda _: np.zeros((30, 40), np.uint8), "height × width × 3"),
    ("two channels", lambda _: np.zeros((30, 40, 2), np.uint8), "height × width × 3"),
    ("no rows", lambda _: np.zeros((0, 40, 3), np.uint8), "height × width × 3"),
    ("wide integers", lambda _: np.zeros((30, 40, 3), np.int64), "allowed is uint8"),
    ("floats to 255", lambda _: np.full((30, 40, 3), 255.0), "not all from 0 to 1"),
    ("NaN", lambda _: np.full((30, 40, 3), np.nan), "not all from 0 to 1"),
    ("no base64", lambda _: "data:image/png,abc", "holds no base64"),
    ("damaged base64", lambda _: "data:image/png;base64,a*b", "base64 is damaged"),
    ("empty base64", lambda _: "data:image/png;base64,", "it is empty"),
    ("a cut turned photo", lambda _: with_exif(6)[:-200], "cannot be read"),
]


@pytest.mark.parametrize(("value", "why"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path: Path, value: Callable[[Path], Any], why: str) -> None:
    """Each refusal names the argument, says why in one line, and what to do; nothing hangs on a device or a pipe."""
    with pytest.raises(UsageError) as caught:
        load_image(value(tmp_path), argument="last_frame")
    message = caught.value.message
    assert message.startswith("last_frame=")
    assert why in message
    assert len(message) < 1000
    assert caught.value.hint


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    """A sparse file of a gigabyte is refused by its size."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(UsageError, match="1000 MB"):
        load_image(path, argument="subject")


def test_closed_pictures_and_odd_fits() -> None:
    """A closed PIL picture and an unknown fit are the user's to mend."""
    closed = Pillow.open(io.BytesIO(picture()))
    closed.close()
    with pytest.raises(UsageError, match="cannot be read"):
        load_image(closed, argument="first_frame")
    with pytest.raises(UsageError, match="allowed is crop, pad"):
        load_image(picture(), argument="first_frame", fit="stretch")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "]))
@settings(max_examples=200, deadline=None)
def test_any_bytes(tail: bytes, head: bytes) -> None:
    """Bytes are a picture or a UsageError, and nothing else."""
    try:
        image = load_image(head + tail, argument="first_frame")
    except UsageError:
        return
    assert image.data


@example(place=41, byte=0, kind="JPEG", turned=True)  # struct.error in Pillow, from damaged EXIF data
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of the EXIF data that the test damages
@given(st.integers(0, 600), st.integers(0, 255), st.sampled_from(["PNG", "JPEG", "WEBP"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_damaged_picture(place: int, byte: int, kind: str, turned: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """One wrong byte anywhere gives a picture or a UsageError, and nothing else, also where it is written anew."""
    data = bytearray(with_exif(6 if turned else None, kind=kind))
    data[place % len(data)] = byte
    try:
        image = load_image(bytes(data), argument="first_frame", fit="pad", rules=RULES)
    except UsageError:
        return
    assert image.width
