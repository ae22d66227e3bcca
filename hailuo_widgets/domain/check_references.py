"""Checks of a request's references against its provider's facts.

What isn't known of a file, as of each that is given by URL, is not checked. A limit on several files together is broken
only if the known ones break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.check_media import url_errors
from hailuo_widgets.domain.problem import error, warning
from hailuo_widgets.domain.references import MEDIA_TYPES, MediaKind
from hailuo_widgets.errors import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.input_rules import MediaLimits, ReferenceRules
    from hailuo_widgets.domain.references import Reference
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["KIND_WORDS", "check_references"]

KIND_WORDS = {MediaKind.IMAGE: "picture", MediaKind.VIDEO: "clip", MediaKind.AUDIO: "sound"}
CUT = "cut it, for example: ffmpeg -t 10 -i in.mp4 out.mp4"


def check_references(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check each reference, their numbers, and what they are combined with."""
    rules = facts.of(request.model).references
    if not request.references or request.template is not None or request.source is not None:
        return
    for i, reference in enumerate(request.references):
        if reference.url is not None:
            by_id = rules is not None and rules.by_id
            yield from url_errors(f"references[{i}]", reference.url, title=facts.title, by_id=by_id)
    if request.subject is not None:
        yield error("subject", ProblemCode.CONFLICT, "subject and references do not go together", "leave one out")
    if rules is None:  # that the model takes none is told with its modes
        return
    frames = [name for name in ("first_frame", "last_frame") if getattr(request, name) is not None]
    if frames and not rules.with_frames:
        yield error(
            "references",
            ProblemCode.CONFLICT,
            f"references and {' and '.join(frames)} do not go together at {facts.title}",
            "leave the one or the other out; a first frame may be given as a reference",
        )
    yield from _numbers(request, rules, facts.title)
    for i, reference in enumerate(request.references):
        if reference.url is None:
            yield from _file(f"references[{i}]", reference, rules, facts.title)


def _numbers(request: Request, rules: ReferenceRules, title: str) -> Iterator[Problem]:
    """Check how many references there are, and their length and size together."""
    for kind, word in KIND_WORDS.items():
        found = [one for one in request.references if one.kind == kind]
        most, limits = rules.most(kind), rules.limits(kind)
        if len(found) > most:
            allowed = f"at most {most}" if most else "none"
            yield error(
                "references",
                ProblemCode.NOT_ALLOWED,
                f"references has {len(found)} {word}s; {title} takes {allowed}",
                "leave some out" if most else "leave them out",
            )
        seconds = sum(one.seconds for one in found if one.seconds is not None)
        if limits.total_seconds is not None and len(found) > 1 and seconds > limits.total_seconds:
            yield error(
                "references",
                ProblemCode.TOO_LARGE,
                f"the {word}s in references have {seconds:.1f} s together; {title} takes {limits.total_seconds:g} s",
                "leave one out, or cut them",
            )
    if rules.total is not None and len(request.references) > rules.total:
        yield error(
            "references",
            ProblemCode.NOT_ALLOWED,
            f"references has {len(request.references)} files; {title} takes at most {rules.total}",
            "leave some out",
        )
    if not rules.audio_alone and all(one.kind == MediaKind.AUDIO for one in request.references):
        yield error(
            "references",
            ProblemCode.MISSING,
            f"references has sounds alone; {title} takes them beside a picture or a clip",
            "add a picture or a clip",
        )
    size = sum(-(-len(one.data or b"") // 3) * 4 for one in request.references if one.url is None)  # as base64
    if rules.body_max is not None and size > rules.body_max:
        yield error(
            "references",
            ProblemCode.TOO_LARGE,
            f"the files in references make a request of {size / 1e6:.0f} MB; {title} takes {rules.body_max / 1e6:.0f} "
            "MB",
            "make them smaller, or give the large ones as https:// URLs",
        )


def _file(name: str, reference: Reference, rules: ReferenceRules, title: str) -> Iterator[Problem]:
    """Check one file of which the bytes are here."""
    limits, shown = rules.limits(reference.kind), f"{name}={reference.name}"
    if rules.url_only:
        yield error(
            name,
            ProblemCode.UNSUPPORTED,
            f"{shown}: {title} takes references by public URL alone",
            rules.hint or "put the file where the web can reach it and give its https:// URL",
        )
    formats = {MEDIA_TYPES[word]: word for word in limits.formats}
    if formats and reference.media_type not in formats:
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{shown} is {_format(reference)}",
            f"{title} takes {', '.join(limits.formats)}",
        )
    foreign = [codec for codec in reference.codecs.split(", ") if limits.codecs and codec not in limits.codecs]
    if reference.codecs and foreign:
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{shown} has the codec {' and '.join(foreign)}; {title} takes {', '.join(limits.codecs)}",
            "convert it, for example: ffmpeg -i in.mp4 -c:v libx264 -c:a aac out.mp4",
        )
    size = len(reference.data or b"")
    if limits.max_bytes is not None and size > limits.max_bytes:
        yield error(
            name,
            ProblemCode.TOO_LARGE,
            f"{shown} has {size / 1e6:.1f} MB; {title} takes at most {limits.max_bytes / 1e6:.0f} MB",
            "make it smaller",
        )
    yield from _measures(name, shown, reference, limits, title)
    if reference.note:
        yield warning(name, ProblemCode.UNCERTAIN, f"{shown}: {reference.note}")


def _measures(name: str, shown: str, reference: Reference, limits: MediaLimits, title: str) -> Iterator[Problem]:
    """Check length, frames per second, sides and ratio."""
    seconds, fps, width, height = reference.seconds, reference.fps, reference.width, reference.height
    if limits.seconds is not None and seconds is not None and not _within(seconds, limits.seconds):
        yield error(
            name,
            ProblemCode.TOO_SMALL if seconds < limits.seconds[0] else ProblemCode.TOO_LARGE,
            f"{shown} has {seconds:.1f} s; {title} takes {limits.seconds[0]:g} to {limits.seconds[1]:g} s",
            CUT if seconds > limits.seconds[1] else "give a longer one",
        )
    if limits.fps is not None and fps is not None and not _within(fps, limits.fps, slack=0.005):
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{shown} has {fps:.4g} frames per second; {title} takes {limits.fps[0]:g} to {limits.fps[1]:g}",
            "convert it, for example: ffmpeg -i in.mp4 -r 30 out.mp4",
        )
    if not width or not height:
        return
    low, high = limits.sides or (0, max(width, height))
    if not low <= min(width, height) <= max(width, height) <= high:
        yield error(
            name,
            ProblemCode.TOO_SMALL if min(width, height) < low else ProblemCode.TOO_LARGE,
            f"{shown} is {width}×{height}; {title} takes sides of {low} to {high} pixels",
            "scale it",
        )
    if limits.ratio is not None and not limits.ratio[0] <= width / height <= limits.ratio[1]:
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{shown} is {width}×{height}; {title} takes ratios from {limits.ratio[0]:g} to {limits.ratio[1]:g}",
            "fit='crop' (--fit crop) cuts a picture to that; cut a clip yourself",
        )


def _within(value: float, bounds: tuple[float, float], *, slack: float = 0.1) -> bool:
    """Return whether a measured value is within bounds; containers round, and a provider measures for itself."""
    return bounds[0] - slack <= value <= bounds[1] + slack


def _format(reference: Reference) -> str:
    return next((word for word, kind in MEDIA_TYPES.items() if kind == reference.media_type), "of an unknown kind")
