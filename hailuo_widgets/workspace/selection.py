"""Selection of runs: by a sweep, a run, a DataFrame, an id, a name, several of these, or none."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.user_values import as_value, is_axis, listed, shown
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.provider import names as provider_names
from hailuo_widgets.workspace.workspace_base import OPENED_AS, opened_as, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = [
    "chosen",
    "every",
    "filtered",
    "refuse_closed",
    "run_id_of",
    "runs_table",
    "sweep_id_of",
    "sweep_name",
    "workspace_of",
]

HOW = "give a sweep or its name, rows of hw.runs(), runs, or their ids"
LONGEST_NAME = 200
MOST_DEEP = 4  # levels of nested lists; a list that contains itself is refused


def chosen(session: WorkspaceBase, what: Any = None) -> list[RunRecord]:
    """The records of the selected runs, each clip once: of runs that show one clip the one that paid, else the first.

    Args:
        session: Its log is read.
        what: A sweep, its name or id; a DataFrame with ``run_id``; a run or its id; several of these. None is the
            latest sweep.

    Raises:
        UsageError: It selects nothing in the log.
    """
    return one_per_clip(every(session, what))


def every(session: WorkspaceBase, what: Any = None) -> list[RunRecord]:
    """The records of all selected runs; a clip counts as often as runs show it. See :func:`chosen`."""
    log = session.log
    if what is None:
        latest = log.call(log.latest_sweep)
        if latest is None:
            raise UsageError("there is no sweep in the log yet", hint=HOW)
        return log.call(log.find, sweep=latest)
    ids = list(dict.fromkeys(_ids(session, what, MOST_DEEP)))
    found = {r.run_id: r for r in log.call(log.find, run_ids=ids)} if ids else {}
    return [found.get(i) or session.engine.record(i) for i in ids]


def workspace_of(what: Any) -> WorkspaceBase | None:
    """The open workspace that runs are of; None for ids, names, and runs whose workspace is closed.

    Args:
        what: A run, a sweep, a DataFrame of either's rows, or several of these.

    Raises:
        UsageError: They are of several workspaces with different run logs.
    """
    found = [workspace for name in _names(what, MOST_DEEP) if (workspace := opened_as(name)) is not None]
    if len({workspace.settings.store_url for workspace in found}) > 1:
        homes = " and ".join(str(workspace.settings.home) for workspace in dict.fromkeys(found))
        raise UsageError(f"these runs are of several sessions: {homes}", hint="give runs of one session")
    return found[0] if found else None


def refuse_closed(session: WorkspaceBase, what: Any) -> None:
    """Refuse runs of a closed workspace whose log is not the one of this workspace.

    Raises:
        UsageError: They are; the hint tells how to open theirs again.
    """
    for name in _names(what, MOST_DEEP):
        settings = settings_of(name)
        if settings is not None and settings.store_url != session.settings.store_url:
            raise UsageError(
                f"these runs are of a session that was closed (home {str(settings.home)!r})",
                hint=f"open it again, session = hw.Session(home={str(settings.home)!r}), and use its functions: they "
                "take the same runs",
            )


def _names(what: Any, deep: int) -> Iterable[Any]:
    """Yield the names of the workspaces, open or closed, that runs are of."""
    if (is_sweep := getattr(what, "is_sweep", None)) is not None:
        yield (what.session if is_sweep else what._session).opened_as  # noqa: SLF001 - no part of a run's surface
    elif isinstance(attrs := getattr(what, "attrs", None), dict):
        yield attrs.get(OPENED_AS)
    elif deep and isinstance(what, list | tuple | set | frozenset):
        for one in what:
            yield from _names(one, deep - 1)


def run_id_of(session: WorkspaceBase, what: Any) -> str:
    """The id of one selected run: by its id or the first characters of it, a run, or anything with exactly one run.

    Raises:
        UsageError: It selects none, or several.
    """
    if isinstance(what, str):
        if what.lstrip().startswith("%%"):
            raise UsageError("A cell's text is no run's id", hint="In the studio, paste it below Code and press Load.")
        return session.log.call(session.log.get, what).run_id
    if what is None:
        raise UsageError("None is no run", hint="give a run, or a run's id")
    found = every(session, what)
    if len(found) != 1:
        raise UsageError(
            f"One run is needed, and {shown(what)} holds {len(found)}", hint="Give one of them, for example sweep[0]."
        )
    return found[0].run_id


def sweep_id_of(session: WorkspaceBase, what: Any = None) -> str:
    """The id of one selected sweep; see :func:`chosen`.

    Raises:
        UsageError: It selects none, or several.
    """
    log = session.log
    if isinstance(what, str):
        run, sweep = log.call(log.meant, what)
        if sweep is not None:
            return sweep
        what = [run]
    elif getattr(what, "is_sweep", False) and what.in_log:
        return str(what.id)
    found = list(dict.fromkeys(r.sweep_id for r in every(session, what) if r.sweep_id is not None))
    if len(found) != 1:
        told = f"of {len(found)} sweeps" if found else "of no sweep"
        raise UsageError(f"these are runs {told}, and one is needed", hint="give a sweep's name or id")
    return found[0]


def sweep_name(name: Any) -> str | None:
    """A user's name of a sweep, checked and without blanks around it.

    Raises:
        UsageError: It is not text, is empty, or is too long.
    """
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"name must be a word, not {shown(name)}", hint="for example name='foxes'")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"name has {len(name)} characters, and at most {LONGEST_NAME} are kept", hint="shorten it")
    return name.strip()


def filtered(
    session: WorkspaceBase,
    *,
    sweep: Any = None,
    status: str | Sequence[str] | None = None,
    provider: str | None = None,
    model: str | None = None,
    since: datetime | None = None,
    tag: str | None = None,
) -> list[RunRecord]:
    """The records that match every given filter, oldest first; see :func:`hailuo_widgets.runs`.

    Raises:
        UsageError: An unknown sweep, status, provider or model.
    """
    log = session.log
    wanted: list[Any] | None = None if status is None else [status]
    if not isinstance(status, str) and (is_axis(status) or isinstance(status, set | frozenset)):
        wanted = listed("status", status)
    provider = None if provider is None else str(as_value("provider", provider))
    for one in wanted or ():
        _check("status", one, [s.value for s in Status])
    if tag is not None and not isinstance(tag, str):
        raise UsageError(f"tag must be a word, not {shown(tag)}", hint="for example tag='keep'")
    if provider is not None and provider not in provider_names():
        _check("provider", provider, sorted({*provider_names(), *log.call(log.values_of, "provider")}))
    models = None if model is None else _models(session, str(as_value("model", model)))
    ids = None if sweep is None else [r.run_id for r in every(session, sweep)]
    found = log.call(log.find, run_ids=ids, status=wanted, provider=provider, since=since, tag=tag)
    return found if models is None else [r for r in found if r.request.model in models]


def runs_table(session: WorkspaceBase, *, since: str | date | None = None, **wanted: Any) -> pd.DataFrame:
    """Runs as a DataFrame; see :func:`hailuo_widgets.runs`.

    Args:
        session: The workspace whose log is read.
        since: A date or time; only runs that were planned since then.
        wanted: The other arguments of :func:`filtered`.

    Raises:
        UsageError: ``since`` is not a date, or as for :func:`filtered`.
    """
    from hailuo_widgets.dataframes.runs import runs_frame, since_moment

    moment = since_moment(since)
    found = filtered(session, since=moment, **wanted)
    unmeasured = session.log.call(session.log.unmeasured, [r.run_id for r in found])
    frame = runs_frame(found, session.archive.root, unmeasured)
    frame.attrs[OPENED_AS] = session.opened_as
    return frame


def _check(argument: str, value: Any, allowed: Sequence[str]) -> None:
    word = value if isinstance(value, str) else ""
    if argument == "status" and word.strip().casefold() in {"reused", "reuse", "shared"}:
        raise UsageError(
            f"{argument}={shown(value)} is not known: a reused run is 'succeeded', and its reused_from is set",
            hint="df = hw.runs(status='succeeded'); df[df.reused_from.notna()]",
        )
    if word not in allowed:
        near = nearest(word, allowed) or next(iter(get_close_matches(word, allowed, n=1, cutoff=0.5)), None)
        raise UsageError(
            f"{argument}={shown(value)} is not known" + ("" if near else f"; there are {', '.join(allowed)}"),
            hint=f"did you mean {near!r}?" if near else None,
        )


def _models(session: WorkspaceBase, model: str) -> set[str]:
    """The full names of a model at the providers and in the log, from its name or a short one."""
    known: set[str] = set(session.log.call(session.log.values_of, "model"))
    meant = {model} & known
    for name in session.engine.accounts.usable():
        facts = session.engine.accounts.provider(name).facts
        for m in facts.models:
            words = {m.name, *m.short_names}
            known |= words
            if str(model).strip().casefold() in {word.casefold() for word in words}:
                meant.add(m.name)
    if not meant:
        _check("model", model, sorted(word for word in known if word))
    return meant


def _ids(session: WorkspaceBase, what: Any, deep: int) -> Iterable[str]:
    if hasattr(what, "columns"):
        if "run_id" in what.columns:
            yield from _words(session, list(what["run_id"]))
        elif what.index.name == "run_id":
            yield from _words(session, list(what.index))
        else:
            raise UsageError("the DataFrame has no column run_id", hint="give rows of hw.runs()")
    elif isinstance(what, str):
        yield from _words(session, [what])
    elif (is_sweep := getattr(what, "is_sweep", None)) is not None:
        yield from (run.id for run in what) if is_sweep else (what.id,)
    elif isinstance(run_id := getattr(what, "run_id", None), str):  # a RunRecord
        yield run_id
    elif deep and not isinstance(what, bytes) and hasattr(what, "__iter__"):
        several = list(what)
        if several and all(isinstance(one, str) for one in several):
            yield from _words(session, several)
        else:
            for one in several:
                yield from _ids(session, one, deep - 1)
    else:
        raise UsageError(f"{shown(what)} is neither a run nor a sweep", hint=HOW)


def _words(session: WorkspaceBase, words: Sequence[Any]) -> Iterable[str]:
    """The run ids that words name; asks the log once for all words that are complete run ids."""
    log = session.log
    if strange := [word for word in words if not isinstance(word, str)]:
        raise UsageError(f"{shown(strange[0])} is no run's id", hint=HOW)
    there = {r.run_id for r in log.call(log.find, run_ids=words)}
    for word in words:
        if word in there:
            yield word
            continue
        run, sweep = log.call(log.meant, word)
        yield from [run] if run is not None else [r.run_id for r in log.call(log.find, sweep=sweep)]
