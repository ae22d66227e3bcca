"""Fields of a create call, and the arguments and options of the request that they come from.

A provider's code alone knows where it writes an argument. So the call is written out, once as it is and once with one
argument or option changed, and what differs is where that one goes. Files have a URL in place of their bytes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.request import IMAGE_FIELDS

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Provider

__all__ = [
    "ADDRESS",
    "VALUES",
    "Field",
    "Replaced",
    "fields_of",
    "link_of",
    "overwritten_fields",
    "replaced_fields",
    "routes",
    "same_text",
]

Field = tuple[str | int, ...]  # a path in the call: ("json", 0, "duration")

UUID = "00000000-0000-4000-8000-000000000000"
ADDRESS: Field = ("path",)
FLAGS = ("prompt_optimizer", "fast_pretreatment", "watermark")
VALUES = ("duration", "resolution", "aspect_ratio", "seed", "width", "height", "callback_url")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """A field that an argument sets and an option replaces.

    ``sent`` is what is sent instead; None if the option removes the field or puts another kind of value there.
    """

    argument: str
    option: str
    sent: Any


def link_of(name: str, identity: str) -> str:
    """Return the URL that stands for a file in a call that is only looked at."""
    return f"https://{hashlib.sha256(f'{name} {identity}'.encode()).hexdigest()[:32]}.input.invalid/"


def fields_of(request: Request, provider: Provider, *, other: str = "") -> dict[Field, Any]:
    """Return the fields of a request's create call by their paths; empty if the provider's code raises.

    Args:
        request: The request.
        provider: Its provider.
        other: The name of an input file for which another one is put.
    """
    links = {
        name: replace(file, url=link_of("other" if name == other else "", str(file.identity)))
        for name, file in request.inputs
    }
    try:
        call = provider.encode_create(request.with_inputs(links), UUID)
    except Exception:  # noqa: BLE001 - a provider of another package may raise anything; sending it tells
        _log.exception("%s: a request cannot be written", provider.facts.name)
        return {}
    found: dict[Field, Any] = {ADDRESS: call.path}
    for name, part in (("json", call.json), ("params", call.params), ("headers", call.headers), ("form", call.form)):
        _spread((name,), part, found)
    return found


def _spread(at: Field, value: Any, found: dict[Field, Any]) -> None:
    """Add the values of JSON that hold no others, by their paths."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            _spread((*at, str(name)), one, found)
    elif isinstance(value, (list, tuple)) and value:
        for n, one in enumerate(value):
            _spread((*at, n), one, found)
    else:
        found[at] = value


def same_text(one: Any, other: Any) -> bool:
    """Return whether two values are written alike, as text, as a number or as seconds."""
    ours, others = str(one).casefold(), str(other).casefold()
    return bool({ours, f"{ours}s"} & {others, f"{others}s"})


def routes(request: Request, provider: Provider) -> dict[str, Any]:
    """Return the options that choose the call's address."""
    bare = fields_of(replace(request, options={}), provider)
    return {
        name: value
        for name, value in request.options.items()
        if fields_of(replace(request, options={name: value}), provider).get(ADDRESS) != bare.get(ADDRESS)
    }


def replaced_fields(request: Request, provider: Provider) -> tuple[Replaced, ...]:
    """Return the fields that arguments or their defaults set, and that options replace by something else."""
    if not request.options:
        return ()
    kept = routes(request, provider)
    bare = replace(request, options=kept)
    own, sent = fields_of(bare, provider), fields_of(request, provider)
    changed = _differing(own, sent)
    if not changed:
        return ()
    sources = _sources(bare, provider, own)
    found: list[Replaced] = []
    for name, value in request.options.items():
        if name in kept:
            continue
        alone = fields_of(replace(request, options={**kept, name: value}), provider)
        for path in _differing(own, alone):
            arguments = [argument for argument, paths in sources.items() if path in paths]
            exact = [one for one in arguments if same_text(getattr(request, one, None), own[path])]
            found += [
                Replaced(argument=argument, option=name, sent=alone.get(path)) for argument in (exact or arguments)[:1]
            ]
    return tuple(found)


def overwritten_fields(request: Request, provider: Provider) -> dict[str, Field]:
    """Return the options that replace a field which no argument sets, and no row of the table offers, by their names.

    The provider's code needs what it writes there, for example our own ID of the task.
    """
    rows = {row.name for row in provider.facts.of(request.model).options}
    kept = routes(request, provider)
    bare = replace(request, options=kept)
    own = fields_of(bare, provider)
    explained = (
        {path for paths in _sources(bare, provider, own).values() for path in paths} if request.options else set()
    )
    found: dict[str, Field] = {}
    for name, value in request.options.items():
        if name in kept or name in rows:
            continue
        alone = fields_of(replace(request, options={**kept, name: value}), provider)
        if paths := [path for path in _differing(own, alone) if path not in explained]:
            found[name] = paths[0]
    return found


def _differing(own: Mapping[Field, Any], other: Mapping[Field, Any]) -> list[Field]:
    """Return the paths of a call's fields that another call does not have, or has with another value."""
    return [path for path, value in own.items() if path not in other or not same_text(value, other[path])]


def _sources(request: Request, provider: Provider, own: Mapping[Field, Any]) -> dict[str, frozenset[Field]]:
    """Return the paths that each argument of a request decides, by the argument's name."""
    named = (path for path, value in own.items() if path != ADDRESS and request.model and value == request.model)
    found = {"model": frozenset(named)}
    found["prompt"] = _decided(replace(request, prompt=f"{request.prompt} and more"), provider, own)
    for name in (*VALUES, *FLAGS):
        value = getattr(request, name)
        if value is not None:
            changed: Any = None if name in VALUES else not value
            found[name] = _decided(replace(request, **{name: changed}), provider, own)
    for name, _ in request.inputs:
        argument = name if name in IMAGE_FIELDS else "references"
        paths = frozenset(_differing(own, fields_of(request, provider, other=name)))
        found[argument] = found.get(argument, frozenset()) | paths
    return found


def _decided(request: Request, provider: Provider, own: Mapping[Field, Any]) -> frozenset[Field]:
    other = fields_of(request, provider)
    return frozenset(_differing(own, other)) if other else frozenset()
