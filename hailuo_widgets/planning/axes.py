"""Parsing of a sweep's arguments, from a cell or from Python, into its axes.

The rules for values are in ``domain/user_values.py``, the grammar of prompts is in ``domain/prompts.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.case_table import Case, read_cases
from hailuo_widgets.domain.expansion import check_groups
from hailuo_widgets.domain.prompts import Prompt, Variable, parse_prompt
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.domain.sweep import Axes
from hailuo_widgets.domain.user_values import (
    as_flag,
    as_json,
    as_references,
    as_value,
    as_values,
    as_whole,
    is_array,
    is_axis,
    is_missing,
    is_table,
    listed,
    shown,
)
from hailuo_widgets.domain.variants import fill_variants, piped_names, variables_of
from hailuo_widgets.errors import UsageError, about, nearest
from hailuo_widgets.planning.build_request import FLAGS, REQUEST_ARGUMENTS, WHOLE
from hailuo_widgets.planning.grammar import OPTIONS
from hailuo_widgets.planning.prompt_warnings import prompt_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ARGUMENTS", "axes_of"]

ARGUMENTS = ("provider", *(name for name in REQUEST_ARGUMENTS if name not in {"prompt", "replicate"}))
CALL_OPTIONS = frozenset(o.sets for o in OPTIONS.values() if o.group == "run") | {"variables"}
_SPELLED = {o.name.removeprefix("--").replace("-", "_"): o.sets for o in OPTIONS.values() if o.group == "request"}


def axes_of(
    prompt: Any,
    arguments: Mapping[str, Any],
    *,
    variables: Any = None,
    namespace: Mapping[str, Any] | None = None,
    repeat: Any = 1,
    zipped: Any = (),
    exclude: Any = (),
    sample: Any = None,
    sample_seed: Any = None,
    control: Any = False,
) -> Axes:
    """Return the axes of a sweep: every list, range, array, Series or Index is one.

    Args:
        prompt: A text, a list of texts, a mapping of labels to texts, a table of cases, or the parsed prompts of a
            cell.
        arguments: Values by argument name; None means "not given".
        variables: The values of ``{{name}}`` by name, or a table of cases.
        namespace: The notebook's variables, if this is a cell; only those that its prompts name are used.
        repeat: The number of replicates of each run.
        zipped: Groups of axis names that vary together, value by value; or one group.
        exclude: Rules for runs to leave out; or one rule.
        sample: The number of runs to draw at random; None keeps all.
        sample_seed: The seed of the random draw.
        control: Whether a null control is added.

    Raises:
        UsageError: An argument or variable is unknown, or a value is not valid.
    """
    values = {name: found for name, given in arguments.items() if (found := _argument(name, given)) is not None}
    with about("prompt"):
        cases, prompts = _cases_of(prompt, variables)
    own = {} if is_table(variables) else _named(variables)
    known = own if namespace is None else namespace
    _all_used(prompts, cases, own)
    for name in values:
        if any(name in case.given for case in cases):
            raise UsageError(
                f"{name} is a column of the table, and an argument too", argument=name, hint="leave one of them out"
            )
    with about("prompt"):
        axes = variables_of(prompts, known, cases=cases, python=namespace is None)
    with about("zipped"):
        groups = tuple(_by_place(group, prompts, axes) for group in _groups(zipped, prompts, values))
    lengths = {"prompt": len(prompts), **{name: len(found) for name, found in axes.items()}}
    check_groups(groups, {**lengths, **{name: len(found) for name, found in values.items()}})
    with about("prompt"):
        variants = fill_variants(prompts, axes, groups, cases)
    with about("exclude"):
        rules = _rules(exclude, prompts, values, cases)
    return Axes(
        variants=variants,
        values=values,
        zipped=groups,
        exclude=rules,
        sample=None if sample is None else as_whole("sample", sample, least=1),
        sample_seed=None if sample_seed is None else as_whole("sample_seed", sample_seed),
        repeat=1 if repeat is None else as_whole("repeat", repeat, least=1),
        lengths=lengths,
        prompts=prompts,
        variables={n: axes[n] for p in prompts for n in p.places if n.isidentifier() and n in axes},
        cases=bool(cases),
        warnings=(
            *piped_names(prompts, known),
            *prompt_warnings(prompts, {**axes, **_words(values)}, cases, python=namespace is None),
        ),
        control=False if control is None else as_flag("control", control),
    )


# -- arguments ---------------------------------------------------------------------------------------------------------


def _argument(name: str, given: Any) -> list[Any] | None:
    """Return an argument's values; None if it is not given."""
    if name not in ARGUMENTS:
        near = nearest(name, ARGUMENTS)
        raise UsageError(
            f"{name!r} is no argument; there are prompt, {', '.join(ARGUMENTS)}",
            argument=name,
            hint=f"did you mean {near!r}?" if near else None,
        )
    if given is None:
        return None
    if name in IMAGE_FIELDS and is_array(given):
        return [given]
    if name == "references":
        return _reference_lists(given)
    if name == "price" and is_axis(given):
        _one_price(given)
    with about(name):
        return as_values(name, given, partial(_one, name))


