"""Prompts with places become variants: every combination of the values of their own places."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.expansion import check_groups
from hailuo_widgets.domain.problem import Problem, doubt
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
    """The axes of all places: a variable's value (each one, of a list or another sequence), a choice's options.

    Args:
        prompts: The variants as they are written.
        namespace: The variables.
        cases: For each prompt the case that it is of, whose own variables go before the others.
        python: Whether the variables were given as ``variables={…}``, for the hint.

    Raises:
        UsageError: A variable that is not in the namespace, is an empty list, or is no value.
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
        near = nearest(name, [n for n in namespace if not n.startswith("_")])
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
    """A doubt for each choice that has a variable's name among its options: ``{{style|upper}}`` is no filter."""
    found = {}
    for part in itertools.chain.from_iterable(prompt.parts for prompt in prompts):
        if isinstance(part, Choice):
            for name in part.options:
                if name.isidentifier() and not name.startswith("_") and _is_value(name, namespace):
                    written = "{{" + axis_name(part) + "}}"
                    found[axis_name(part)] = doubt(
                        "prompt",
                        ProblemCode.SUSPECT,
                        f"{written} is a choice between the words {', '.join(part.options)}: "
                        f"the value of the variable {name!r} isn't used",
                        f"write {{{{{name}}}}} for its value",
                    )
    return tuple(found.values())


def _is_value(name: str, namespace: Mapping[str, Any]) -> bool:
    """Whether a name is a variable that a prompt may take."""
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
    """Every prompt with every combination of its own places' values; the first place changes slowest.

    Args:
        prompts: The variants as they are written.
        axes: The values of their places, as :func:`variables_of` has them.
        zipped: Groups of names that go together, value by value: variables, ``prompt``, and others, which are left to
            :func:`hailuo_widgets.domain.sweep.expand`.
        cases: For each prompt the case that it is of.

    Raises:
        UsageError: Zipped variables of different lengths, or too many combinations.
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
    """Each place, or group of paired places, as a list of its (name, which value) choices."""
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
