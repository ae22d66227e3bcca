"""Registrations: what will be analysed and how, written down before the votes are known."""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.document import REGISTRATION, Document
from hailuo_widgets.domain.ids import make_id
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.user_values import as_number, as_whole, listed
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.deviations import deviations
from hailuo_widgets.workspace.selection import every

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from hailuo_widgets.voting.deviations import Analysis
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = [
    "Registration",
    "alpha_of",
    "clips_shown",
    "looks_of",
    "register",
    "registered_for",
    "registration_note",
    "runs_of",
]

VERSION: Final = 1
MOST_LOOKS: Final = 20
MOST_NAMED: Final = 3  # later registrations
LONGEST: Final = 4000
REGISTERED: Final = (
    "version", "question", "between", "items", "alpha", "looks", "stopping", "exclusions", "raters", "units",
)  # fmt: skip
EVEN: Final = 0.5


@dataclass(frozen=True, kw_only=True, repr=False)
class Registration:
    """An analysis that was registered, as the run log keeps it.

    Attributes:
        id: Its ID.
        at: When it was registered, in UTC.
        sha256: The hash of its text, to be cited.
        text: Canonical JSON: what was registered, and what the log held at that moment.
    """

    id: str
    at: datetime
    sha256: str
    text: str
    record: dict[str, Any]

    def __repr__(self) -> str:
        """Return what was registered, in lines."""
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        first, *lines = map(html.escape, self._lines())
        return (
            '<div class="hailuo-registration mathjax_ignore" style="font-size:13px;line-height:1.45">'
            f"<strong>{first}</strong>{''.join(f'<div>{line}</div>' for line in lines)}</div>"
        )

    def _lines(self) -> list[str]:
        told = self.record
        units = told["units"]
        looks = told["looks"]
        when = f"after {_listed(looks)} {units['called']}s" if looks else "at any time"
        lines = [
            f"Registered on {_moment(self.at)}, sha256 {self.sha256}",
            f"Question: {told['question']}",
            f"Compared: {told['between']}: {', '.join(told['items'])}",
            f"Planned: {plural(units['count'], units['called'])}, {plural(len(told['runs']), 'run')}",
            f"A winner may be named {when}, at α = {told['alpha']:.4g}",
        ]
        for name, value in (("Stopping rule", told["stopping"]), ("Exclusions", told["exclusions"])):
            lines += [f"{name}: {value}"] if value else []
        if told["raters"]:
            lines.append(f"Raters: {', '.join(told['raters'])}")
        there = f"{plural(told['clips'], 'clip')} and {plural(told['votes'], 'vote')}"
        return [*lines, f"There were {there} on these runs then."]


def register(
    session: WorkspaceBase,
    what: Any,
    *,
    question: str,
    between: str | None,
    alpha: float,
    looks: int | Sequence[int] | None,
    stopping: str,
    exclusions: str,
    raters: str | Sequence[str] | None,
) -> Registration:
    """Write a registration to the log; see :func:`hailuo_widgets.preregister`.

    Raises:
        UsageError: An argument is not valid, or no two runs make a pair; nothing was written.
    """
    from importlib.metadata import version

    from hailuo_widgets.store import documents
    from hailuo_widgets.voting.pairs import pair_up
    from hailuo_widgets.voting.planned_units import planned_units

    asked = _text("question", question)
    if not asked:
        raise UsageError("question='': what the raters will be asked", hint='question="Which clip is better?"')
    level = as_number("alpha", alpha)
    if not 0 < level <= EVEN:
        raise UsageError(f"alpha={alpha!r}: a number above 0, up to 0.5", hint="alpha=0.05")
    records = every(session, what)
    pairs = pair_up(records, between=between, has_clip=lambda r: r.status == Status.SUCCEEDED or r.unfinished)
    units = planned_units(pairs)
    called, count = units.called, units.count
    ids = [r.run_id for r in records]
    now = session.runtime.clock.now()
    content = {
        "version": VERSION,
        "package": version("hailuo-widgets"),
        "at": now.isoformat(),
        "question": asked,
        "between": pairs.between,
        "items": list(pairs.items),
        "alpha": level,
        "looks": _looks(looks, called, count),
        "stopping": _text("stopping", stopping),
        "exclusions": _text("exclusions", exclusions),
        "raters": None if raters is None else [_text("raters", name) for name in _several("raters", raters)],
        "units": {"called": called, "count": count},
        "runs": ids,
        "clips": sum(r.status == Status.SUCCEEDED for r in records),
        "votes": len(session.log.call(session.log.votes, ids, between=pairs.between)),
    }
    for known in registered_for(session, ids, between=pairs.between, questions=[asked]):
        if _intact(known) and _equal(session, known.content, content):
            return _registration(known)
    document_id = make_id("g", now, secrets.randbits(40))
    document = Document.of(content, document_id=document_id, kind=REGISTRATION, at=now)
    session.log.call(documents.write, session.log.database, document)
    return _registration(document)


def _registration(document: Document) -> Registration:
    return Registration(
        id=document.document_id,
        at=document.at,
        sha256=document.sha256,
        text=document.text,
        record=document.content,
    )


