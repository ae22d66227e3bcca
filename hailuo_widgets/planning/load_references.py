"""Reference loading from a path, URL, data URL, bytes, run, ``PIL.Image`` or NumPy array.

The result is a :class:`~hailuo_widgets.domain.references.Reference`. URLs are never fetched. Everything else is read
once and told by its content. Pictures are loaded as frames are; clips and sounds are sent unchanged.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hailuo_widgets.domain.check_references import KIND_WORDS
from hailuo_widgets.domain.images import Image, is_file_id
from hailuo_widgets.domain.input_rules import ImageRules, ReferenceRules
from hailuo_widgets.domain.references import MEDIA_TYPES, MediaKind, Reference
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
from hailuo_widgets.planning.images import load_image
from hailuo_widgets.planning.probe_media import DamagedError, Probe, format_of, probe
from hailuo_widgets.redaction.passwords import without_passwords

__all__ = ["load_reference"]

MOST_BYTES = 100 * 1024 * 1024
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM")
KIND_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"), MediaKind.IMAGE),
    **dict.fromkeys((".mp4", ".mov", ".webm"), MediaKind.VIDEO),
    **dict.fromkeys((".wav", ".mp3"), MediaKind.AUDIO),
}
KINDS = "a picture (JPEG, PNG, WebP), a clip (MP4, MOV, WebM) or a sound (WAV, MP3)"
TAKEN = "a path, an http(s) URL, a data URL, bytes, a run with a clip, a PIL.Image or a NumPy array"
PREFIXES = "image:https://…, video:https://… or audio:https://…"
MOST_PROBED = 32
_PROBED: dict[str, Probe] = {}  # by the content's hash: the studio checks its form after each change
_KIND = re.compile(r"\s*(image|video|audio):(?!//)(.+)", re.DOTALL | re.IGNORECASE)
_URL = re.compile(r"\s*https?://", re.IGNORECASE)


def load_reference(
    value: Any, *, argument: str = "references[0]", fit: str | None = None, rules: ReferenceRules | None = None
) -> Reference:
    """Load a reference, and decode it, so that no damaged file is paid for. Blocks.

    Args:
        value: A path (``str`` or ``Path``), an http(s) URL, a data URL, the bytes of a file, a run with a clip, or a
            picture as :func:`~hailuo_widgets.planning.images.load_image` takes it, also by UUID. A text may begin with
            ``image:``, ``video:`` or ``audio:``; a URL needs that if it does not end in a known suffix.
        argument: The name of the argument, for messages.
        fit: ``crop`` or ``pad`` changes a picture's ratio to one that ``rules`` allow; clips and sounds stay as they
            are.
        rules: The provider's rules, used by ``fit`` only.

    Raises:
        UsageError: The value has the wrong type, can't be read, is damaged, or is no picture, clip or sound.
    """
    if isinstance(value, Reference):
        return value
    wanted: MediaKind | None = None
    if isinstance(value, str) and (typed := _KIND.fullmatch(value)):
        wanted, value = MediaKind(typed[1].casefold()), typed[2].strip()
    if isinstance(value, str) and _URL.match(value):
        return _of_url(value.strip(), argument, wanted)
    if isinstance(value, str) and is_file_id(value) and not is_there(value):
        return Reference(name=value, url=value, kind=wanted or MediaKind.IMAGE)
    if getattr(type(value), "is_sweep", None) is False:  # a run, which planning does not know
        value = _of_run(value, argument)
    found = _of_content(value, argument, fit, rules)
    if wanted not in {None, found.kind}:
        word = KIND_WORDS[found.kind]
        refuse(argument, found.name, f"{wanted}: is written, and by its content it is a {word}", "leave that out")
    return found


def _of_url(url: str, argument: str, wanted: MediaKind | None) -> Reference:
    try:
        suffix = Path(urlsplit(url).path).suffix.casefold()
    except ValueError:  # a malformed address in brackets: the check of URLs says so
        suffix = ""
    name = without_passwords(url)[:SHOWN]
    kind = wanted or KIND_OF_SUFFIX.get(suffix)
    if kind is None:
        why = "what this URL leads to can't be told by its end, and URLs are not fetched"
        refuse(argument, shown(name), why, f"write {PREFIXES}")
    return Reference(name=name, url=url, kind=kind)


def _of_run(run: Any, argument: str) -> Path:
    path: Path | None = getattr(run, "video", None)
    if path is None:
        refuse(argument, f"run {getattr(run, 'id', '')}", "it has no clip in the archive", "wait for it: run.wait()")
    return path


def _of_content(value: Any, argument: str, fit: str | None, rules: ReferenceRules | None) -> Reference:
    """Return the reference of a value whose bytes are here."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        name = f"{len(data)} bytes"
        not_too_long(data, argument, name, MOST_BYTES)
    elif isinstance(value, str) and value.lstrip()[:5].casefold() == "data:":
        name, data = from_data_url(value.strip(), argument, MOST_BYTES)
    elif isinstance(value, str) and (bare := from_base64(value, argument, MOST_BYTES)) is not None:
        name, data = bare
    elif isinstance(value, (str, Path)):
        name, data = from_path(value, argument, MOST_BYTES)
    elif isinstance(value, Image) or hasattr(type(value), "__array__") or hasattr(type(value), "__array_interface__"):
        return _of_picture(value, argument, fit, rules)
    else:
        why = f"a {type(value).__name__} is no reference: {KINDS} is one"
        refuse(argument, shown(value), why, f"give {TAKEN}")
    format_name = format_of(data)
    if format_name is None:
        if not data.startswith(PICTURES) and data[4:8] != b"ftyp":
            refuse(argument, name, f"it is none of these by its content: {KINDS}", f"it begins with {data[:8]!r}")
        return replace(_of_picture(data, argument, fit, rules), name=name)
    if format_name == "MP4" and data[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}:
        return _of_picture(data, argument, fit, rules)  # a photo in the container of clips: refused with advice
    return _of_media(name, data, format_name, argument)


def _of_media(name: str, data: bytes, format_name: str, argument: str) -> Reference:
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        what = _PROBED.get(sha256) or probe(data, format_name)
    except DamagedError as e:
        refuse(argument, name, e.why, e.hint)
    while len(_PROBED) >= MOST_PROBED:
        _PROBED.pop(next(iter(_PROBED)), None)
    _PROBED[sha256] = what
    return Reference(
        name=name,
        data=data,
        sha256=sha256,
        media_type=MEDIA_TYPES[format_name],
        kind=what.kind,
        width=what.width,
        height=what.height,
        seconds=round(what.seconds, 3),
        fps=None if what.fps is None else round(what.fps, 3),
        codecs=what.codecs,
        note="it tells where it was taken, and is sent unchanged" if what.located else "",
    )


def _of_picture(value: Any, argument: str, fit: str | None, rules: ReferenceRules | None) -> Reference:
    limits = None
    if rules is not None:
        limits = ImageRules(max_bytes=rules.image.max_bytes or MOST_BYTES, ratio=rules.image.ratio, source=rules.source)
    image = load_image(value, argument=argument, fit=fit, rules=limits)
    return Reference(kind=MediaKind.IMAGE, **{f.name: getattr(image, f.name) for f in fields(image)})
