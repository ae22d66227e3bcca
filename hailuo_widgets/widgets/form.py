"""Conversion of the studio's form from and to ``%%hailuo`` cells, runs and Python calls.

A form is ``{"request": {...}, "run": {...}, "body": text}``: the options by the argument that each sets, with values as
they would be typed (``"1..4"``, ``"768P,1080P"``) and switches as booleans. Form → cell → form is the identity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import GAP, plain_lines
from hailuo_widgets.domain.option_values import parse_values, render_values
from hailuo_widgets.domain.prompts import Prompt, Text, parse_variants, render_prompt, render_variants
from hailuo_widgets.domain.request import IMAGE_FIELDS, Mode
from hailuo_widgets.errors import UsageError, about
from hailuo_widgets.planning.grammar import COUNTS, OPTIONS, Line, parse_line, refuse_options_below, split_cell
from hailuo_widgets.planning.render_cell import render_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.widgets.messages import Form

__all__ = ["cell_of", "form_of_cell", "form_of_run", "line_of", "python_of"]

_CELL = re.compile(f"%%hailuo(?=[{GAP}]|$)")
_REQUEST = {o.sets: o for o in OPTIONS.values() if o.group == "request"}
_RUN = {o.sets: o for o in OPTIONS.values() if o.group == "run"}
_WHOLE = {"duration", "seed", "width", "height"}
_COUNTED = {OPTIONS[name].sets for name in COUNTS}


def line_of(form: Mapping[str, Any]) -> Line:
    """The form's options as the parsed line of a cell; empty ones are left out.

    Raises:
        UsageError: A value that a cell's line could not have, or an unknown name.
    """
    request = {name: _asked(name, value) for name, value in form.get("request", {}).items() if _given(value)}
    run = {name: _ordered(name, value) for name, value in form.get("run", {}).items() if _given(value)}
    return Line(request=request, run=run)


def _given(value: Any) -> bool:
    return value is not None and value not in ({}, []) and not (isinstance(value, str) and not value.strip())


def _asked(name: str, value: Any) -> Any:
    if name not in _REQUEST:
        raise UsageError(f"{name!r} is no part of a request")
    if not isinstance(value, str):
        return value
    with about(name):
        found = parse_values(name, value)
    return found if len(found) > 1 else found[0]


def _ordered(name: str, value: Any) -> Any:
    if name not in _RUN:
        raise UsageError(f"{name!r} is no option of a run")
    if name not in _COUNTED:
        return value
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise UsageError(f"{name}={value!r} is no whole number from 1 up", argument=name, hint=f"for example {name}=3")
    return int(text[:9])


def cell_of(form: Mapping[str, Any]) -> str:
    """The ``%%hailuo`` cell of a form."""
    return render_cell(line_of(form), parse_variants(str(form.get("body", ""))))


def form_of_cell(text: str) -> Form:
    """The form of a ``%%hailuo`` cell.

    Raises:
        UsageError: It is no such cell, or one that would be refused.
    """
    head, _, body = plain_lines(text).lstrip().partition("\n")
    found = _CELL.match(head)
    if found is None:
        raise UsageError(f"{head[:40]!r} is no %%hailuo cell", hint="paste the whole cell, its %%hailuo line first")
    options, body = split_cell(head[found.end() :], body)
    refuse_options_below(body)
    line = parse_line(options)
    if line.cell:
        raise UsageError(
            f"the form doesn't hold --{next(iter(line.cell))}", hint="run it as a cell, or load a cell without it"
        )
    request = {name: value if name == "references" else _typed(value) for name, value in line.request.items()}
    run = {name: str(value) if name in _COUNTED else value for name, value in line.run.items()}
    form: Form = {"request": request, "run": run, "body": render_variants(parse_variants(body))}
    if "references" in request:
        form["mode"] = Mode.REFERENCE_TO_VIDEO.value
    return form


def _typed(value: Any) -> Any:
    """A parsed value as it would be typed."""
    if isinstance(value, list):
        return render_values(value)
    return render_values([value]) if isinstance(value, str) else value


def form_of_run(record: RunRecord, pictures: Mapping[str, str | list[str]]) -> Form:
    """The form of a run's request; ``pictures``: the paths or URLs of its pictures by their field.

    Those of its references are a list.

    It holds the run's mode: if a picture is gone, the form asks for it and does not become another mode.
    """
    asked = record.request
    request: dict[str, Any] = {}
    for option in _REQUEST.values():
        a_file = option.sets in {*IMAGE_FIELDS, "references"}
        value = pictures.get(option.sets) if a_file else getattr(asked, option.sets, None)
        if value is None or value in ("", {}, []):
            continue
        request[option.sets] = value if isinstance(value, bool | list) else _typed(_plain(value))
    for name in ("prompt_optimizer", "unlisted"):
        if request.get(name) is False:
            del request[name]
    body = render_variants((Prompt((Text(asked.prompt),) if asked.prompt else ()),))
    return {"request": request, "run": {}, "body": body, "mode": asked.mode.value}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else str(value)


def python_of(line: Line, plan: Plan) -> str:
    """The Python call of the plan: ``hw.generate(…)`` for one run, ``hw.sweep(…)`` for several.

    It holds the prompts as they are in the cell, so that the runs get the same labels and variables.
    """
    prompts = plan.axes.prompts
    texts = [render_prompt(p) for p in prompts]
    labels = [p.label or str(n) for n, p in enumerate(prompts, 1)]
    if len(prompts) == 1 and prompts[0].label is None:
        prompt = repr(texts[0])
    elif any(p.label is not None for p in prompts) and len(set(labels)) == len(labels):
        prompt = "{" + ", ".join(f"{label!r}: {text!r}" for label, text in zip(labels, texts, strict=True)) + "}"
    else:
        prompt = repr(texts)
    words = [prompt]
    if plan.axes.variables:
        found = {name: values if len(values) > 1 else values[0] for name, values in plan.axes.variables.items()}
        words.append(f"variables={found!r}")
    words += [f"{name}={_python(name, value)}" for name, value in line.request.items()]
    words += [f"{name}={value!r}" for name, value in line.run.items() if name in _ARGUMENTS | _SWEEPS]
    several = plan.results > 1 or plan.axis_values() or any(name in _SWEEPS for name in line.run)
    return f"hw.{'sweep' if several else 'generate'}({', '.join(words)})"


_ARGUMENTS = {"tags", "reuse", "max_parallel", "budget"}
_SWEEPS = {"repeat", "zipped", "exclude", "sample", "sample_seed", "control"}  # what generate() does not take


def _python(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_python(name, v) for v in value) + "]"
    if name in _WHOLE and isinstance(value, str) and value.lstrip("-").isdigit():
        return value
    return repr(value)
