"""Tests of references: how they are loaded, what is told by their content, and what a provider's rules refuse."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from media_files import clip, sound
from PIL import Image as Pillow

from hailuo_widgets.domain.catalog import MediaLimits, Model, ReferenceRules
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning import load_references
from hailuo_widgets.planning.axes import axes_of
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.planning.load_references import load_reference
from hailuo_widgets.provider import Facts, Offer, open_provider
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

PICTURE = (Path(__file__).parents[2] / "docs/images/quickstart.png").read_bytes()
R2V = "reference_to_video"
RULES = ReferenceRules(  # as MiniMax's document of H3 has them
    source="the document",
    images=9,
    videos=3,
    audios=3,
    total=12,
    image=MediaLimits(formats=("JPEG", "PNG", "WEBP"), max_bytes=30_000_000, sides=(256, 5760), ratio=(0.4, 2.5)),
    video=MediaLimits(
        formats=("MP4", "MOV"),
        codecs=("h264", "hevc", "aac", "mp3"),
        max_bytes=50_000_000,
        seconds=(2, 15),
        total_seconds=15,
        sides=(256, 5760),
        ratio=(0.4, 2.5),
        fps=(23.976, 60),
    ),
    audio=MediaLimits(formats=("WAV", "MP3"), max_bytes=15_000_000, seconds=(2, 15), total_seconds=15),
    body_max=64_000_000,
)


def facts(rules: ReferenceRules | None = RULES) -> Facts:
    """A provider with a model that takes references."""
    own = open_provider("minimax", Settings.resolve()).facts
    model = Model(name="H", title="H", short_names=("h",), references=rules, prompt_min=1)
    offers = tuple(
        Offer(model="H", mode=m, resolution="768P", durations=(6,), source="x") for m in (R2V, "image_to_video")
    )
    return replace(own, models=(model,), offers=offers, default_model="H")


def built(*references: Any, rules: ReferenceRules = RULES, **more: Any) -> Request:
    """The request with these references."""
    return build_request(facts(rules), {"prompt": "a fox", "references": list(references), **more}).request


# -- loading ----------------------------------------------------------------------------------------------------------

CONTENT: dict[str, tuple[bytes, dict[str, Any]]] = {
    "an MP4": (clip(with_sound=True), {"kind": "video", "media_type": "video/mp4", "codecs": "h264, aac", "fps": 24.0}),
    "a MOV": (clip(kind="mov"), {"kind": "video", "media_type": "video/quicktime", "width": 64, "height": 48}),
    "a WebM": (clip(kind="webm", codec="libvpx"), {"kind": "video", "media_type": "video/webm", "codecs": "vp8"}),
    "a turned MP4": (clip(turned=90), {"width": 48, "height": 64}),
    "a WAV": (sound(), {"kind": "audio", "media_type": "audio/wav", "seconds": 2.0, "width": None, "fps": None}),
    "an MP3": (sound(kind="mp3"), {"kind": "audio", "media_type": "audio/mpeg", "codecs": "mp3"}),
    "a PNG": (PICTURE, {"kind": "image", "media_type": "image/png", "seconds": None, "codecs": ""}),
}


@pytest.mark.parametrize("case", CONTENT)
def test_a_file_is_told_by_its_content(case: str, tmp_path: Path) -> None:
    """Path, text, bytes and data URL give the same reference, whatever the file's name ends in."""
    data, expected = CONTENT[case]
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    written = f"data:application/octet-stream;base64,{base64.b64encode(data).decode()}"
    loaded = [load_reference(value) for value in (path, str(path), data, bytearray(data), written)]
    assert {(one.identity, one.kind, one.media_type) for one in loaded} == {
        (loaded[0].identity, loaded[0].kind, loaded[0].media_type)
    }
    assert loaded[0].data == data
    assert {name: getattr(loaded[0], name) for name in expected} == expected
    if loaded[0].kind != "image":
        assert loaded[0].seconds == pytest.approx(2.0, abs=0.1)


