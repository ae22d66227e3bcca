"""Is this file a whole MP4, and what does it say about itself? Read from its boxes; nothing is decoded.

A truncated MP4 with its index in front plays and probes as if it were whole; the walk over its top-level boxes sees
the cut, because the last box then runs past the end. Durations are seconds, sizes are pixels or bytes; what a file
does not say is None. Source: ISO/IEC 14496-12 (clause 8: movie, track and fragment boxes).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.archive.boxes import Box, Budget, ContainerError, children, number, walk

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["ContainerError", "Mp4Facts", "check_container"]

_MAX_INDEX = 16 << 20  # bytes of one moov: many hours of video; a clip has a few thousand
_MAX_FRAGMENTS = 4 << 20  # bytes of all moof boxes together
_MAX_BRANDS = 4096
_ONES = {4: 2**32 - 1, 8: 2**64 - 1}  # "unknown", in a duration field of that many bytes
_PER_SAMPLE = (0x100, 0x200, 0x400, 0x800)  # trun: duration, size, flags, composition offset


@dataclass(frozen=True, kw_only=True, slots=True)
class Mp4Facts:
    """What a whole MP4 says about itself.

    Args:
        size: Bytes.
        brands: The major brand, then the compatible ones.
        duration_s: Of the video track, else of the movie; None where the file does not say.
        width: Coded width in pixels.
        height: Coded height in pixels.
        codec: The video track's sample entry, such as ``"avc1"``.
        has_video: A video track is there.
        fragmented: The samples are in fragments (``moof``).
        sealed: The file itself shows where it ends. False for a fragmented file without its closing index
            (``mfra``): a cut exactly between two fragments of such a file leaves no trace.
    """

    size: int
    brands: tuple[str, ...]
    duration_s: float | None
    width: int | None
    height: int | None
    codec: str | None
    has_video: bool
    fragmented: bool
    sealed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Track:
    """One track of the index. Durations are (units, units a second)."""

    number: int
    handler: bytes
    shown: int | None
    media: int | None
    timescale: int
    width: int | None
    height: int | None
    codec: str | None
    sample_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Index:
    """The moov box."""

    timescale: int
    duration: int | None
    tracks: tuple[_Track, ...]
    sample_durations: dict[int, int]  # trex: track number → default


def check_container(path: Path) -> Mp4Facts:
    """Walk the boxes of a file and say what it is.

    Args:
        path: A local file.

    Raises:
        ContainerError: It is not one whole MP4 file, or it is doubtful; the message says why.
        OSError: It cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise ContainerError("the file is empty")
        budget = Budget()
        boxes = _top(file, size, budget)
        kinds = [box.kind for box in boxes]
        for kind in (b"moov", b"mdat"):
            if kind not in kinds:
                raise ContainerError(f"no {kind!r} box: the file is cut or unfinished")
        index = _index(_body(file, boxes[kinds.index(b"moov")], _MAX_INDEX), budget)
        fragments = [box for box in boxes if box.kind == b"moof"]
        if sum(box.end - box.body for box in fragments) > _MAX_FRAGMENTS:
            raise ContainerError(f"more than {_MAX_FRAGMENTS} bytes of fragment headers: this is no clip")
        ticks: dict[int, int] = {}
        for box in fragments:
            _add_fragment(_body(file, box, _MAX_FRAGMENTS), index, ticks, budget)
        brands = _brands(_body(file, boxes[0], _MAX_BRANDS))
    if boxes[-1].open_ended:
        _check_open_end(boxes, index)
    video = next((track for track in index.tracks if track.handler == b"vide"), None)
    return Mp4Facts(
        size=size,
        brands=brands,
        duration_s=_duration(index, video, ticks if fragments else None),
        width=video.width if video else None,
        height=video.height if video else None,
        codec=video.codec if video else None,
        has_video=video is not None,
        fragmented=bool(fragments),
        sealed=not fragments or boxes[-1].kind == b"mfra",
    )


def _top(file: FileIO, size: int, budget: Budget) -> list[Box]:
    """The boxes of a file that has nothing but boxes, of which ftyp is the first."""
    first = _read(file, 0, 12)
    boxes: list[Box] = []
    odd: ContainerError | None = None
    try:
        for box in walk(lambda at: _read(file, at, 16), 0, size, budget=budget, inside="the file"):
            boxes.append(box)  # noqa: PERF402 - what was found before an error is judged too
    except ContainerError as error:
        odd = error
    kinds = [box.kind for box in boxes]
    for kind in (b"ftyp", b"moov"):
        if kinds.count(kind) > 1:
            raise ContainerError(f"{kinds.count(kind)} boxes {kind!r}: more than one file is in it")
    unsealed = b"moof" in kinds and kinds[-1] != b"mfra"
    if odd is not None and unsealed:
        odd.doubtful = False  # a cut between two fragments would leave the same
    if first[4:8] != b"ftyp" and (odd is None or odd.doubtful):
        odd = ContainerError(f"the first box is no 'ftyp': the file begins with {first!r}", doubtful=True)
        odd.unsealed = unsealed
    if odd is not None:
        raise odd
    return boxes