def _one_price(given: Any) -> None:
    """Raise UsageError for several prices: a price is not sent, so they would be the same request, priced twice."""
    several = listed("price", given)
    if len(several) != 1:
        raise UsageError(
            f"price is one amount per clip, not {len(several)}: {', '.join(shown(one) for one in several)}",
            argument="price",
            hint="write a decimal point, price='0.50 USD' (--price 0.50USD); models of different prices are rows of a "
            "table with the columns model and price",
        )


def _reference_lists(given: Any) -> list[Any] | None:
    """Return the values of the argument ``references``: a list is one value, and a list of lists is an axis."""
    if is_table(given) or is_missing(given):
        as_value("references", given)  # raises
    several = as_references(given)
    if not any(is_axis(one) and not is_array(one) for one in several):
        return [several] if several else None
    return [None if one is None else as_references(one) for one in several]


def _one(name: str, where: str, given: Any) -> Any:
    """Return one checked value of an argument; None in a list means a run without the argument."""
    if given is None:
        return None
    if name in IMAGE_FIELDS:
        if is_table(given) or is_missing(given):
            as_value(where, given)  # raises: images.py would read a table's numbers as pixels
        return given
    if name == "options":
        if not isinstance(given, Mapping):
            raise UsageError(
                f"options must be a dict, for example {{'ttl': 600}}, not {shown(given)}", hint="options={'ttl': 600}"
            )
        return as_json(where, given)
    if name in WHOLE and isinstance(given, Decimal):
        return as_whole(where, given)
    return as_value(where, given, flags=name in FLAGS)


# -- prompts and variables ---------------------------------------------------------------------------------------------


def _cases_of(prompt: Any, variables: Any) -> tuple[list[Case], tuple[Prompt, ...]]:
    """Return the cases of a table, if one is given, and the prompts (with a table, one per case)."""
    if not is_table(prompt):
        prompts = _prompts(prompt)
        if not is_table(variables):
            return [], prompts
        rows = read_cases(variables, ARGUMENTS, {"prompt", "variant"})
        several = len(prompts) > 1
        pairs = [(row, p, n) for n, p in enumerate(prompts, start=1) for row in rows]
        return [row for row, _, _ in pairs], tuple(
            Prompt(p.parts, p.label or (str(n) if several else None)) for _, p, n in pairs
        )
    if is_table(variables):
        raise UsageError("two tables of cases are given", hint="join them: df.merge(…), and give one")
    cases = read_cases(prompt, ARGUMENTS)
    texts = [case.prompt or "" for case in cases]
    numbers = {text: str(n) for n, text in enumerate(dict.fromkeys(texts), start=1)}
    several = len(numbers) > 1
    return cases, tuple(
        parse_prompt(text, case.label or (numbers[text] if several else None))
        for case, text in zip(cases, texts, strict=True)
    )


def _prompts(prompt: Any) -> tuple[Prompt, ...]:
    if prompt is None:
        return (parse_prompt(""),)
    if isinstance(prompt, tuple) and prompt and all(isinstance(p, Prompt) for p in prompt):
        return prompt
    if isinstance(prompt, Mapping):
        labels = [str(as_value("a label of prompt", label)) for label in prompt]
        found = [
            parse_prompt(_text(f"prompt[{label!r}]", text), label)
            for label, text in zip(labels, prompt.values(), strict=True)
        ]
        if len(set(labels)) < len(labels):
            raise UsageError("two prompts have the same label", hint="give each its own")
    elif is_axis(prompt):
        texts = as_values("prompt", prompt, _text)
        found = [parse_prompt(text, str(n)) for n, text in enumerate(texts, start=1)]
    else:
        return (parse_prompt(_text("prompt", prompt)),)
    if not found:
        raise UsageError("prompt is an empty list, so the sweep has no runs", hint="give at least one prompt")
    return tuple(found)


def _text(where: str, given: Any) -> str:
    return str(as_value(where, given))


def _named(variables: Any) -> dict[str, Any]:
    if variables is None:
        return {}
    if not isinstance(variables, Mapping):
        raise UsageError(
            f"variables must be a dict of names and values, not {shown(variables)}",
            argument="variables",
            hint="for example variables={'style': ['ink', 'oil']}",
        )
    for name in variables:
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(
                f"variables: {shown(name)} is no name",
                argument="variables",
                hint="a name is letters, digits and _, for example 'style'",
            )
    return dict(variables)


