"""Checks of a request against its provider's facts.

All problems are reported at once. An error means that all sources agree that the provider refuses the request, so
nothing is sent. A warning means that sources disagree, or that a field will not be sent; the request is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain import camera
from hailuo_widgets.domain.check_media import check_frame_size, check_images
from hailuo_widgets.domain.check_options import check_options, check_switches
from hailuo_widgets.domain.check_references import check_references
from hailuo_widgets.domain.check_unlisted import check_unlisted
from hailuo_widgets.domain.problem import error, text_errors, warning
from hailuo_widgets.domain.request import Mode
from hailuo_widgets.errors import ProblemCode, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts, Offer
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["check"]

PROMPT_OPTIONAL = frozenset({"image_to_video", "first_last_frame", "subject_to_video"})
SHORTEST_TEMPLATE_ID = 10  # a number with at least so many digits is read as a template ID


def check(request: Request, facts: Facts) -> tuple[Problem, ...]:
    """Return all problems of a request, in the order of its arguments. It may be sent if none is an error."""
    if request.unlisted:
        return tuple(check_unlisted(request, facts))
    found = [
        *_prompt(request, facts),
        *(_template(request, facts) if request.template is not None else _model(request, facts)),
        *_seed(request, facts),
        *check_frame_size(request, facts),
        *check_images(request, facts),
        *check_references(request, facts),
        *check_switches(request, facts),
        *check_options(request, facts),
    ]
    return tuple(found)


def _prompt(request: Request, facts: Facts) -> Iterator[Problem]:
    prompt = request.prompt
    yield from text_errors("prompt", prompt)
    if request.template is not None or request.source is not None:  # the prompt is not sent
        return
    of_model = facts.of(request.model)
    most, least = of_model.prompt_max, of_model.prompt_min
    if len(prompt) > most:
        yield error(
            "prompt",
            ProblemCode.TOO_LONG,
            f"prompt has {len(prompt)} characters; {facts.title if most == facts.prompt_max else request.model} takes "
            f"at most {most}",
            f"shorten it by {len(prompt) - most}",
        )
    optional = request.mode in PROMPT_OPTIONAL and not least
    if not optional and len(prompt.strip()) < max(1, least):
        yield error(
            "prompt",
            ProblemCode.EMPTY,
            f"prompt={prompt!r} is {'too short' if prompt.strip() else 'empty'}: "
            f"{facts.title if least == facts.prompt_min else request.model} needs at least "
            f"{max(1, least)} character(s) for {request.mode}",
            "write what is to be seen; in a cell it stands below the %%hailuo line",
        )
    model = facts.model(request.model)
    for what, hint in camera.advice(prompt):
        yield warning("prompt", ProblemCode.SUSPECT, what, hint)
    if model and not model.camera and camera.moves(prompt):
        obeying = ", ".join(m.name for m in facts.models if m.camera)
        yield warning(
            "prompt",
            ProblemCode.UNSUPPORTED,
            f"{model.name} does not obey camera instructions: they are sent as plain text",
            obeying and f"models that do: {obeying}",
        )
    elif request.prompt_optimizer and camera.moves(prompt):
        yield warning(
            "prompt_optimizer",
            ProblemCode.CONFLICT,
            "the optimizer may rewrite camera instructions",
            "leave it off for exact control",
        )


def _model(request: Request, facts: Facts) -> Iterator[Problem]:
    offers = [o for o in facts.offers if o.model == request.model]
    by_mode = [o for o in offers if o.mode == request.mode]
    if not by_mode:
        modes = ", ".join(sorted({o.mode for o in offers}))
        models = list(dict.fromkeys(o.model for o in facts.offers if o.mode == request.mode))
        why = f"model={request.model!r} does not do {request.mode}: it does {modes or 'nothing that is known'}"
        if not models:
            yield error("model", ProblemCode.UNSUPPORTED, why, f"{facts.title} has no model for {request.mode}")
        elif request.mode == Mode.TEXT_TO_VIDEO:
            yield error(
                "model", ProblemCode.UNSUPPORTED, why, f"give it a first_frame, or take one of {', '.join(models)}"
            )
        else:
            yield error("model", ProblemCode.UNSUPPORTED, why, f"models that do it: {', '.join(models)}")
        return
    fitting = [o for o in by_mode if _fits(o, request, facts)]
    if fitting:
        yield from _length(request, by_mode, fitting)
        for offer in fitting:
            if offer.doubt:
                yield warning("model", ProblemCode.UNCERTAIN, offer.doubt)
            if request.duration is not None and request.duration in offer.doubtful_durations:
                yield warning("duration", ProblemCode.UNCERTAIN, offer.doubtful_durations[request.duration])
        return
    known = list(dict.fromkeys(o.resolution for o in by_mode if o.resolution)) or list(facts.of(request.model).sizes)
    near = nearest(str(request.resolution), known)
    yield error(
        "resolution",
        ProblemCode.NOT_ALLOWED,
        f"resolution={request.resolution!r}: {request.model} in {request.mode} takes {', '.join(known) or 'none'}",
        (f"did you mean {near!r}?" if near else f"give {known[0]!r}") if known else "leave it out",
    )


def _fits(offer: Offer, request: Request, facts: Facts) -> bool:
    """Return whether an offer matches the request's resolution."""
    if offer.resolution is None:  # the provider chooses, unless it takes sizes and the request has one
        return request.resolution is None or request.resolution in facts.of(request.model).sizes
    return offer.resolution == request.resolution