def test_pictures_in_memory_and_runs() -> None:
    """A PIL image, an array and a run with a clip are references too; a run without one is refused."""
    grey = np.full((30, 40, 3), 99, np.uint8)
    for value in (Pillow.fromarray(grey), grey):
        found = load_reference(value)
        assert (found.kind, found.width, found.height) == ("image", 40, 30)
    run = type("Run", (), {"is_sweep": False, "id": "r1", "video": None})()
    with pytest.raises(UsageError, match=r"references\[0\]=run r1: it has no clip in the archive"):
        load_reference(run)


def test_a_runs_clip_is_a_reference(tmp_path: Path) -> None:
    """A run stands for its MP4."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip())
    run = type("Run", (), {"is_sweep": False, "id": "r1", "video": path})()
    assert load_reference(run).sha256 == load_reference(path).sha256


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        ("https://a.example/fox.PNG", "image", "https://a.example/fox.PNG"),
        ("https://a.example/fox.mp4?token=1", "video", "https://a.example/fox.mp4?token=1"),
        (" HTTPS://a.example/fox.wav#t=1 ", "audio", "HTTPS://a.example/fox.wav#t=1"),
        ("video:https://a.example/7", "video", "https://a.example/7"),
        ("Audio: https://a.example/fox.mp4", "audio", "https://a.example/fox.mp4"),
    ],
)
def test_the_kind_of_a_url(text: str, kind: str, url: str) -> None:
    """A URL's kind is told by its suffix, or by what stands before it; it is not fetched."""
    found = load_reference(text)
    assert (found.kind, found.url, found.data, found.seconds) == (kind, url, None, None)


def test_a_url_of_no_kind_says_what_to_write() -> None:
    """Nothing is guessed of an address without a known suffix."""
    with pytest.raises(UsageError, match=r"references\[2\]=.*can't be told") as refused:
        load_reference("https://a.example/7", argument="references[2]")
    assert "video:https://" in str(refused.value)


