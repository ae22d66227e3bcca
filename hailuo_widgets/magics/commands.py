"""Table of the sub-commands of ``%hailuo``: names, help and functions."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import split_words
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.settings.credentials import refuse_typed_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.workspace.run import Run

__all__ = ["COMMANDS", "Command", "command"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One sub-command: its words, its help and its function. It takes ``least`` to ``most`` words."""

    name: str
    takes: str
    help: str
    example: str
    work: Callable[[list[str]], Any]
    least: int = 0
    most: int = 0


def _runs(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    frame = api.runs(status=words or None)
    shown = ["run_id", "created_at", "provider", "model", "prompt", "status", "cost", "currency", "elapsed_s"]
    return frame[shown].iloc[::-1].head(20).reset_index(drop=True)


def _show(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    return api.run(words[0])


def _each(words: list[str]) -> list[Run]:
    """The runs of some words, which are ids of runs, or names or ids of sweeps; looks up all before it returns any."""
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.workspace.selection import every

    session = api.default_session()
    return [session.run(r.run_id) for r in every(session, words)]


def _cancel(words: list[str]) -> None:
    for run in _each(words):
        sent, ended = run.task_id is not None, not run.record.unfinished
        run.cancel()
        if ended:
            said = f"it is {run.status} already, so there is nothing to cancel."
        elif run.status == Status.SUBMITTING:
            said = "its create call is on its way; it is cancelled when that is answered, and may be billed."
        elif run.status in {Status.QUEUED, Status.RUNNING}:
            said = "its provider is asked to cancel the task; the run's card then says what became of the money."
        elif run.status == Status.CANCELLED and run.error is not None:
            said = f"{run.error.message}."
        elif run.status != Status.CANCELLED:
            said = f"it is {run.status}: it was too late to cancel its task, which is paid for."
        else:
            said = "no longer followed." + (" The provider may still finish and bill it." if sent else "")
        print(f"{run.id}: {said}")  # noqa: T201 - the output of a magic


def _retry(words: list[str]) -> list[Any]:
    found = _each(words)
    if len(found) <= len(words):
        return [run.retry() for run in found]
    taken = []
    for run in found:  # of a sweep, retry the runs that can be
        with contextlib.suppress(UsageError):
            taken.append(run.retry())
    if not taken:
        raise UsageError(f"%hailuo retry {shlex.join(words)}: nothing of it can be retried for free")
    return taken


def _resume(words: list[str]) -> Any:
    del words
    from hailuo_widgets.api import functions as api

    return api.resume()


def _providers(words: list[str]) -> Any:
    del words
    from hailuo_widgets.api import functions as api

    return api.providers()


def _models(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    return api.models(words[0] if words else None)


def _templates(words: list[str]) -> Any:
    del words
    from hailuo_widgets.api import functions as api

    return api.templates()


def _camera(words: list[str]) -> Any:
    del words
    from hailuo_widgets.dataframes import providers as tables

    return tables.camera_frame()


def _keys(words: list[str]) -> Any:
    del words
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.dataframes import providers as tables

    return tables.keys_frame(api.default_session().accounts)


def _doctor(words: list[str]) -> Any:
    del words
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.workspace import doctor

    return doctor.report(api.default_session())


def _backup(words: list[str]) -> None:
    from hailuo_widgets.api import functions as api

    log = api.default_session().log
    path = log.call(log.backup, *words)
    print(f"The run log was copied to {path} and checked. The clips are not in it: copy the archive's folder too.")  # noqa: T201 - the output of a magic


def _cost(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.dataframes.costs import cost_frame
    from hailuo_widgets.dataframes.runs import since_moment

    log = api.default_session().log
    return cost_frame(log.call(log.find, since=since_moment(words[0] if words else None)))


def _balance(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    return api.balance(words or None)


def _monitor(words: list[str]) -> None:
    del words
    from hailuo_widgets.api import functions as api

    api.monitor()


def _of_the_latest(work: Callable[[Any], Any], words: list[str]) -> Any:
    """Call a function with the words, or without words for the latest sweep; tells if there is no sweep."""
    from hailuo_widgets.api import functions as api

    log = api.default_session().log
    if not words and log.call(log.latest_sweep) is None:
        print("There is no sweep in the log yet.")  # noqa: T201 - the output of a magic
        return None
    return work(words or None)


def _compare(words: list[str]) -> None:
    from hailuo_widgets.api import functions as api

    _of_the_latest(api.compare, words)


def _vote(words: list[str]) -> None:
    from hailuo_widgets.api import functions as api

    _of_the_latest(api.vote, words)


def _rank(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    return _of_the_latest(api.rank, words)


def _seed_check(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api

    return api.seed_check(words)


def _power(words: list[str]) -> Any:
    from hailuo_widgets.api import functions as api
    from hailuo_widgets.domain.user_values import as_whole

    return api.power(as_whole("seeds", words[0])) if words else api.power()


def _export(words: list[str]) -> None:
    from hailuo_widgets.api import functions as api

    *ids, path = words
    written = api.export(ids or None, path)
    print(f"{written}: {written.stat().st_size:,} bytes")  # noqa: T201 - the output of a magic


def _studio(words: list[str]) -> None:
    from hailuo_widgets.api import functions as api

    api.studio(words[0] if words else None)


def _simulator(words: list[str]) -> None:
    del words
    from hailuo_widgets.api import functions as api

    session = api.default_session()
    print(  # noqa: T201 - the output of a magic
        f"The bundled simulator listens at {session.simulator_url()}, for this kernel, at "
        f"{session.settings.simulator_speed:g} times the documented speed. Runs without a key go there by themselves; "
        "python -m hailuo_widgets simulator --port 8000 serves it alone, for example for another program."
    )


def _row(name: str, takes: str, text: str, work: Callable[[list[str]], Any], example: str, **bounds: int) -> Command:
    return Command(name=name, takes=takes, help=text, work=work, example=f"%hailuo {example}", **bounds)


ID = "r1m6a6ft"
BALANCE: dict[str, Any] = {"example": "balance kie", "most": 99}
COMPARED: dict[str, Any] = {"example": f"compare {ID} r1m6a6fu", "most": 999}
VOTED: dict[str, Any] = {"example": "vote foxes", "most": 999}
SEED_CHECKED: dict[str, Any] = {"example": "seed-check foxes", "least": 1, "most": 999}
POWERED: dict[str, Any] = {"example": "power 20", "most": 1}
RANKED: dict[str, Any] = {"example": "rank foxes", "most": 999}
EXPORTED: dict[str, Any] = {"example": "export foxes report.html", "least": 1, "most": 999}
COMMANDS: dict[str, Command] = {
    c.name: c
    for c in (
        _row("runs", "[STATUS…]", "the newest 20 runs (hw.runs() has all)", _runs, "runs failed unconfirmed", most=11),
        _row("show", "ID", "a run's card; an id's first characters are enough", _show, f"show {ID}", least=1, most=1),
        _row("resume", "", "take up what an earlier kernel left unfinished", _resume, "resume"),
        _row(
            "cancel",
            "ID…",
            "cancel runs, at the provider too if it can; also by a sweep's name",
            _cancel,
            f"cancel {ID}",
            least=1,
            most=999,
        ),
        _row("retry", "ID…", "download again, or follow again: free", _retry, f"retry {ID}", least=1, most=999),
        _row(
            "cost",
            "[SINCE]",
            "what runs have cost, by provider and currency",
            _cost,
            "cost 2026-11-01",
            most=1,
        ),
        _row("balance", "[PROVIDER…]", "what your accounts have left, where a provider tells it", _balance, **BALANCE),
        _row("compare", "[ID…]", "clips in a grid, on one clock; a sweep's name takes all of it", _compare, **COMPARED),
        _row("vote", "[ID…]", "judge clips in blind pairs; a sweep's name takes all of it", _vote, **VOTED),
        _row("seed-check", "ID…", "whether clips of one seed are the same clip", _seed_check, **SEED_CHECKED),
        _row("rank", "[ID…]", "what the votes on clips amount to", _rank, **RANKED),
        _row("power", "[SEEDS]", "what a comparison on so many seeds can find, and its cost", _power, **POWERED),
        _row(
            "export",
            "[ID…] FILE",
            "a report (.html), a table (.csv, .parquet, .tex), a grid (.mp4), filmstrips (.png)",
            _export,
            **EXPORTED,
        ),
        _row("studio", "[ID]", "build a request in a form; an id fills it", _studio, f"studio {ID}", most=1),
        _row("monitor", "", "everything in flight, from any kernel, live", _monitor, "monitor"),
        _row("providers", "", "the providers", _providers, "providers"),
        _row("models", "[PROVIDER]", "the models, what they do and what they cost", _models, "models kie", most=1),
        _row("templates", "", "MiniMax's video templates", _templates, "templates"),
        _row("camera", "", "the 15 camera instructions", _camera, "camera"),
        _row("keys", "", "which keys are found, where, and where to get one", _keys, "keys"),
        _row("doctor", "", "check the store, the archive and this kernel", _doctor, "doctor"),
        _row("backup", "[FILE]", "copy the run log, also while runs go on", _backup, "backup log.sqlite3", most=1),
        _row("simulator", "", "where the bundled simulator listens, and how fast it is", _simulator, "simulator"),
    )
}


def command(line: str, options_help: Callable[[], str]) -> Any:
    """Run the sub-command of a ``%hailuo`` line.

    Raises:
        UsageError: An unknown sub-command, a wrong number of words, or a key among them.
    """
    refuse_typed_keys(line)
    try:
        words = split_words(line)
    except ValueError as e:
        raise UsageError(f"%hailuo {line}: {e}", hint="close the quote") from None
    if not words or words[0] in {"-h", "--help", "help"}:
        return _help(options_help)
    row = COMMANDS.get(words[0])
    if row is None:
        near = nearest(words[0], COMMANDS)
        raise UsageError(
            f"%hailuo {words[0]!r}: there are {', '.join(COMMANDS)}",
            hint=f"did you mean %hailuo {near}?" if near else "a prompt goes into a %%hailuo cell",
        )
    given = words[1:]
    if given and given[0] in {"-h", "--help"}:
        print(f"%hailuo {row.name} {row.takes}\n  {row.help}\n  for example: {row.example}")  # noqa: T201 - the output of a magic
        return None
    if not row.least <= len(given) <= row.most:
        raise UsageError(
            f"%hailuo {row.name} takes {row.takes or 'no words'}, and {len(given)} were given",
            hint=f"%hailuo {row.name} -h says more",
        )
    return row.work(given)


def _help(options_help: Callable[[], str]) -> None:
    lines = ["%%hailuo [options]      the cell's text is the prompt", options_help(), "", "%hailuo SUB-COMMAND:"]
    lines += [f"  {c.name + ' ' + c.takes:<42} {c.help}" for c in COMMANDS.values()]
    lines += ["", *_in_flight()]
    print("\n".join(lines))  # noqa: T201 - the output of a magic


def _in_flight() -> list[str]:
    from hailuo_widgets.api import functions as api

    session = api.default_session()
    records = session.log.call(session.log.unfinished)
    if not records:
        return ["Nothing is in flight."]
    lines = [f"In flight: {len(records)}"]
    for r in records[-10:]:
        where = "" if session.engine.runs.follows(r.run_id) else " (not followed here: %hailuo resume)"
        lines.append(f"  {r.run_id} {r.status} {r.request.provider} {r.request.prompt[:40]!r}{where}")
    return lines