def _length(request: Request, by_mode: list[Offer], fitting: list[Offer]) -> Iterator[Problem]:
    durations = sorted({d for o in fitting for d in o.durations})
    if not durations:
        if request.duration is not None:
            yield warning(
                "duration",
                ProblemCode.NOT_SENT,
                f"duration={request.duration!r}: {request.model} chooses its length itself, so it is not sent",
                "leave it out",
            )
    elif request.duration not in durations:
        elsewhere = [o.resolution for o in by_mode if request.duration in o.durations and o.resolution]
        allowed = ", ".join(map(str, durations))
        where = f" at {request.resolution}" if request.resolution else ""
        yield error(
            "duration",
            ProblemCode.NOT_ALLOWED,
            f"duration={request.duration!r}: {request.model}{where} takes {allowed} (seconds)",
            f"{request.duration} s is there at {', '.join(elsewhere)}" if elsewhere else f"give {durations[0]}",
        )


def _template(request: Request, facts: Facts) -> Iterator[Problem]:
    word = str(request.template)
    row = facts.template(word)
    if row is not None:
        needs = (("first_frame", row.picture, request.first_frame), ("text", row.text, request.text))
        for argument, needed, given in needs:
            if needed and not given:
                yield error(
                    argument,
                    ProblemCode.MISSING,
                    f"template {row.english!r} needs {argument}: {needed}",
                    f"give {argument}=…",
                )
            if given and not needed:
                yield error(
                    argument,
                    ProblemCode.UNSUPPORTED,
                    f"template {row.english!r} takes no {argument}",
                    f"leave {argument} out",
                )
    elif facts.templates and word.isascii() and word.isdigit() and len(word) >= SHORTEST_TEMPLATE_ID:
        yield warning(
            "template",
            ProblemCode.UNKNOWN,
            f"template={word!r} is in no table of ours: it is sent as it is, with what is given",
            "%hailuo templates lists those that are documented",
        )
    else:
        yield _unknown_template(word, facts)
        return
    if request.text is not None:
        yield from text_errors("text", request.text)
        if not request.text.strip():
            yield error(
                "text",
                ProblemCode.EMPTY,
                f"text={request.text!r} is empty",
                "write the template's words, or leave text out",
            )
    for name in ("last_frame", "subject", "references"):
        if getattr(request, name):
            yield error(name, ProblemCode.CONFLICT, "a template takes first_frame alone", "leave it out")
    yield from _not_sent(request)


def _not_sent(request: Request) -> Iterator[Problem]:
    """Yield warnings about fields of a template's request that are logged but not sent."""
    if request.prompt.strip():
        yield warning(
            "prompt",
            ProblemCode.NOT_SENT,
            "a template takes no prompt: it is logged, and not sent",
            "its words go into text=…",
        )
    for name in ("duration", "resolution", "prompt_optimizer", "fast_pretreatment", "watermark"):
        value = getattr(request, name)
        if value not in {None, False}:
            yield warning(
                name,
                ProblemCode.NOT_SENT,
                f"{name}={value!r}: a template takes no {name}, so it is not sent",
                "leave it out",
            )


def _unknown_template(word: str, facts: Facts) -> Problem:
    if not facts.templates:
        return error(
            "template",
            ProblemCode.UNSUPPORTED,
            f"template={word!r}: {facts.title} has no templates",
            "take provider='minimax'",
        )
    names = [t.english for t in facts.templates]
    near = nearest(word, [*names, *(t.id for t in facts.templates)])
    return error(
        "template",
        ProblemCode.UNKNOWN,
        f"template={word!r} is not known; there are {', '.join(names)}",
        f"did you mean {near!r}?" if near else "%hailuo templates lists them",
    )


def _seed(request: Request, facts: Facts) -> Iterator[Problem]:
    if request.seed is None:
        return
    model = facts.model(request.model)
    seeds = facts.seeds_of(request.model)
    if seeds is None:
        able = [m.name for m in facts.models if facts.seeds_of(m.name) is not None]
        yield error(
            "seed",
            ProblemCode.UNSUPPORTED,
            f"seed={request.seed!r}: {request.model if able and request.model else facts.title} takes no seed, so two "
            "runs of one prompt are replicates",
            "leave seed out; repeat=N (--repeat N) makes N replicates"
            + (f"; {model.seeds_elsewhere}" if model is not None and model.seeds_elsewhere else "")
            + (f"; models that take a seed: {', '.join(able)}" if able else ""),
        )
    elif not seeds.low <= request.seed <= seeds.high:
        yield error(
            "seed",
            ProblemCode.NOT_ALLOWED,
            f"seed={request.seed!r}: {facts.title if seeds is facts.seeds else request.model} takes "
            f"{seeds.low} to {seeds.high}" + (f" ({seeds.random} is random)" if seeds.random is not None else ""),
            f"give a seed up to {seeds.high}",
        )
    elif model is not None and model.seed_doubt and request.seed != seeds.random:
        yield warning(
            "seed", ProblemCode.UNCERTAIN, model.seed_doubt, "count on replicates (repeat=N), not on the seed"
        )
