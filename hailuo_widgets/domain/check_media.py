"""Checks of a request's images and sizes against its provider's facts.

Images given by URL are not fetched, so only their URL is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.images import is_file_id
from hailuo_widgets.domain.problem import error, is_web_url, text_errors, warning
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.errors import ProblemCode, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts, ImageRules
    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["check_frame_size", "check_images", "url_errors", "web_url_errors"]

URL_ONLY = "put the picture where the web can reach it and give its https:// URL"


def check_frame_size(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the aspect ratio, the width and the height."""
    of_model = facts.of(request.model)
    ratio, ratios = request.aspect_ratio, of_model.aspect_ratios(request.mode)
    if ratio is not None and ratio not in ratios:
        allowed = ", ".join(ratios)
        near = nearest(ratio, ratios)
        who = facts.title if of_model.ratios_by_mode is None else f"{request.model} in {request.mode}"
        yield error(
            "aspect_ratio",
            ProblemCode.NOT_ALLOWED,
            f"aspect_ratio={ratio!r}: {who} takes {allowed or 'none'}",
            (f"did you mean {near!r}?" if near else f"give {ratios[0]!r}")
            if allowed
            else "leave it out: the clip follows the first frame, or is 16:9",
        )
    for name in ("width", "height") if not of_model.takes_size(request.mode) else ():
        value = getattr(request, name)
        if value is not None:
            who = f"{request.model} in {request.mode}" if of_model.sizes else facts.title
            yield error(
                name, ProblemCode.UNSUPPORTED, f"{name}={value!r}: {who} takes no {name}", "give resolution=… instead"
            )
    if not of_model.takes_size(request.mode):
        return
    if (request.width is None) != (request.height is None):
        yield error(
            "width",
            ProblemCode.MISSING,
            f"width={request.width!r} and height={request.height!r} go together",
            "give both or none",
        )
    elif request.width is not None and request.height is not None:
        yield from _size(request, request.width, request.height, facts)


def _size(request: Request, width: int, height: int, facts: Facts) -> Iterator[Problem]:
    of_model = facts.of(request.model)
    pairs = [pair for several in of_model.sizes.values() for pair in several]
    known = ", ".join(f"{w}x{h}" for w, h in pairs)
    if min(width, height) < 1:
        yield error(
            "width",
            ProblemCode.INVALID,
            f"width={width!r}, height={height!r}: pixels are positive",
            f"sizes seen to work: {known}",
        )
    elif (width, height) not in pairs and of_model.sizes_only:
        yield error(
            "width",
            ProblemCode.NOT_ALLOWED,
            f"{width}x{height}: {request.model} takes {known}",
            "give one of these, or resolution= and aspect_ratio=",
        )
    elif (width, height) not in pairs:
        yield warning(
            "width",
            ProblemCode.UNCERTAIN,
            f"{width}x{height}: {facts.title}'s document names no sizes; other sources know {known} alone",
            "a size that it does not take is refused, and not billed",
        )
    resolution = request.resolution
    if resolution is not None and (width, height) not in of_model.sizes.get(resolution, ()):
        priced = any(row.model == request.model and row.resolution is not None for row in facts.prices)
        told = error if priced else warning  # the price shown would be that of the resolution
        yield told(
            "resolution",
            ProblemCode.CONFLICT if priced else ProblemCode.NOT_SENT,
            f"width={width}, height={height} are sent, resolution={resolution!r} is not",
            "give the one or the other",
        )
    if request.aspect_ratio is not None:
        yield warning(
            "aspect_ratio",
            ProblemCode.NOT_SENT,
            f"width={width}, height={height} are sent, aspect_ratio={request.aspect_ratio!r} is not",
            "give the one or the other",
        )


def check_images(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the combination of images, and each image."""
    if request.last_frame is not None and request.first_frame is None and request.template is None:
        if told := facts.of(request.model).last_frame_alone:
            yield warning("last_frame", ProblemCode.UNCERTAIN, told, "give first_frame=… too")
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
            yield from _image(name, image, facts.of(request.model).images, facts.title)


def web_url_errors(name: str, url: str) -> Iterator[Problem]:
    """Check that the URL of a file is one that a provider can fetch."""
    if not is_web_url(url):
        yield error(
            name, ProblemCode.INVALID, f"{name}={url[:80]!r}: a URL begins with http:// or https://", "give a full URL"
        )
    yield from text_errors(name, url)


def url_errors(name: str, url: str, *, title: str, by_id: bool) -> Iterator[Problem]:
    """Check the URL of a file, or the UUID under which the provider keeps it."""
    if not is_file_id(url):
        yield from web_url_errors(name, url)
    elif not by_id:
        yield error(
            name,
            ProblemCode.UNSUPPORTED,
            f"{name}={url}: {title} takes no UUID here",
            "give a path or an https:// URL",
        )


def _image(name: str, image: Image, rules: ImageRules, title: str) -> Iterator[Problem]:
    if image.url is not None:
        yield from url_errors(name, image.url, title=title, by_id=rules.by_id)
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
    if rules.sides is not None and not rules.sides[0] <= min(width, height) <= max(width, height) <= rules.sides[1]:
        yield error(
            name,
            ProblemCode.TOO_SMALL if min(width, height) < rules.sides[0] else ProblemCode.TOO_LARGE,
            f"{name}={image.name} is {width}×{height}; {title} takes sides of {rules.sides[0]} to {rules.sides[1]} "
            "pixels",
            "scale it, for example with Pillow's Image.resize",
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
