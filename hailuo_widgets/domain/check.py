"""A request against its provider's facts: every problem at once, each with what is allowed and what to do next.

``error`` means that all sources agree that the provider refuses it, so nothing is sent. ``warning`` means that a
document allows it and other evidence does not: it is sent, and the doubt is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hailuo_widgets.domain import camera
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts, ImageRules, Option
    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request

__all__ = ["Problem", "check"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong or doubtful: which argument, what was given, why, and what to do."""

    severity: str  # "error" or "warning"
    argument: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.hint}" if self.hint else self.message


def _error(argument: str, message: str, hint: str = "") -> Problem:
    return Problem(severity="error", argument=argument, message=message, hint=hint)


def _warning(argument: str, message: str, hint: str = "") -> Problem:
    return Problem(severity="warning", argument=argument, message=message, hint=hint)


def check(request: Request, facts: Facts) -> tuple[Problem, ...]:
    """All problems of a request, in the order of its arguments. Without an ``error`` among them it may be sent."""
    found = [
        *_prompt(request, facts),
        *(_template(request, facts) if request.template is not None else _model(request, facts)),
        *_seed(request, facts),
        *_frame_size(request, facts),
        *_images(request, facts),
        *_switches(request, facts),
        *_options(request, facts),
    ]
    return tuple(found)


def _text_faults(argument: str, text: str) -> Iterator[Problem]:
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            what = "a NUL character" if character == "\0" else "half of a surrogate pair"
            yield _error(
                argument, f"{argument} holds {what} at position {position}, which no provider takes", "remove it"
            )
            return


def _prompt(request: Request, facts: Facts) -> Iterator[Problem]:
    prompt = request.prompt
    yield from _text_faults("prompt", prompt)
    if len(prompt) > facts.prompt_max:
        yield _error(
            "prompt",
            f"prompt has {len(prompt)} characters; {facts.title} takes at most {facts.prompt_max}",
            f"shorten it by {len(prompt) - facts.prompt_max}",
        )
    optional = request.mode in {"image_to_video", "first_last_frame", "subject_to_video"} and not facts.prompt_min
    if request.template is None and not optional and len(prompt.strip()) < max(1, facts.prompt_min):
        yield _error(
            "prompt",
            f"prompt={prompt!r} is {'too short' if prompt.strip() else 'empty'}: {facts.title} needs at least "
            f"{max(1, facts.prompt_min)} character(s) for {request.mode}",
            "write what is to be seen; in a cell it stands below the %%hailuo line",
        )
    model = facts.model(request.model)
    for what, hint in camera.advice(prompt):
        yield _warning("prompt", what, hint)
    if model and not model.camera and camera.moves(prompt):
        obeying = ", ".join(m.name for m in facts.models if m.camera)
        yield _warning(
            "prompt",
            f"{model.name} does not obey camera instructions: they are sent as plain text",
            obeying and f"models that do: {obeying}",
        )
    elif request.prompt_optimizer and camera.moves(prompt):
        yield _warning(
            "prompt_optimizer", "the optimizer may rewrite camera instructions", "leave it off for exact control"
        )


def _model(request: Request, facts: Facts) -> Iterator[Problem]:
    offers = [o for o in facts.offers if o.model == request.model]
    by_mode = [o for o in offers if o.mode == request.mode]
    if not by_mode:
        modes = sorted({o.mode for o in offers})
        models = list(dict.fromkeys(o.model for o in facts.offers if o.mode == request.mode))
        why = f"model={request.model!r} does not do {request.mode}: it does {', '.join(modes)}"
        if not models:
            yield _error("model", why, f"{facts.title} has no model for {request.mode}")
        elif request.mode == "text_to_video":
            yield _error("model", why, f"give it a first_frame, or take one of {', '.join(models)}")
        else:
            yield _error("model", why, f"models that do it: {', '.join(models)}")
        return
    resolutions = list(dict.fromkeys(o.resolution for o in by_mode if o.resolution))
    fitting = [o for o in by_mode if o.resolution in {None, request.resolution}]
    if not fitting:
        near = nearest(str(request.resolution), resolutions)
        yield _error(
            "resolution",
            f"resolution={request.resolution!r}: {request.model} in {request.mode} takes {', '.join(resolutions)}",
            f"did you mean {near!r}?" if near else f"give {resolutions[0]!r}",
        )
        return
    durations = sorted({d for o in fitting for d in o.durations})
    if durations and request.duration not in durations:
        elsewhere = [o.resolution for o in by_mode if request.duration in o.durations and o.resolution]
        allowed = ", ".join(map(str, durations))
        yield _error(
            "duration",
            f"duration={request.duration!r}: {request.model} at {request.resolution} takes {allowed} (seconds)",
            f"{request.duration} s is there at {', '.join(elsewhere)}" if elsewhere else f"give {durations[0]}",
        )
    for offer in fitting:
        if offer.doubt:
            yield _warning("model", offer.doubt)
        if request.duration is not None and request.duration in offer.doubtful_durations:
            yield _warning("duration", offer.doubtful_durations[request.duration])


