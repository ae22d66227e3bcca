"""Fields of a request's body that are sent as the user gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.catalog import ModelFacts
    from hailuo_widgets.domain.request import Request

__all__ = ["given", "with_optimizer", "with_options"]


def given(request: Request, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the request's fields that have a value.

    Args:
        request: The request.
        names: The names in the body, by the names of the fields.
    """
    values = {wire: getattr(request, name) for name, wire in names.items()}
    return {wire: value for wire, value in values.items() if value is not None}


def with_options(body: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with the user's own fields, which replace those of the same name; None removes a field.

    A name with dots is a path: ``extra.mode`` is the field ``mode`` of the object ``extra``.
    """
    out = dict(body)
    for name, value in options.items():
        first, dot, rest = name.partition(".")
        if dot and first and rest:
            inner = out.get(first)
            value = with_options(inner if isinstance(inner, dict) else {}, {rest: value})  # noqa: PLW2901 - the nested object
        else:
            first = name
        if value is None:
            out.pop(first, None)
        else:
            out[first] = value
    return out


def with_optimizer(request: Request, of_model: ModelFacts) -> dict[str, Any]:
    """Return the request's options, among them the one that is the model's prompt optimizer.

    It is always there, because the provider's own default rewrites the prompt. The user's value is kept, and what an
    unlisted model or a larger copy of a clip is sent does not change.
    """
    row = of_model.optimizer_option
    if row is None or row.optimizer is None or request.unlisted or request.source is not None:
        return dict(request.options)
    return {row.name: row.optimizer[request.prompt_optimizer], **request.options}