def _equal(session: WorkspaceBase, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two records register the same: what the log held then, and the IDs of the runs, may differ."""
    if any(one.get(name) != other.get(name) for name in REGISTERED):
        return False
    clips = clips_shown(session, [*_list(one.get("runs")), *_list(other.get("runs"))])
    return {clips[run] for run in _list(one.get("runs"))} == {clips[run] for run in _list(other.get("runs"))}


def registered_for(
    session: WorkspaceBase, runs: Iterable[str], *, between: str | None, questions: Iterable[str]
) -> list[Document]:
    """Return the registrations of some of the runs, that which counts first, then the others by their time.

    Those that were changed stand first: with one of them nothing counts as registered. Else that one counts which is
    the first of this column and question; if there is none, the first.
    """
    from hailuo_widgets.store import documents

    written = session.log.call(documents.find, session.log.database, REGISTRATION)
    if not written:
        return []
    asked, named = set(questions) - {""}, {document.document_id: _runs_of(document) for document in written}
    # By their clips: after a restart the same clips are shown by runs of other IDs.
    clips = clips_shown(session, [*runs, *(run for of in named.values() for run in of)])
    shown = {clips[run] for run in runs}
    found = [d for d in written if not d.content or shown & {clips[run] for run in named[d.document_id]}]

    def order(document: Document) -> tuple[bool, bool, bool, bool, datetime]:
        content = document.content
        other_question = bool(asked) and content.get("question") not in asked
        return (not _changed(document), not content, content.get("between") != between, other_question, document.at)

    return sorted(found, key=order)


def clips_shown(session: WorkspaceBase, runs: Iterable[str]) -> dict[str, str]:
    """Return the clip of each run; its own ID of one that is not in the log."""
    wanted = list(dict.fromkeys(runs))
    known = session.log.call(session.log.clips_of, wanted)
    return {run: known.get(run, run) for run in wanted}


def runs_of(found: Sequence[Document]) -> list[str]:
    """Return the registered runs of the record that counts; empty without any."""
    return _runs_of(found[0]) if found else []


def looks_of(found: Sequence[Document]) -> tuple[int, ...]:
    """Return the registered looks; empty without any, and if a record was changed or can't be read."""
    looks = _list(found[0].content.get("looks")) if found and _intact(found[0]) else []
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in looks)
    return tuple(looks) if whole and looks == sorted(set(looks)) else ()


def alpha_of(found: Sequence[Document]) -> float | None:
    """Return the registered error probability; None without one, and if a record was changed or can't be read."""
    alpha = found[0].content.get("alpha") if found and _intact(found[0]) else None
    return float(alpha) if isinstance(alpha, int | float) and 0 < alpha <= EVEN else None


def registration_note(session: WorkspaceBase, found: Sequence[Document], analysis: Analysis) -> str:
    """Return whether the analysis is as it was registered, or each deviation; "" without a registration."""
    if not found:
        return ""
    first = found[0]
    told = [
        f"A registration of {_moment(document.at)} was changed after it was written: nothing counts as registered."
        for document in found
        if _changed(document)
    ]
    if unreadable := sum(not document.content for document in found):
        told.append(f"{plural(unreadable, 'registration')} of this log can't be read any more.")
    if _intact(first):
        clips = clips_shown(session, [*_runs_of(first), *(analysis.runs or ())])
        registered = first.content | {"runs": [clips[run] for run in _runs_of(first)]}
        shown = None if analysis.runs is None else [clips[run] for run in analysis.runs]
        differs = deviations(registered, first.at, replace(analysis, runs=shown))
        when = f"on {_moment(first.at)} (sha256 {first.sha256[:12]})"
        as_said = f"Registered {when}. Not as registered: {'; '.join(differs)}."
        told.append(as_said if differs else f"As registered {when}.")
        if later := [d for d in found[1:] if _intact(d) and _same(d, first)]:
            named = ", ".join(f"on {_moment(d.at)} (sha256 {d.sha256[:12]})" for d in later[:MOST_NAMED])
            more = f" and {plural(len(later) - MOST_NAMED, 'more time')}" if len(later) > MOST_NAMED else ""
            told.append(f"It was registered again {named}{more}; the first one counts.")
    return " ".join(told)


def _intact(document: Document) -> bool:
    """Return whether a record is as it was written, its time included, which the hashed text has too."""
    return document.intact and document.content.get("at") == document.at.isoformat()


def _changed(document: Document) -> bool:
    return bool(document.content) and not _intact(document)


def _runs_of(document: Document) -> list[str]:
    return [run for run in _list(document.content.get("runs")) if isinstance(run, str)]


def _same(one: Document, other: Document) -> bool:
    """Return whether two registrations are of the same comparison."""
    return all(one.content.get(name) == other.content.get(name) for name in ("between", "question"))


def _looks(given: int | Sequence[int] | None, called: str, count: int) -> list[int] | None:
    """Return the looks that were given, checked.

    Raises:
        UsageError: They are not whole numbers that increase, or there are not so many units.
    """
    if given is None:
        return None
    looks = [as_whole("looks", n, least=1) for n in _several("looks", given)]
    if not looks or looks != sorted(set(looks)) or len(looks) > MOST_LOOKS:
        raise UsageError(
            f"looks={given!r}: up to {MOST_LOOKS} increasing numbers of {called}s",
            argument="looks",
            hint=f"looks=[{max(1, count // 2)}, {count}]",
        )
    if looks[-1] > count:
        raise UsageError(
            f"looks={given!r}: two variants of these runs have {plural(count, called)} in common",
            argument="looks",
            hint=f"looks=[{max(1, count // 2)}, {count}], or register a larger sweep",
        )
    return looks


def _text(argument: str, given: Any) -> str:
    if not isinstance(given, str) or len(given) > LONGEST:
        raise UsageError(f"{argument}={str(given)[:80]!r}: a text of up to {LONGEST} characters", argument=argument)
    return " ".join(given.split())


def _several(argument: str, given: Any) -> list[Any]:
    return [given] if isinstance(given, str | int | float) else listed(argument, given)


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _listed(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