def _template(request: Request, facts: Facts) -> Iterator[Problem]:
    row = facts.template(str(request.template))
    if row is None:
        names = [t.english for t in facts.templates]
        near = nearest(str(request.template), [*names, *(t.id for t in facts.templates)])
        if not facts.templates:
            yield _error(
                "template", f"template={request.template!r}: {facts.title} has no templates", "take provider='minimax'"
            )
        else:
            yield _error(
                "template",
                f"template={request.template!r} is not known; there are {', '.join(names)}",
                f"did you mean {near!r}?" if near else "%hailuo templates lists them",
            )
        return
    needs = (("first_frame", row.picture, request.first_frame), ("text", row.text, request.text))
    for argument, needed, given in needs:
        if needed and not given:
            yield _error(argument, f"template {row.english!r} needs {argument}: {needed}", f"give {argument}=…")
        if given and not needed:
            yield _error(argument, f"template {row.english!r} takes no {argument}", f"leave {argument} out")
    if request.text:
        yield from _text_faults("text", request.text)
    if request.last_frame or request.subject:
        yield _error(
            "last_frame" if request.last_frame else "subject", "a template takes first_frame alone", "leave it out"
        )
    if request.prompt.strip():
        yield _warning("prompt", "a template takes no prompt: it is logged, and not sent", "its words go into text=…")


def _seed(request: Request, facts: Facts) -> Iterator[Problem]:
    if request.seed is None:
        return
    model = facts.model(request.model)
    seeds = facts.seeds
    if seeds is None or (model is not None and not model.seeds):
        yield _error(
            "seed",
            f"seed={request.seed!r}: {facts.title} takes no seed, so two runs of one prompt are replicates",
            "leave seed out; repeat=N (--repeat N) makes N replicates",
        )
    elif not seeds.low <= request.seed <= seeds.high:
        yield _error(
            "seed",
            f"seed={request.seed!r}: {facts.title} takes {seeds.low} to {seeds.high}"
            + (f" ({seeds.random} is random)" if seeds.random is not None else ""),
            f"give a seed up to {seeds.high}",
        )


def _frame_size(request: Request, facts: Facts) -> Iterator[Problem]:
    ratio = request.aspect_ratio
    if ratio is not None and ratio not in facts.aspect_ratios:
        allowed = ", ".join(facts.aspect_ratios)
        near = nearest(ratio, facts.aspect_ratios)
        yield _error(
            "aspect_ratio",
            f"aspect_ratio={ratio!r}: {facts.title} takes {allowed or 'none'}",
            (f"did you mean {near!r}?" if near else f"give {facts.aspect_ratios[0]!r}")
            if allowed
            else "leave it out: the clip follows the first frame, or is 16:9",
        )
    for name in ("width", "height"):
        value = getattr(request, name)
        if value is not None and not facts.dimensions:
            yield _error(name, f"{name}={value!r}: {facts.title} takes no {name}", "give resolution=… instead")
    if facts.dimensions and (request.width is None) != (request.height is None):
        yield _error(
            "width", f"width={request.width!r} and height={request.height!r} go together", "give both or neither"
        )


def _images(request: Request, facts: Facts) -> Iterator[Problem]:
    if request.last_frame is not None and request.first_frame is None and request.template is None:
        yield _error("last_frame", "last_frame needs a first_frame beside it", "give first_frame=… too")
    if request.subject is not None and (request.first_frame or request.last_frame):
        yield _error("subject", "subject goes with neither first_frame nor last_frame", "leave them out")
    for name in IMAGE_FIELDS:
        image = getattr(request, name)
        if image is not None:
            yield from _image(name, image, facts.images, facts.title)