def test_a_kind_that_the_content_denies_is_refused(tmp_path: Path) -> None:
    """``audio:`` before a clip is a mistake of the one or the other."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip())
    assert load_reference(f"video:{path}").kind == "video"
    with pytest.raises(UsageError, match="by its content it is a clip"):
        load_reference(f"audio:{path}")


DAMAGED: dict[str, tuple[Any, str]] = {
    "an MP4 without its index": (clip()[:-300], "cannot be read as MP4"),
    "an MP4 of which the end is missing": (clip(at_once=True)[:-2000], "was cut"),
    "a WebM of which the end is missing": (clip(kind="webm", codec="libvpx")[:-800], "was cut"),
    "a WAV of which the end is missing": (sound()[:-20_000], "was cut"),
    "an MP4's first bytes": (clip()[:40], "cannot be read as MP4"),
    "an ID3 tag alone": (b"ID3\3\0\0\0\0\0\0", "cannot be read as MP3"),
    "a playlist": (b"#EXTM3U\nhttps://a.example/x.ts\n", "none of these by its content"),
    "a text": (b"a fox", "none of these by its content"),
    "no bytes": (b"", "it is empty"),
    "a GIF": (b"GIF89a" + bytes(20), "no JPEG, PNG or WebP"),
    "a HEIC photo": (b"\0\0\0\x18ftypheic" + bytes(20), "no JPEG, PNG or WebP"),
    "a number": (7, "a int is no reference"),
    "a mapping": ({"video": "https://a.example/1"}, "a dict is no reference"),
    "a missing file": ("no/such/file.mp4", "there is no such file"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_refused(case: str) -> None:
    """Each names its place, and nothing else than UsageError is raised."""
    value, why = DAMAGED[case]
    with pytest.raises(UsageError, match=rf"references\[1\]=.*{why}"):
        load_reference(value, argument="references[1]")


def test_a_sound_in_an_mp4_is_no_clip() -> None:
    """A container of clips without pictures is refused, and says what a sound is."""
    import io

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=16_000, layout="mono")
        for start in range(0, 32_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UsageError, match="it holds no pictures"):
        load_reference(out.getvalue())


@example(place=4, byte=0, which=0)
@given(st.integers(0, 70_000), st.integers(0, 255), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file(place: int, byte: int, which: int) -> None:
    """A file with one wrong byte is a reference or a UsageError."""
    data = bytearray([data for data, _ in CONTENT.values()][which])
    data[place % len(data)] = byte
    _loads_or_says_why(bytes(data))


@given(st.integers(0, 6000), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_cut_file(length: int, which: int) -> None:
    """The first bytes of a file are a reference or a UsageError."""
    data = [data for data, _ in CONTENT.values()][which][:length]
    _loads_or_says_why(data)


def _loads_or_says_why(data: bytes) -> None:
    """Load bytes; any other error than UsageError fails the test."""
    said = ""
    try:
        load_reference(data)
    except UsageError as e:
        said = str(e)
    assert "references[0]=" in said or not said


# -- the rules of a provider ------------------------------------------------------------------------------------------

GOOD_CLIP = clip(2.5, size=(256, 256))
PICTURES = ["https://a.example/1.png"]


def known(kind: str, **measures: Any) -> Reference:
    """A reference of which these measures are known."""
    media = {"image": "image/png", "video": "video/mp4", "audio": "audio/wav"}[kind]
    sized = {} if kind == "audio" else {"width": 640, "height": 480}
    return Reference(
        **{
            "name": "fox",
            "kind": MediaKind(kind),
            "data": b"1",
            "sha256": "a" * 64,
            "media_type": media,
            **sized,
            **measures,
        }
    )


def test_what_the_rules_allow_is_built() -> None:
    """A picture, a clip and a sound go together; the request has their mode, their order and their content."""
    request = built(PICTURE, GOOD_CLIP, sound(3.0), "https://a.example/1.mp4")
    assert request.mode == R2V
    assert [one.kind for one in request.references] == ["image", "video", "audio", "video"]
    assert [name for name, _ in request.inputs] == [f"references[{n}]" for n in range(4)]
    assert request.hash != built(GOOD_CLIP, PICTURE, sound(3.0), "https://a.example/1.mp4").hash


BROKEN: dict[str, tuple[list[Any], str]] = {
    "ten pictures": (PICTURES * 10, "references has 10 pictures; MiniMax takes at most 9"),
    "four clips": (["https://a.example/1.mp4"] * 4, "references has 4 clips; MiniMax takes at most 3"),
    "thirteen files": (
        [*PICTURES * 9, *["https://a.example/1.mp4"] * 3, "https://a.example/1.wav"],
        "references has 13 files; MiniMax takes at most 12",
    ),
    "sounds alone": (["https://a.example/1.wav"], "references has sounds alone"),
    "a long clip": ([known("video", seconds=15.2)], r"references\[0\]=fox has 15.2 s; MiniMax takes 2 to 15 s"),
    "a short sound": ([*PICTURES, known("audio", seconds=1.5)], r"references\[1\]=fox has 1.5 s"),
    "clips that are long together": (
        [known("video", seconds=8.0), known("video", seconds=8.0)],
        "the clips in references have 16.0 s together; MiniMax takes 15 s",
    ),
    "a WebM": ([known("video", media_type="video/webm")], r"references\[0\]=fox is WEBM"),
    "another codec": ([known("video", codecs="vp9, aac")], r"references\[0\]=fox has the codec vp9"),
    "a large clip": ([known("video", data=bytes(50_000_001))], r"references\[0\]=fox has 50.0 MB"),
    "few frames": ([known("video", fps=15.0)], r"references\[0\]=fox has 15 frames per second"),
    "a small picture": ([known("image", width=255, height=300)], r"references\[0\]=fox is 255×300"),
    "a wide picture": ([known("image", width=2600, height=1000)], r"references\[0\]=fox is 2600×1000"),
    "a large body": (
        [known("image", data=bytes(25_000_000)), known("image", data=bytes(25_000_000))],
        "make a request of 67 MB; MiniMax takes 64 MB",
    ),
    "no address": (["video:https://"], r"references\[0\]='https://': a URL begins with"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_the_rules_refuse(case: str) -> None:
    """Each limit of the document is checked before anything is sent, and the error names the file."""
    references, why = BROKEN[case]
    with pytest.raises(UsageError, match=why):
        built(*references)


@pytest.mark.parametrize(
    "allowed",
    [
        [known("video", seconds=15.05, fps=23.976, codecs="hevc, mp3")],  # containers round
        [known("video", seconds=7.5), known("video", seconds=7.5)],
        [known("image", width=256, height=640)],
        [known("video", seconds=2.0, fps=60.0)],
    ],
)
def test_what_is_just_allowed(allowed: list[Any]) -> None:
    """The bounds themselves are allowed."""
    assert built(*allowed).references == tuple(allowed)


def test_frames_and_references() -> None:
    """They exclude each other, unless the rules say that they go together."""
    with pytest.raises(UsageError, match="references and first_frame do not go together"):
        built(*PICTURES, first_frame="https://a.example/f.png")
    both = replace(RULES, with_frames=True)
    assert built(*PICTURES, first_frame="https://a.example/f.png", rules=both).first_frame is not None
    with pytest.raises(UsageError, match="subject and references"):
        built(*PICTURES, subject="https://a.example/f.png")
    with pytest.raises(UsageError, match="by public URL alone"):
        built(PICTURE, rules=replace(RULES, url_only=True))
    assert built(*PICTURES, known("audio", seconds=3.0)).mode == R2V


@pytest.mark.parametrize("name", ["minimax", "kie", "pixazo", "runware", "kkiai"])
def test_a_model_without_references_says_so(name: str) -> None:
    """The first models of every provider take none, and nothing is sent."""
    own = open_provider(name, Settings.resolve()).facts
    with pytest.raises(UsageError, match=R2V):
        build_request(own, {"prompt": "a fox", "model": own.default_model, "references": PICTURES})


def test_a_picture_is_fitted_and_a_clip_is_not() -> None:
    """``fit`` cuts pictures to the rules' ratio; a clip of another ratio is refused."""
    wide = Pillow.new("RGB", (2000, 300))
    assert built(wide, fit="crop").references[0].width == 750
    with pytest.raises(UsageError, match=r"ratios from 0\.4 to 2\.5"):
        built(known("video", width=2000, height=300), fit="crop")