def _words(values: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Return a template's texts: in these, variables are not filled in either."""
    return {"text": values["text"]} if "text" in values else {}


def _all_used(prompts: Sequence[Prompt], cases: Sequence[Case], variables: Mapping[str, Any]) -> None:
    """Raise UsageError for a variable that no prompt uses: it is probably a mistake, and the runs cost money.

    A table may have unused columns that only name its cases, unless one looks like a misspelled argument.
    """
    places = [part for prompt in prompts for part in prompt.parts]
    used = {p.name for p in places if isinstance(p, Variable)}
    used |= {option for p in places if hasattr(p, "options") for option in p.options}
    for name in variables:
        if name not in used:
            near = nearest(name, used)
            raise UsageError(
                f"variables: no prompt has a place {{{{{name}}}}}",
                argument="variables",
                hint=f"did you mean {near!r}?" if near else f"write {{{{{name}}}}} in the prompt, or leave it out",
            )
    for name in dict.fromkeys(name for case in cases for name in case.variables):
        if name not in used and name in CALL_OPTIONS:
            raise UsageError(
                f"the table's column {name!r} is an option of the whole call",
                argument=name,
                hint=f"give {name}= to hw.sweep(…)",
            )
        near = nearest(name, [*ARGUMENTS, "prompt", "variant"])
        if name not in used and near:
            raise UsageError(
                f"the table's column {name!r} is no argument and in no prompt",
                argument=name,
                hint=f"did you mean {near!r}?",
            )


# -- names of axes -----------------------------------------------------------------------------------------------------


def _axis(name: Any, prompts: Sequence[Prompt], values: Iterable[str]) -> str:
    """Return the internal name of an axis, from an option's spelling, ``variant``, ``choice_1`` or ``var_name``."""
    if not isinstance(name, str):
        raise UsageError(f"an axis is named by text, not {shown(name)}", hint="for example 'seed'")
    word = name.strip().removeprefix("--")
    places = {place for prompt in prompts for place in prompt.places}
    if word in places:
        return word
    plain = word.replace("-", "_")
    choices = [[p for p in prompt.places if not p.isidentifier()] for prompt in prompts]
    numbered = {f"choice_{i}": place for own in reversed(choices) for i, place in enumerate(own, start=1)}
    spaced = {axis.replace(" ", ""): axis for axis in places}
    for found in (
        plain,
        _SPELLED.get(plain, ""),
        plain.removeprefix("var_"),
        numbered.get(plain.removeprefix("var_"), ""),
    ):
        if found in {*values, *places}:
            return found
    return spaced.get(word.replace(" ", ""), plain)


def _groups(zipped: Any, prompts: Sequence[Prompt], values: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    if zipped is None:
        return ()
    if isinstance(zipped, str) or not is_axis(zipped):
        raise UsageError(
            f"zipped must be groups of names, not {shown(zipped)}",
            hint="for example zipped=[('prompt', 'first_frame')]",
        )
    groups = listed("zipped", zipped)
    if groups and all(isinstance(name, str) for name in groups):
        groups = [groups]
    for group in groups:
        if isinstance(group, str) or not is_axis(group):
            raise UsageError(
                f"zipped must be groups of names, not {shown(group)}", hint="for example ('prompt', 'seed')"
            )
    named = [tuple(_axis(name, prompts, values) for name in listed("zipped", group)) for group in groups]
    return tuple(tuple("prompt" if name == "variant" else name for name in group) for group in named)


def _by_place(group: tuple[str, ...], prompts: Sequence[Prompt], axes: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """Return a zip group with "prompt" replaced by the only varying place of the only prompt, if there is one."""
    varied = [name for name in prompts[0].places if len(axes.get(name, ())) > 1]
    if len(prompts) > 1 or len(varied) != 1 or varied[0] in group:
        return group
    return tuple(varied[0] if name == "prompt" else name for name in group)


def _rules(
    exclude: Any, prompts: Sequence[Prompt], values: Mapping[str, Any], cases: Sequence[Case]
) -> tuple[dict[str, Any], ...]:
    """Return the exclusion rules with internal axis names."""
    if exclude is None:
        return ()
    rules = listed("exclude", exclude) if is_axis(exclude) else [exclude]
    if not all(isinstance(rule, Mapping) for rule in rules):
        raise UsageError(
            f"exclude must be dicts of axes and values, not {shown(exclude)}",
            hint="for example exclude=[{'model': '02', 'seed': 3}]",
        )
    known = [*values, *(name for case in cases for name in (*case.given, *case.variables))]
    found = []
    for rule in rules:
        named = {_axis(name, prompts, known): value for name, value in rule.items()}
        found.append({_shown_axis(name, prompts): _excluded(name, value) for name, value in named.items()})
    return tuple(found)


def _shown_axis(name: str, prompts: Sequence[Prompt]) -> str:
    """Return the name that a choice's axis has in the run log."""
    for prompt in prompts:
        choices = [place for place in prompt.places if not place.isidentifier()]
        if name in choices:
            return f"choice_{choices.index(name) + 1}"
    return name


def _excluded(name: str, value: Any) -> Any:
    if name == "references":
        return as_references(value)
    if is_axis(value) and not (name in IMAGE_FIELDS and is_array(value)):
        return as_values(f"exclude {name}", value, partial(as_value, flags=True))
    return value if name in IMAGE_FIELDS else as_value(f"exclude {name}", value, flags=True)
