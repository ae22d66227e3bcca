"""Tests of images with unusual pixels, files and spellings: white stays white, and a cut file is refused."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_from_bytes

import numpy as np
import pytest
from PIL import Image as Pillow

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.catalog import ImageRules
from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.planning.images import load_image
from hailuo_widgets.planning.pixels import as_png, lacks_end
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from pathlib import Path

RULES = ImageRules(max_bytes=10**7, ratio=(2 / 5, 5 / 2), source="test")


def pixels(data: bytes | None) -> Pillow.Image:
    """The picture of some bytes."""
    return Pillow.open(io.BytesIO(data or b"")).convert("RGB")


# -- pixels of every kind ---------------------------------------------------------------------------------------------

HALF = (127, 128)  # what the middle between black and white is in 8 bits


def wide(image: Pillow.Image) -> Pillow.Image:
    """The same pixels in a ratio that no provider takes."""
    return image.resize((1000, 30), Pillow.Resampling.NEAREST)


GREYS: list[tuple[str, Any]] = [
    ("uint8", np.full((30, 40, 3), 128, np.uint8)),
    ("uint16", np.full((30, 40, 3), 32768, np.uint16)),
    ("float16", np.full((30, 40, 3), 0.5, np.float16)),
    ("float64", np.full((30, 40, 3), 0.5)),
    ("PIL I;16", Pillow.new("I;16", (40, 30), 32768)),
    ("PIL I;16B", Pillow.new("I;16B", (40, 30), 32768)),
    ("PIL I, 16 bits", Pillow.new("I", (40, 30), 32768)),
    ("PIL I, 8 bits", Pillow.new("I", (40, 30), 128)),
    ("PIL F, to 1", Pillow.new("F", (40, 30), 0.5)),
    ("PIL F, to 255", Pillow.new("F", (40, 30), 128.0)),
    ("PIL L", Pillow.new("L", (40, 30), 128)),
    ("PIL LA", Pillow.new("LA", (40, 30), (128, 255))),
    ("PIL P", Pillow.new("L", (40, 30), 128).convert("P")),
    ("PIL CMYK", Pillow.new("CMYK", (40, 30), (0, 0, 0, 127))),
    ("a 16-bit PNG", b""),
]


def grey_16() -> bytes:
    """A 16-bit PNG of middle grey."""
    out = io.BytesIO()
    Pillow.new("I;16", (40, 30), 32768).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("fit", [None, "crop", "pad"])
@pytest.mark.parametrize("value", [g[1] for g in GREYS[:-1]] + [grey_16()], ids=[g[0] for g in GREYS])
def test_middle_grey_stays_middle_grey(value: Any, fit: str | None) -> None:
    """Whatever holds the pixels, and whether they are fitted: a reader that clips sees neither white nor black.

    The tests of kinds had zeros alone in them, and zero is black in each.
    """
    if fit is not None and isinstance(value, Pillow.Image):
        value = wide(value)
    elif fit is not None and isinstance(value, np.ndarray):
        value = np.repeat(value, 30, axis=1)
    image = load_image(value, argument="first_frame", fit=fit, rules=RULES)
    seen = pixels(image.data)
    assert seen.getpixel((seen.width // 2, seen.height // 2)) in [(n, n, n) for n in HALF]


def test_black_and_white_arrays() -> None:
    """Booleans are black and white."""
    image = load_image(np.ones((30, 40, 3), bool), argument="first_frame")
    assert pixels(image.data).getpixel((0, 0)) == (255, 255, 255)


MENDED = [
    np.full((30, 40, 3), 200, np.uint16),
    np.full((30, 40, 3), 4095, np.uint16),
    np.full((30, 40, 3), 1, np.uint16),
    np.full((30, 40, 3), 200, np.int64),
    np.full((30, 40, 3), 3000, np.int32),
    np.full((30, 40, 3), 60_000, np.int64),
    np.full((30, 40, 3), -5, np.int16),
    np.full((30, 40, 3), 10**7, np.int64),
    np.full((30, 40, 3), 1, np.int64),
    np.ones((30, 40, 3), np.uint8),
    np.full((30, 40, 3), 200.0),
    np.full((30, 40, 3), 60_000.0),
    np.full((30, 40, 3), 1.02),
    np.full((30, 40, 3), -0.7),
    np.full((30, 40, 3), -0.1),
    np.full((30, 40, 3), -1e9),
    np.full((30, 40, 3), np.nan),
    np.full((30, 40, 3), np.inf),
    np.full((30, 40), 9, np.uint8),
    np.full((30, 40, 1), 9, np.uint8),
    np.full((30, 40, 2), 9, np.uint8),
    np.full((3, 30, 40), 9, np.uint8),
    np.full((1, 30, 40, 3), 9, np.uint8),
    np.full((30, 40, 7), 9, np.uint8),
]


@pytest.mark.parametrize("array", MENDED, ids=lambda a: f"{a.dtype}-{'x'.join(map(str, a.shape))}-{a.flat[0]}")
def test_the_hint_mends_the_array(array: Any) -> None:
    """What a refusal says to write, written, is taken; and a bright picture is bright then.

    For uint16 it was ``astype('uint8')``, which wraps around: nobody had run a hint.
    """
    with pytest.raises(UsageError) as caught:
        load_image(array, argument="first_frame")
    code = str(caught.value.hint).replace("give one picture, for example ", "")
    for words in (" makes ", " puts ", ", if white", " is the first"):
        code = code.partition(words)[0]
    mended = eval(code, {"array": array, "np": np})  # noqa: S307 - our own hint
    image = load_image(mended, argument="first_frame")
    if array.max() in {200, 3000, 60_000, 1, 1.02} and array.dtype != np.float16:
        assert max(pixels(image.data).getpixel((0, 0))) >= 180  # type: ignore[type-var, arg-type] - an RGB pixel


@pytest.mark.parametrize("value", [np.nan, -1.0, 300.0])
def test_float_pictures_of_no_scale_are_refused(value: float) -> None:
    """A PIL picture of floats that are neither to 1 nor to 255."""
    with pytest.raises(UsageError, match="not all from 0 to 1 or 255"):
        load_image(Pillow.new("F", (40, 30), value), argument="first_frame")


def hidden(mode: str) -> Pillow.Image:
    """A wide picture that is red where nobody sees it."""
    if mode == "P":
        image = Pillow.new("P", (1000, 100))
        image.putpalette([255, 0, 0] * 256)
        image.info["transparency"] = 0
        return image
    if mode == "RGB":
        image = Pillow.new("RGB", (1000, 100), (255, 0, 0))
        image.info["transparency"] = (255, 0, 0)
        return image
    if mode == "LA":
        return Pillow.new("LA", (1000, 100), (7, 0))
    return Pillow.new("RGBA", (1000, 100), (255, 0, 0, 0)).convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_hidden_colours_stay_hidden(mode: str, fit: str) -> None:
    """A transparent picture that is fitted is laid on white, and the image says so; unfitted it is as it was."""
    image = load_image(hidden(mode), argument="first_frame", fit=fit, rules=RULES)
    seen = pixels(image.data)
    assert seen.getpixel((seen.width // 2, seen.height // 2)) == (255, 255, 255)
    assert "laid on white" in image.note
    assert load_image(hidden(mode), argument="first_frame").note == ""


def test_an_opaque_alpha_is_no_note() -> None:
    """Alpha that hides nothing is not spoken of."""
    assert load_image(Pillow.new("RGBA", (1000, 30), "red"), argument="first_frame", fit="pad").note == ""


# -- whole files ------------------------------------------------------------------------------------------------------


def noise(kind: str, **how: Any) -> bytes:
    """A picture that does not compress to nothing."""
    out = io.BytesIO()
    Pillow.effect_noise((320, 240), 90).convert("RGB").save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999, 1])
def test_a_cut_file_is_refused(kind: str, share: float) -> None:
    """A picture is decoded to its end before it is paid for: its header alone says nothing of the rest."""
    data = noise(kind)
    cut = data[: int(len(data) * share)] if share < 1 else data[:-2]
    with pytest.raises(UsageError, match="cannot be read"):
        load_image(cut, argument="first_frame")


def test_a_jpeg_without_its_end_is_refused() -> None:
    """Also where all pixels are there, as in one of twenty pictures: what is sent must be whole."""
    for _ in range(150):
        out = io.BytesIO()
        Pillow.effect_noise((32, 24), 90).convert("RGB").save(out, "JPEG")
        assert load_image(out.getvalue(), argument="first_frame").data is not None
        with pytest.raises(UsageError, match="cannot be read"):
            load_image(out.getvalue()[:-2], argument="first_frame")


def test_what_stands_around_a_jpeg_does_not_matter() -> None:
    """A thumbnail with an end of its own is no end of the picture; a clip behind it, as phones write, is no fault."""
    out, small = io.BytesIO(), io.BytesIO()
    Pillow.effect_noise((32, 24), 90).convert("RGB").save(small, "JPEG")
    Pillow.effect_noise((320, 240), 90).convert("RGB").save(out, "JPEG", exif=b"Exif\x00\x00" + small.getvalue())
    data = out.getvalue()
    assert lacks_end(data[:-2])
    assert not lacks_end(data)
    assert load_image(data + b"\x00\xff\xda\x00moov" * 9, argument="first_frame").data is not None


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_jpeg_that_was_closed_again(share: float, *, progressive: bool) -> None:
    """Pillow fills what is missing with grey, without a word: it is refused all the same."""
    data = noise("JPEG", progressive=progressive)
    with pytest.raises(UsageError, match="some of its pixels are missing"):
        load_image(data[: int(len(data) * share)] + b"\xff\xd9", argument="first_frame")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "how", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"quality": 1}]
)
@pytest.mark.parametrize("size", [(1, 1), (17, 33), (320, 240)])
def test_whole_jpegs_of_any_kind_are_taken(mode: str, how: dict[str, Any], size: tuple[int, int]) -> None:
    """Also one with bytes after its end, as phones append them."""
    out = io.BytesIO()
    Pillow.effect_noise(size, 90).convert("RGB").convert(mode).save(out, "JPEG", **how)
    for data in (out.getvalue(), out.getvalue() + b"MotionPhoto" * 9):
        assert load_image(data, argument="first_frame").data == data


def test_the_first_picture_of_a_phones_jpeg() -> None:
    """A JPEG with a second picture in it (depth, gain map, other eye) is its first; nothing of the second is sent."""
    second = Pillow.effect_noise((320, 240), 90).convert("RGB")
    out = io.BytesIO()
    Pillow.new("RGB", (320, 240), "red").save(out, "MPO", save_all=True, append_images=[second])
    image = load_image(out.getvalue(), argument="first_frame")
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 320, 240)
    sent = Pillow.open(io.BytesIO(image.data or b""))
    assert (sent.format, getattr(sent, "n_frames", 1)) == ("JPEG", 1)
    assert sent.getpixel((9, 9))[0] > 250  # type: ignore[index] - an RGB pixel is a tuple
    assert len(image.data or b"") < len(out.getvalue()) / 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(40), "export it as JPEG"),
        (b"\0\0\0\x1cftypavif" + bytes(40), "export it as JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "export it as PNG"),
        (b"%PDF-1.7", "export it as PNG"),
    ],
)
def test_other_formats_are_refused_with_a_way_that_works(data: bytes, says: str) -> None:
    """Pillow cannot open these, so its name is no way out."""
    with pytest.raises(UsageError) as caught:
        load_image(data, argument="first_frame")
    assert says in str(caught.value.hint)


# -- data URLs --------------------------------------------------------------------------------------------------------

RED = as_png(Pillow.new("RGB", (40, 30), "red"))
TEXT = base64.b64encode(RED).decode()
READ = {
    "plain": f"data:image/png;base64,{TEXT}",
    "unpadded": f"data:image/png;base64,{TEXT.rstrip('=')}",
    "url-safe": f"data:image/png;base64,{base64.urlsafe_b64encode(RED).decode()}",
    "percent-encoded base64": f"data:image/png;base64,{quote(TEXT, safe='')}",
    "percent-encoded bytes": f"data:image/png,{quote_from_bytes(RED)}",
    "a parameter": f"data:image/png;charset=utf-8;base64,{TEXT}",
    "a quoted parameter": f'data:image/png; charset="utf-8" ;base64,{TEXT}',
    "a parameter after it": f"data:image/png;base64;charset=utf-8,{TEXT}",
    "capitals": f"DATA:IMAGE/PNG;BASE64,{TEXT}",
    "no type": f"data:;base64,{TEXT}",
    "white space": "data:image/png;base64,\r\n " + "\n\t".join(TEXT[n : n + 20] for n in range(0, len(TEXT), 20)),
}
UNREAD = {
    "no comma": (f"data:image/png;base64{TEXT}", "no comma"),
    "a sign": (f"data:image/png;base64,{TEXT[:8]}é{TEXT[8:]}", "'é' at character 9"),
    "= inside": (f"data:image/png;base64,{TEXT[:8]}={TEXT[8:]}", "before its end at character 9"),
    "one character too few": (f"data:image/png;base64,{TEXT[:9]}", "some are missing"),
    "half of it": (f"data:image/png;base64,{TEXT[:80]}", "cannot be read"),
    "no picture": ("data:text/plain,a%20fox", "holds no base64"),
    "a surrogate": ("data:image/png;base64,\ud800", "surrogate"),
}


@pytest.mark.parametrize("url", READ.values(), ids=READ)
def test_data_urls_are_read(url: str) -> None:
    """In whichever of its spellings, a data URL is the same bytes."""
    assert load_image(url, argument="first_frame").data == RED


@pytest.mark.parametrize(("url", "says"), UNREAD.values(), ids=UNREAD)
def test_data_urls_that_are_damaged(url: str, says: str) -> None:
    """They are refused with what is wrong, and where."""
    with pytest.raises(UsageError) as caught:
        load_image(url, argument="first_frame")
    assert says in caught.value.message


# -- fitting as an option of a request --------------------------------------------------------------------------------


def test_the_hint_of_a_ratio_works(tmp_path: Path) -> None:
    """A picture whose ratio is refused says ``fit``; in a call and in a cell that makes a request that may be sent."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    frame = Pillow.new("RGBA", (3000, 600), (255, 0, 0, 0))
    with pytest.raises(UsageError, match=r"fit='crop' \(--fit crop\)"):
        session.plan("a fox", first_frame=frame)
    for fit, size in (("crop", (1500, 600)), ("pad", (3000, 1200))):
        plan = session.plan("a fox", first_frame=frame, fit=fit)
        image = plan.runs[0].request.first_frame
        assert image is not None
        assert (image.width, image.height) == size
        assert any("laid on white" in w.message for w in plan.warnings)
    path = tmp_path / "wide.png"
    Pillow.new("RGB", (3000, 600)).save(path)
    cell = plan_cell(session, parse_line(f"--first-frame '{path}' --fit crop,pad"), "a fox", {})
    assert {p.request.first_frame.height for p in cell.runs if p.request.first_frame} == {600, 1200}
    assert load_image(frame, fit="crop").width == 1500
    for arguments, says in (
        ({"fit": "crop"}, "the request has none"),
        ({"fit": "stretch", "first_frame": frame}, "allowed is crop, pad"),
        ({"fit": "crop", "first_frame": "https://a.example/x.png"}, "a URL is fetched by the provider"),
    ):
        with pytest.raises(UsageError, match=says):
            session.plan("a fox", **arguments)
    session.close()


def test_fit_changes_no_hash_of_a_fair_picture(tmp_path: Path) -> None:
    """A request that could be made before is the same request: its clip is reused, with ``fit`` or without."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    frame = Pillow.new("RGB", (640, 480), "red")
    hashes = {session.plan("a fox", first_frame=frame, fit=fit).runs[0].request.hash for fit in (None, "crop", "pad")}
    assert len(hashes) == 1
    session.close()
    image = Image(name="x", sha256="ab" * 32, note="it was laid on white")
    request = Request(prompt="a fox", provider="minimax", model="MiniMax-Hailuo-2.3", first_frame=image)
    assert request.hash == "24ed550493337c74abddbac0d93088dd6d9fb563104082d010d0d1e14dca4b4a"
