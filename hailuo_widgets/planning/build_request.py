"""Request building: resolves names, fills in defaults, loads images, and checks everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.check import check
from hailuo_widgets.domain.clip_counts import with_whole_counts
from hailuo_widgets.domain.request import IMAGE_FIELDS, Request
from hailuo_widgets.domain.user_price import as_price
from hailuo_widgets.domain.user_values import as_flag, as_references, as_whole, shown
from hailuo_widgets.errors import Severity, UsageError, nearest

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts, ImageRules, Model, ReferenceRules
    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.errors import Problem

__all__ = [
    "FLAGS",
    "REQUEST_ARGUMENTS",
    "WHOLE",
    "Built",
    "build_request",
    "checked",
    "mode_of",
    "same_value",
    "takes_seed",
]

REQUEST_ARGUMENTS = (
    "prompt",
    "model",
    "duration",
    "resolution",
    "aspect_ratio",
    "seed",
    "replicate",
    "first_frame",
    "last_frame",
    "subject",
    "template",
    "text",
    "prompt_optimizer",
    "fast_pretreatment",
    "watermark",
    "callback_url",
    "width",
    "height",
    "options",
    "fit",
    "references",
    "unlisted",
    "price",
)
WHOLE = ("duration", "seed", "width", "height")
FLAGS = ("prompt_optimizer", "fast_pretreatment", "watermark", "unlisted")
_TEXTS = ("prompt", "aspect_ratio", "text", "callback_url")


@dataclass(frozen=True, kw_only=True)
class Built:
    """A valid request and its warnings."""

    request: Request
    warnings: tuple[Problem, ...]


def build_request(facts: Facts, arguments: Mapping[str, Any], *, loaded: dict[Any, Any] | None = None) -> Built:
    """Build and check one request. Nothing is sent.

    Args:
        facts: The provider's facts.
        arguments: Values by the names of :data:`REQUEST_ARGUMENTS`; None means "not given".
        loaded: A cache of loaded images, by the identity of the value and how it is fitted; extended here.

    Raises:
        UsageError: All errors of the request at once.
    """
    given = {k: v for k, v in arguments.items() if v is not None}
    values: dict[str, Any] = {"prompt": "", **given, "provider": facts.name}
    for name in WHOLE:
        if name in values:
            values[name] = as_whole(name, values[name])
    fit = values.pop("fit", None)
    if not values.get("references", ()):
        values.pop("references", None)
    if fit is not None and not any(name in values for name in (*IMAGE_FIELDS, "references")):
        raise UsageError(
            f"fit={fit!r} is for images, and the request has none",
            argument="fit",
            hint="give an image, or leave fit out",
        )
    _right_kinds(values)
    _unlisted(facts, values)
    if "template" in values:
        values["template"] = _template(facts, str(values["template"]))
        values["model"] = ""
    elif not values.get("unlisted"):
        values["model"] = _model(facts, values).name
    _load_files(facts, values, {} if loaded is None else loaded, fit)
    if "template" not in values and not values.get("unlisted"):
        values |= _frame(facts, values["model"], values)
        values |= _optimizer(facts, values)
    return checked(Request(**values), facts)


def checked(request: Request, facts: Facts) -> Built:
    """Return a request with its warnings.

    Raises:
        UsageError: All errors of the request at once.
    """
    problems = check(request, facts)
    errors = [p for p in problems if p.severity == Severity.ERROR]
    if errors:
        raise UsageError(
            "\n".join(p.message for p in errors),
            problems=errors,
            provider=facts.name,
            hint="\n→ ".join(dict.fromkeys(p.hint for p in errors if p.hint)) or None,
        )
    return Built(request=request, warnings=problems)


def _right_kinds(values: dict[str, Any]) -> None:
    """Raise UsageError for a text, flag or ``options`` of the wrong type; convert flags to bool."""
    for name in _TEXTS:
        if name in values and not isinstance(values[name], str):
            raise UsageError(f"{name} must be text, not {shown(values[name])}", argument=name, hint="give a string")
    for name in FLAGS:
        if name in values:
            values[name] = as_flag(name, values[name])
    options = values.get("options", {})
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise UsageError(
            f"options must be a dict, for example {{'ttl': 600}}, not {shown(options)}",
            argument="options",
            hint="options={'ttl': 600}",
        )


def _unlisted(facts: Facts, values: dict[str, Any]) -> None:
    """Check that an unlisted model is named, and that only an unlisted model has a price; make the price text.

    Raises:
        UsageError: It is not so.
    """
    if not values.get("unlisted"):
        if "price" in values:
            raise UsageError(
                f"price={shown(values['price'])}: the price of a listed model is in the table",
                argument="price",
                hint="leave price out, or add unlisted=True (--unlisted) for a model that no table has",
            )
        return
    if "options" in values:
        values["options"] = with_whole_counts(values["options"], {row.name: row for row in facts.options})
    values["model"] = str(values.get("model", "")).strip()
    if not values["model"]:
        raise UsageError(
            "unlisted needs a model's name, which is sent as typed",
            argument="model",
            hint="give model= (--model), or leave unlisted out",
        )
    if "price" in values:
        values["price"] = as_price(values["price"], {row.currency for row in facts.prices})


def _optimizer(facts: Facts, values: Mapping[str, Any]) -> dict[str, bool]:
    """Return ``prompt_optimizer`` as the option says that is the model's prompt optimizer, if only that is given."""
    row = facts.of(values["model"]).optimizer_option
    value = None if row is None else values.get("options", {}).get(row.name)
    if row is None or row.optimizer is None or value not in row.allowed or "prompt_optimizer" in values:
        return {}
    return {"prompt_optimizer": value != row.optimizer[False]}