def test_a_file_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The studio asks after each change of its form; a file that has not changed is not decoded again."""
    data = clip(2.25)
    first = load_reference(data)

    def refuse(*_: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(load_references, "probe", refuse)
    assert load_reference(bytes(bytearray(data))) == first
    with pytest.raises(AssertionError, match="decoded again"):
        load_reference(data + b"\0\0\0\x08free")


def test_where_a_clip_was_taken_is_told() -> None:
    """Bytes of a clip are sent unchanged, so a place in them is said."""
    data = clip(2.5, size=(256, 256), metadata=(("location", "+48.1+11.5/"),))
    found = build_request(facts(), {"prompt": "a fox", "references": [data]})
    assert any("where it was taken" in p.message for p in found.warnings)


# -- as an argument ---------------------------------------------------------------------------------------------------

AS_GIVEN: dict[str, tuple[Any, list[Any] | None]] = {
    "one value": ("a.png", [("a.png",)]),
    "bytes": (b"1", [(b"1",)]),
    "a list is one value": (["a.png", "b.mp4"], [("a.png", "b.mp4")]),
    "a list of lists is an axis": ([["a.png"], ["b.mp4", "c.wav"]], [("a.png",), ("b.mp4", "c.wav")]),
    "no reference beside one": ([None, ["a.png"]], [None, ("a.png",)]),
    "an empty list is none": ([], None),
}


@pytest.mark.parametrize("case", AS_GIVEN)
def test_a_list_is_no_axis_by_itself(case: str) -> None:
    """A list is the references of each run."""
    given_value, expected = AS_GIVEN[case]
    assert axes_of("a fox", {"references": given_value}).values.get("references") == expected


def test_an_array_is_one_picture() -> None:
    """An array is not taken for a list of values."""
    grey = np.zeros((3, 4, 3), np.uint8)
    (value,) = axes_of("a fox", {"references": grey}).values["references"]
    assert value[0] is grey


def test_uploads_take_their_place() -> None:
    """A file that was uploaded stands where the local one stood."""
    request = built(PICTURE, *PICTURES)
    link = replace(request.references[0], url="https://b.example/up.png")
    changed = request.with_inputs({"references[0]": link})
    assert changed.references == (link, request.references[1])
    assert request.with_inputs({}) is request
    assert changed.references[0].wire() == "https://b.example/up.png"