def _image(name: str, image: Image, rules: ImageRules, title: str) -> Iterator[Problem]:
    if image.url is not None:
        if urlsplit(image.url).scheme not in {"http", "https"}:
            yield _error(name, f"{name}={image.url[:80]!r}: a URL begins with http:// or https://", "give a full URL")
        return
    if rules.url_only:
        yield _error(
            name,
            f"{name}={image.name!r}: {title} takes images by public URL alone",
            "put the picture where the web can reach it and give its https:// URL",
        )
    size, width, height = len(image.data or b""), image.width or 0, image.height or 0
    format_name = (image.media_type or "").removeprefix("image/").upper()
    if format_name not in rules.formats:
        yield _error(
            name,
            f"{name}={image.name!r} is {format_name or 'of an unknown kind'}",
            f"{title} takes {', '.join(rules.formats)}",
        )
    if image.data is not None and size > rules.max_bytes:
        yield _error(
            name,
            f"{name}={image.name!r} has {size / 1e6:.1f} MB; {title} takes at most {rules.max_bytes / 1e6:g} MB",
            "make it smaller, for example with Pillow's Image.thumbnail",
        )
    if rules.short_side_over is not None and min(width, height) <= rules.short_side_over:
        yield _error(
            name,
            f"{name}={image.name!r} is {width}×{height}; {title} needs a short side over {rules.short_side_over} pixels",
            "give a larger picture",
        )
    if rules.ratio and height and not rules.ratio[0] <= width / height <= rules.ratio[1]:
        yield _error(
            name,
            f"{name}={image.name!r} is {width}×{height}; {title} takes ratios from 2:5 to 5:2",
            "crop it nearer to a square",
        )


def _switches(request: Request, facts: Facts) -> Iterator[Problem]:
    if request.prompt_optimizer and not facts.optimizer:
        yield _error("prompt_optimizer", f"{facts.title} has no prompt optimizer", "leave it off")
    if request.watermark is not None and not facts.watermark:
        yield _error("watermark", f"{facts.title} takes no watermark switch", "leave it out")
    if request.text is not None and request.template is None:
        yield _error("text", "text is for templates alone", "write it into the prompt")
    model = facts.model(request.model)
    if request.fast_pretreatment is not None and not (model and model.fast_pretreatment):
        able = ", ".join(m.name for m in facts.models if m.fast_pretreatment)
        yield _error(
            "fast_pretreatment",
            f"fast_pretreatment: {request.model or 'a template'} at {facts.title} does not take it",
            f"models that do: {able}" if able else "leave it out",
        )
    url = request.callback_url
    if url is not None:
        if not facts.callback:
            yield _error("callback_url", f"{facts.title} calls nobody back", "leave it out")
        elif urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            yield _error("callback_url", f"callback_url={url!r} is no URL", "give a full https:// URL")


def _options(request: Request, facts: Facts) -> Iterator[Problem]:
    rows: dict[str, Option] = {o.name: o for o in facts.options}
    for name, value in request.options.items():
        row = rows.get(name)
        if row is None:
            near = nearest(name, rows)
            allowed = ", ".join(rows) or "none"
            yield _error(
                "options",
                f"option {name!r}: {facts.title} takes {allowed}",
                f"did you mean {near!r}?" if near else "leave it out",
            )
        else:
            yield from _option(row, value)


def _option(row: Option, value: Any) -> Iterator[Problem]:
    right_kind = isinstance(value, row.kind) and not (row.kind in {int, float} and isinstance(value, bool))
    if not right_kind:
        yield _error("options", f"option {row.name}={value!r} is to be {row.kind.__name__}", row.help)
    elif row.allowed and value not in row.allowed:
        yield _error("options", f"option {row.name}={value!r}: allowed is {', '.join(row.allowed)}", row.help)
    elif (row.low is not None and value < row.low) or (row.high is not None and value > row.high):
        yield _error("options", f"option {row.name}={value!r}: allowed is {row.low} to {row.high}", row.help)
