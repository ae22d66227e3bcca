"""Variants of prompts: every combination of the values of their variables and choices."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.expansion import check_groups
from hailuo_widgets.domain.problem import Problem, warning
from hailuo_widgets.domain.prompts import Choice, Prompt, Variable, axis_name
from hailuo_widgets.domain.sweep import MOST_DRAWN_FROM, Variant
from hailuo_widgets.domain.user_values import as_values
from hailuo_widgets.errors import ProblemCode, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.case_table import Case

__all__ = ["fill_variants", "piped_names", "variables_of"]


def variables_of(
    prompts: Sequence[Prompt], namespace: Mapping[str, Any], *, cases: Sequence[Case] = (), python: bool = False
) -> dict[str, list[Any]]:
    """Return the axes of all places: the values of each variable, the options of each choice.

    Args:
        prompts: The prompts as written.
        namespace: The variables by name; a list or other sequence is an axis.
        cases: The case of each prompt, if they come from a table; its variables take precedence.
        python: Whether the variables were given as ``variables={…}``, for the hint.

    Raises:
        UsageError: A variable is not in the namespace, is an empty list, or has a value that is not allowed.
    """
    axes: dict[str, list[Any]] = {}
    for n, prompt in enumerate(prompts):
        own = cases[n].variables if cases else {}
        for part in prompt.parts:
            if isinstance(part, Choice):
                axes[axis_name(part)] = list(part.options)
            elif isinstance(part, Variable) and part.name not in axes and part.name not in own:
                axes[part.name] = _values(part.name, namespace, f"row {n + 1}: " if cases else "", python=python)
    return axes


def _values(name: str, namespace: Mapping[str, Any], where: str, *, python: bool) -> list[Any]:
    if name not in namespace:
        near = nearest(name, [n for n in namespace if not n.startswith("_") and _is_value(n, namespace)])
        first = (
            f"give variables={{{name!r}: ['dawn', 'dusk']}}"
            if python
            else f"assign it first, for example {name} = ['dawn', 'dusk']"
        )
        raise UsageError(
            f"{where}{{{{{name}}}}}: there is no variable {name!r}",
            hint=f"did you mean {{{{{near}}}}}?" if near else f"{first}; \\{{{{ is a literal {{{{",
        )
    values = as_values(f"{{{{{name}}}}}: {name}", namespace[name])
    if not values:
        raise UsageError(f"{{{{{name}}}}}: {name} is an empty list", hint="give it at least one value")
    return values


def piped_names(prompts: Sequence[Prompt], namespace: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return a warning for each choice with a variable's name among its options, as in ``{{style|upper}}``."""
    found = {}
    for part in itertools.chain.from_iterable(prompt.parts for prompt in prompts):
        if isinstance(part, Choice):
            for name in part.options:
                if name.isidentifier() and not name.startswith("_") and _is_value(name, namespace):
                    written = "{{" + axis_name(part) + "}}"
                    found[axis_name(part)] = warning(
                        "prompt",
                        ProblemCode.SUSPECT,
                        f"{written} is a choice between the words {', '.join(part.options)}: "
                        f"the value of the variable {name!r} isn't used",
                        f"write {{{{{name}}}}} for its value",
                    )
    return tuple(found.values())


def _is_value(name: str, namespace: Mapping[str, Any]) -> bool:
    """Return whether a name is a variable that a prompt may use."""
    try:
        return name in namespace and bool(as_values(name, namespace[name]))
    except UsageError:
        return False


def fill_variants(
    prompts: Sequence[Prompt],
    axes: Mapping[str, Sequence[Any]],
    zipped: Sequence[Sequence[str]] = (),
    cases: Sequence[Case] = (),
) -> tuple[Variant, ...]:
    """Fill in every prompt with every combination of its places' values; the first place changes slowest.

    Args:
        prompts: The prompts as written.
        axes: The values of their places, from :func:`variables_of`.
        zipped: Groups of names that vary together, value by value. Names other than variables and ``prompt`` are left
            to :func:`hailuo_widgets.domain.expansion.expand`.
        cases: The case of each prompt, if they come from a table.

    Raises:
        UsageError: Zipped variables have different lengths, or there are too many combinations.
    """
    places = {"prompt": len(prompts), **{name: len(values) for name, values in axes.items()}}
    groups = [tuple(name for name in group if name in places) for group in zipped]
    check_groups([group for group in groups if group], places)
    found: list[Variant] = []
    for n, prompt in enumerate(prompts):
        case = cases[n] if cases else None
        label = prompt.label or (str(n + 1) if len(prompts) > 1 and not cases else None)
        blocks = _blocks(prompt, n, {k: v for k, v in axes.items() if case is None or k not in case.variables}, groups)
        if len(found) + math.prod(len(block) for block in blocks) > MOST_DRAWN_FROM:
            raise UsageError(f"the prompts' places make more than {MOST_DRAWN_FROM} variants", hint="shorten a list")
        for rows in itertools.product(*blocks):
            at = dict(itertools.chain.from_iterable(rows))
            values = {**(case.variables if case else {}), **{name: axes[name][row] for name, row in at.items()}}
            named = {name: value for name, value in values.items() if name.isidentifier()}
            choices = (name for name in prompt.places if not name.isidentifier())
            chosen = {f"choice_{i}": values[name] for i, name in enumerate(choices, start=1)}
            found.append(
                Variant(
                    prompt=prompt.fill(values),
                    label=label,
                    variables={**named, **chosen},
                    at={"prompt": n, **at},
                    given=case.given if case else {},
                )
            )
    return tuple(found)


def _blocks(
    prompt: Prompt, number: int, axes: Mapping[str, Sequence[Any]], groups: Sequence[Sequence[str]]
) -> list[list[tuple[tuple[str, int], ...]]]:
    """Return the choices of each place or group of zipped places; a choice is (name, index of the value)s."""
    own = [name for name in prompt.places if name in axes]
    group_of = {name: group for group in groups for name in group}
    blocks: list[list[tuple[tuple[str, int], ...]]] = []
    for name in own:
        group = group_of.get(name, (name,))
        together = [n for n in group if n in own]
        if name != next(n for n in own if n in together):
            continue
        rows = [number] if "prompt" in group else range(len(axes[name]))
        blocks.append([tuple((n, row) for n in together) for row in rows])
    return blocks
