"""Checks of a request's images and sizes against its provider's facts.

Images given by URL are not fetched, so only their URL is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.problem import error, is_web_url, text_errors, warning
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.errors import ProblemCode, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts, ImageRules
    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["check_frame_size", "check_images"]

URL_ONLY = "put the picture where the web can reach it and give its https:// URL"


def check_frame_size(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the aspect ratio, the width and the height."""
    ratio = request.aspect_ratio
    if ratio is not None and ratio not in facts.aspect_ratios:
        allowed = ", ".join(facts.aspect_ratios)
        near = nearest(ratio, facts.aspect_ratios)
        yield error(
            "aspect_ratio",
            ProblemCode.NOT_ALLOWED,
            f"aspect_ratio={ratio!r}: {facts.title} takes {allowed or 'none'}",
            (f"did you mean {near!r}?" if near else f"give {facts.aspect_ratios[0]!r}")
            if allowed
            else "leave it out: the clip follows the first frame, or is 16:9",
        )
    if not facts.sizes:
        for name in ("width", "height"):
            value = getattr(request, name)
            if value is not None:
                yield error(
                    name,
                    ProblemCode.UNSUPPORTED,
                    f"{name}={value!r}: {facts.title} takes no {name}",
                    "give resolution=… instead",
                )
        return
    if (request.width is None) != (request.height is None):
        yield error(
            "width",
            ProblemCode.MISSING,
            f"width={request.width!r} and height={request.height!r} go together",
            "give both or none",
        )
    elif request.width is not None and request.height is not None:
        yield from _size(request.width, request.height, request.resolution, facts)


def _size(width: int, height: int, resolution: str | None, facts: Facts) -> Iterator[Problem]:
    known = ", ".join(f"{w}x{h}" for w, h in facts.sizes.values())
    if min(width, height) < 1:
        yield error(
            "width",
            ProblemCode.INVALID,
            f"width={width!r}, height={height!r}: pixels are positive",
            f"sizes seen to work: {known}",
        )
    elif (width, height) not in facts.sizes.values():
        yield warning(
            "width",
            ProblemCode.UNCERTAIN,
            f"{width}x{height}: {facts.title}'s document names no sizes; other sources know {known} alone",
            "a size that it does not take is refused, and not billed",
        )
    if resolution is not None and facts.sizes.get(resolution) != (width, height):
        yield warning(
            "resolution",
            ProblemCode.NOT_SENT,
            f"width={width}, height={height} are sent, resolution={resolution!r} is not",
            "give the one or the other",
        )


def check_images(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the combination of images, and each image."""
    if request.last_frame is not None and request.first_frame is None and request.template is None:
        if facts.last_frame_alone:
            yield warning("last_frame", ProblemCode.UNCERTAIN, facts.last_frame_alone, "give first_frame=… too")
        else:
            yield error(
                "last_frame", ProblemCode.MISSING, "last_frame needs a first_frame beside it", "give first_frame=… too"
            )
    if request.subject is not None and (request.first_frame or request.last_frame):
        yield error(
            "subject", ProblemCode.CONFLICT, "subject goes with neither first_frame nor last_frame", "leave them out"
        )
    for name in IMAGE_FIELDS:
        image = getattr(request, name)
        if image is not None:
            yield from _image(name, image, facts.images, facts.title)


def _image(name: str, image: Image, rules: ImageRules, title: str) -> Iterator[Problem]:
    if image.url is not None:
        if not is_web_url(image.url):
            yield error(
                name,
                ProblemCode.INVALID,
                f"{name}={image.url[:80]!r}: a URL begins with http:// or https://",
                "give a full URL",
            )
        yield from text_errors(name, image.url)
        return
    if rules.url_only:
        yield error(
            name,
            ProblemCode.UNSUPPORTED,
            f"{name}={image.name}: {title} takes images by public URL alone",
            rules.hint or URL_ONLY,
        )
    size, width, height = len(image.data or b""), image.width or 0, image.height or 0
    format_name = (image.media_type or "").removeprefix("image/").upper()
    if format_name not in rules.formats:
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{name}={image.name} is {format_name or 'of an unknown kind'}",
            f"{title} takes {', '.join(rules.formats)}",
        )
    if size > rules.max_bytes:
        yield error(
            name,
            ProblemCode.TOO_LARGE,
            f"{name}={image.name} has {size / 1e6:.1f} MB; {title} takes at most {rules.max_bytes / 1e6:.0f} MB",
            "make it smaller, for example with Pillow's Image.thumbnail",
        )
    if rules.short_side_over is not None and min(width, height) <= rules.short_side_over:
        yield error(
            name,
            ProblemCode.TOO_SMALL,
            f"{name}={image.name} is {width}×{height}; {title} needs a short side over {rules.short_side_over} pixels",
            "give a larger picture",
        )
    if rules.ratio and height and not rules.ratio[0] <= width / height <= rules.ratio[1]:
        yield error(
            name,
            ProblemCode.NOT_ALLOWED,
            f"{name}={image.name} is {width}×{height}; {title} takes ratios from 2:5 to 5:2",
            "fit='crop' (--fit crop) cuts it to that, fit='pad' adds black",
        )
    if image.note:
        yield warning(name, ProblemCode.UNCERTAIN, f"{name}={image.name}: {image.note}")