def _read(file: FileIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _body(file: FileIO, box: Box, limit: int) -> bytes:
    if box.end - box.body > limit:
        raise ContainerError(f"box {box.name!r} has {box.end - box.body} bytes; at most {limit} are read")
    return _read(file, box.body, box.end - box.body)


def _brands(body: bytes) -> tuple[str, ...]:
    major, others = body[:4], body[8:]
    if len(major) < 4:  # noqa: PLR2004 - a brand has four characters
        raise ContainerError("box 'ftyp' names no brand", doubtful=True)
    return tuple(b.decode("latin-1") for b in (major, *(others[i : i + 4] for i in range(0, len(others) - 3, 4))))


def _check_open_end(boxes: list[Box], index: _Index) -> None:
    """An mdat without a size hides a cut; then the samples that the index lists must all have room."""
    stored = sum(box.end - box.body for box in boxes if box.kind == b"mdat")
    listed = sum(track.sample_bytes for track in index.tracks)
    if not 0 < listed <= stored:
        raise ContainerError(
            f"the media data gives no size, and holds {stored} of {listed} listed bytes", doubtful=not listed
        )


def _version(body: bytes, inside: str) -> int:
    version = number(body, 0, 1, inside)
    if version > 1:
        raise ContainerError(f"box {inside!r} has the unknown version {version}", doubtful=True)
    return version


def _ticks(body: bytes, at: int, version: int, inside: str) -> int | None:
    size = 8 if version else 4
    value = number(body, at, size, inside)
    return None if value in (0, _ONES[size]) else value


def _clock(body: bytes, inside: str) -> tuple[int, int | None]:
    """Units a second, and the duration in them, of an mvhd or mdhd box."""
    version = _version(body, inside)
    at = 20 if version else 12
    return number(body, at, 4, inside), _ticks(body, at + 4, version, inside)


def _index(body: bytes, budget: Budget) -> _Index:
    timescale, duration, tracks, defaults = 0, None, [], {}
    for kind, inner in children(body, budget, "moov"):
        if kind == b"mvhd":
            timescale, duration = _clock(inner, "mvhd")
        elif kind == b"trak":
            tracks.append(_track(inner, budget))
        elif kind == b"mvex":
            for sub, trex in children(inner, budget, "mvex"):
                if sub == b"trex":
                    defaults[number(trex, 4, 4, "trex")] = number(trex, 12, 4, "trex")
    return _Index(timescale=timescale, duration=duration, tracks=tuple(tracks), sample_durations=defaults)


def _track(body: bytes, budget: Budget) -> _Track:
    parts: dict[bytes, bytes] = {}
    inner = [(body, "trak")]
    while inner:
        data, inside = inner.pop()
        for kind, child in children(data, budget, inside):
            parts.setdefault(kind, child)
            if (inside, kind) in {("trak", b"mdia"), ("mdia", b"minf"), ("minf", b"stbl")}:
                inner.append((child, kind.decode("ascii")))
    missing = [kind for kind in (b"tkhd", b"mdhd", b"hdlr", b"stsd") if kind not in parts]
    if missing:
        raise ContainerError(f"a track has no {missing[0]!r} box", doubtful=True)
    tkhd, hdlr, stsd = parts[b"tkhd"], parts[b"hdlr"], parts[b"stsd"]
    version = _version(tkhd, "tkhd")
    timescale, media = _clock(parts[b"mdhd"], "mdhd")
    number(hdlr, 8, 4, "hdlr")
    handler, width, height, codec = hdlr[8:12], 0, 0, None
    if handler == b"vide":
        at = 88 if version else 76  # 16.16 fixed point, as shown; the sample entry has what is coded
        width, height = (number(tkhd, at + 4 * i, 4, "tkhd") >> 16 for i in (0, 1))
        if number(stsd, 4, 4, "stsd"):
            width, height = (number(stsd, 40 + 2 * i, 2, "stsd") or shown for i, shown in enumerate((width, height)))
            codec = stsd[12:16].decode("latin-1")
    return _Track(
        number=number(tkhd, 20 if version else 12, 4, "tkhd"),
        handler=handler,
        shown=_ticks(tkhd, 28 if version else 20, version, "tkhd"),
        media=media,
        timescale=timescale,
        width=width or None,
        height=height or None,
        codec=codec,
        sample_bytes=_sample_bytes(parts.get(b"stsz", b"")),
    )


def _sample_bytes(stsz: bytes) -> int:
    if not stsz:
        return 0
    each, count = number(stsz, 4, 4, "stsz"), number(stsz, 8, 4, "stsz")
    if each:
        return each * count
    number(stsz, 12 + 4 * count - 4, 4, "stsz")
    return sum(struct.unpack_from(f">{count}I", stsz, 12))


def _add_fragment(body: bytes, index: _Index, ticks: dict[int, int], budget: Budget) -> None:
    for kind, traf in children(body, budget, "moof"):
        if kind != b"traf":
            continue
        track = default = 0
        for sub, inner in children(traf, budget, "traf"):
            if sub == b"tfhd":
                flags, track = number(inner, 1, 3, "tfhd"), number(inner, 4, 4, "tfhd")
                at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
                default = number(inner, at, 4, "tfhd") if flags & 0x8 else index.sample_durations.get(track, 0)
            elif sub == b"trun":
                ticks[track] = ticks.get(track, 0) + _run_ticks(inner, default)


def _run_ticks(trun: bytes, default: int) -> int:
    flags, count = number(trun, 1, 3, "trun"), number(trun, 4, 4, "trun")
    if not flags & 0x100:
        return count * default
    at = 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    fields = sum(1 for bit in _PER_SAMPLE if flags & bit)
    if count:
        number(trun, at + 4 * (fields * count - 1), 4, "trun")
    return sum(struct.unpack_from(f">{fields * count}I", trun, at)[::fields])


def _duration(index: _Index, video: _Track | None, fragment_ticks: dict[int, int] | None) -> float | None:
    if video is not None and video.timescale:
        if fragment_ticks is not None:
            # The header of a fragmented file counts the samples in front of the fragments, often none.
            return ((video.media or 0) + fragment_ticks.get(video.number, 0)) / video.timescale or None
        if video.shown and index.timescale:
            return video.shown / index.timescale
        if video.media:
            return video.media / video.timescale
    return index.duration / index.timescale if index.duration and index.timescale else None