def _load_files(facts: Facts, values: dict[str, Any], loaded: dict[Any, Any], fit: str | None) -> None:
    """Replace pictures and references by what they are by their content."""
    of_model = facts.of(values["model"])
    for name in IMAGE_FIELDS:
        if name in values:
            values[name] = _picture(name, values[name], loaded, fit, of_model.images)
    if "references" in values:
        several = as_references(values["references"])
        values["references"] = tuple(
            _reference(f"references[{i}]", one, loaded, fit, of_model.references) for i, one in enumerate(several)
        )


def _reference(name: str, given: Any, loaded: dict[Any, Any], fit: str | None, rules: ReferenceRules | None) -> Any:
    key = (id(given), "reference", fit, rules.image.ratio if fit is not None and rules is not None else None)
    if key not in loaded:
        from hailuo_widgets.planning.load_references import load_reference

        loaded[key] = (given, load_reference(given, argument=name, fit=fit, rules=rules))
    return loaded[key][1]


def _picture(name: str, given: Any, loaded: dict[Any, Any], fit: str | None, rules: ImageRules) -> Image:
    key = (id(given), fit, rules.ratio if fit is not None else None)
    if key not in loaded:
        from hailuo_widgets.planning.images import load_image

        # Keeping the object keeps its id() from being reused.
        loaded[key] = (given, load_image(given, argument=name, fit=fit, rules=rules))
    image: Image = loaded[key][1]
    return image


def _model(facts: Facts, values: Mapping[str, Any]) -> Model:
    word = values.get("model")
    model = facts.find_model(None if word is None else str(word), mode_of(values))
    if model is None:
        names = [m.name for m in facts.models]
        near = nearest(str(word), [*names, *(s for m in facts.models for s in m.short_names)])
        raise UsageError(
            f"model={word!r} is not known at {facts.title}; there are {', '.join(names)}",
            argument="model",
            provider=facts.name,
            hint=(f"did you mean {near!r}?" if near else f"%hailuo models {facts.name} lists them")
            + "; a newer model is sent as it is typed with unlisted=True (--unlisted)",
        )
    return model


def _template(facts: Facts, word: str) -> str:
    row = facts.template(word)
    return row.id if row else word


def _frame(facts: Facts, model: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return duration, resolution and aspect ratio: the given values, or the model's defaults."""
    width, height, resolution = values.get("width"), values.get("height"), values.get("resolution")
    mode, of_model = mode_of(values), facts.of(model)
    sized = width is not None and height is not None and of_model.takes_size(mode)
    resolution, duration = facts.fill_in(
        model,
        mode,
        resolution=None if resolution is None else str(resolution),
        duration=values.get("duration"),
        size=(width, height) if sized else None,  # type: ignore[arg-type]  # mypy does not see that both are there
    )
    ratio = values.get("aspect_ratio", None if sized else of_model.default_ratios.get(mode))
    return {"resolution": resolution, "duration": duration, "aspect_ratio": ratio}


def same_value(facts: Facts, values: Mapping[str, Any], name: str, wanted: Any) -> bool:
    """Return whether an argument equals ``wanted`` once both are resolved, for example a model's short name.

    Args:
        facts: The provider's facts.
        values: A request's arguments, by the names of :data:`REQUEST_ARGUMENTS`.
        name: The argument to compare.
        wanted: The value to compare it with.
    """
    given = values.get(name)
    word, other = str(given).strip(), str(wanted).strip()
    same = given is wanted or (given is not None and word.casefold() == other.casefold())
    if name == "references":
        return _same_files(given, wanted)
    if same or given is None or (name in IMAGE_FIELDS and not isinstance(given, str)):
        return same
    if name in WHOLE:
        try:
            return as_whole(name, given) == as_whole(name, wanted)
        except UsageError:
            return False
    if name == "model":
        mode = mode_of(values)
        one, two = facts.find_model(word, mode), facts.find_model(other, mode)
        return one is not None and one == two
    return name == "template" and _template(facts, word) == _template(facts, other)


def _same_files(given: Any, wanted: Any) -> bool:
    """Return whether two lists of references have the same values, in the same order."""
    if given is None:
        return False
    ours, others = as_references(given), as_references(wanted)
    same = (
        a is b or (isinstance(a, str) and isinstance(b, str) and a == b) for a, b in zip(ours, others, strict=False)
    )
    return len(ours) == len(others) and all(same)


def mode_of(values: Mapping[str, Any]) -> str:
    """Return the mode of a request with these arguments; see :attr:`Request.mode`."""
    fields: dict[str, Any] = {name: values.get(name) for name in ("template", *IMAGE_FIELDS)}
    return Request(prompt="", provider="", model="", references=values.get("references") or (), **fields).mode


def takes_seed(facts: Facts, values: Mapping[str, Any]) -> bool:
    """Return whether a request with these arguments may have a seed; an unlisted model may."""
    if values.get("unlisted"):
        return True
    word = values.get("model")
    model = facts.find_model(None if word is None else str(word), mode_of(values))
    return facts.any_seeds if model is None else facts.seeds_of(model.name) is not None
