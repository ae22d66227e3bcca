"""Checks of a request's switches and provider-specific fields against its provider's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clip_counts import count_errors
from hailuo_widgets.domain.problem import error, is_web_url, text_errors, warning
from hailuo_widgets.errors import ProblemCode, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts, Option
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["callback_errors", "check_options", "check_switches", "option_problems"]


def check_switches(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the switches, and what else a request may say beside its prompt."""
    of_model = facts.of(request.model)
    if request.prompt_optimizer and not of_model.optimizer:
        who = request.model if facts.optimizer else facts.title
        yield error("prompt_optimizer", ProblemCode.UNSUPPORTED, f"{who} has no prompt optimizer", "leave it off")
    yield from _optimizer_option(request, of_model.optimizer_option)
    if request.watermark is not None and not of_model.watermark:
        who = request.model if facts.watermark else facts.title
        yield error("watermark", ProblemCode.UNSUPPORTED, f"{who} takes no watermark switch", "leave it out")
    model = facts.model(request.model)
    if request.watermark is not None and model is not None and model.watermark_doubt:
        yield warning("watermark", ProblemCode.UNCERTAIN, model.watermark_doubt)
    if request.text is not None and request.template is None:
        yield error("text", ProblemCode.CONFLICT, "text is for templates alone", "write it into the prompt")
    if request.fast_pretreatment is not None and request.template is None:
        able = ", ".join(m.name for m in facts.models if m.fast_pretreatment)
        switch = of_model.optimizer and of_model.optimizer_option is None
        if not able or (facts.optimizer and not switch):  # it shortens the time of the optimizer that has a switch
            yield error(
                "fast_pretreatment",
                ProblemCode.UNSUPPORTED,
                f"{request.model if able else facts.title} takes no fast_pretreatment",
                "leave it out",
            )
        elif not (model and model.fast_pretreatment):
            yield warning(
                "fast_pretreatment",
                ProblemCode.UNCERTAIN,
                f"fast_pretreatment: the documents say that it works with {able}, and not with {request.model}",
                "leave it out",
            )
    url = request.callback_url
    if url is not None:
        if not of_model.callback:
            yield error("callback_url", ProblemCode.UNSUPPORTED, f"{facts.title} calls nobody back", "leave it out")
        else:
            yield from callback_errors(url)


def _optimizer_option(request: Request, row: Option | None) -> Iterator[Problem]:
    """Check that the option that is the prompt optimizer says the same as ``prompt_optimizer``."""
    if row is None or row.optimizer is None:
        return
    value, on = request.options.get(row.name), request.prompt_optimizer
    if value in row.allowed and (value != row.optimizer[False]) != on:
        yield error(
            "prompt_optimizer",
            ProblemCode.CONFLICT,
            f"prompt_optimizer={on} and option {row.name}={value!r} contradict each other",
            "give one of them",
        )


def callback_errors(url: str) -> Iterator[Problem]:
    """Check that a callback URL is one."""
    if not is_web_url(url):
        yield error("callback_url", ProblemCode.INVALID, f"callback_url={url!r} is no URL", "give a full https:// URL")
    yield from text_errors("callback_url", url)


def check_options(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check the provider-specific fields."""
    options = facts.of(request.model).options
    rows: dict[str, Option] = {o.name: o for o in options}
    who = facts.title if options is facts.options else request.model
    for name, value in request.options.items():
        row = rows.get(name)
        if row is not None:
            yield from option_problems(row, value)
            continue
        near = nearest(name, rows)
        model = facts.model(request.model)
        if model is not None and model.other_options:
            yield warning("options", ProblemCode.UNCERTAIN, f"option {name}: {model.other_options}")
            yield from count_errors({name: value}, rows)
            if isinstance(value, str):
                yield from text_errors("options", value, called=f"option {name}")
            continue
        yield error(
            "options",
            ProblemCode.UNKNOWN,
            f"option {name!r}: {who} takes {', '.join(rows) or 'none'}",
            f"did you mean {near!r}?" if near else "leave it out",
        )


def option_problems(row: Option, value: Any) -> Iterator[Problem]:
    """Check the value of one provider-specific field against its row."""
    right_kind = isinstance(value, row.kind) and not (row.kind in {int, float} and isinstance(value, bool))
    if not right_kind:
        yield error(
            "options", ProblemCode.INVALID, f"option {row.name}={value!r} is to be {row.kind.__name__}", row.help
        )
    elif row.url and not is_web_url(value):
        yield error("options", ProblemCode.INVALID, f"option {row.name}={value!r} is no URL", row.help)
    elif row.allowed and value not in row.allowed:
        yield error(
            "options",
            ProblemCode.NOT_ALLOWED,
            f"option {row.name}={value!r}: allowed is {', '.join(row.allowed)}",
            row.help,
        )
    elif (row.low is not None and value < row.low) or (row.high is not None and value > row.high):
        bounds = f"{row.low} to {row.high}" if row.high is not None else f"{row.low} and more"
        yield error("options", ProblemCode.NOT_ALLOWED, f"option {row.name}={value!r}: allowed is {bounds}", row.help)
    elif row.seen and value not in row.seen:
        seen = ", ".join(row.seen)
        yield warning(
            "options",
            ProblemCode.UNCERTAIN,
            f"option {row.name}={value!r}: the document lost the values' names; known: {seen}",
        )
    elif value in row.doubts:
        yield warning("options", ProblemCode.UNCERTAIN, f"option {row.name}={value!r}: {row.doubts[value]}")
    if isinstance(value, str):
        yield from text_errors("options", value, called=f"option {row.name}")
