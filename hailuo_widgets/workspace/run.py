"""Run: the handle of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from hailuo_widgets.domain.annotation import note_of, rating_of, tags_of
from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.engine.candidates import candidates
from hailuo_widgets.engine.reopen import adopt, ask_again, ended_in_doubt, has_own_id
from hailuo_widgets.errors import Cancelled, HailuoError, Skipped, UsageError, from_detail
from hailuo_widgets.provider.parse import as_task_id
from hailuo_widgets.workspace.annotations import remark, remarked
from hailuo_widgets.workspace.fixed_attributes import Fixed
from hailuo_widgets.workspace.waiting_view import in_view

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.provider.messages import Candidate
    from hailuo_widgets.render.card import Card
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["Run"]

SHOWN_PROMPT = 40


class Run(Fixed):
    """One attempt to generate the clip of one request. ``await run`` (or ``run.wait()``) until it has ended.

    Made by :func:`hailuo_widgets.generate`; any run of the log by :func:`hailuo_widgets.run`.
    """

    is_sweep: Literal[False] = False  # checked instead of isinstance, which %autoreload breaks

    def __init__(self, session: WorkspaceBase, run_id: str) -> None:
        self._session = session
        self._id = run_id

    @property
    def id(self) -> str:
        """The run's id in the log."""
        return self._id

    @property
    def record(self) -> RunRecord:
        """The run's current record."""
        return self._session.engine.record(self.id)

    @property
    def status(self) -> str:
        """The status, as text: one of the values of :class:`hailuo_widgets.domain.run.Status`."""
        return self.record.status.value

    @property
    def task_id(self) -> str | None:
        """The provider's id of the task, as text."""
        return self.record.task_id

    @property
    def request(self) -> Request:
        """The request."""
        return self.record.request

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.record.request.provider

    @property
    def simulated(self) -> bool:
        """Whether the simulator made the clip."""
        return self.record.simulated

    @property
    def video(self) -> Path | None:
        """The MP4's path; None until it is there."""
        return self._session.archive.video_of(self.record)

    @property
    def video_url(self) -> str | None:
        """The provider's link; it expires."""
        return self.record.video_url

    @property
    def cost(self) -> float | None:
        """The cost, in :attr:`currency`; None if unknown."""
        micros = self.record.cost_micros
        return None if micros is None else micros / 1_000_000

    @property
    def currency(self) -> str | None:
        """``USD``, ``CNY`` or ``credits``."""
        return self.record.currency

    @property
    def error(self) -> HailuoError | None:
        """The error that it ended with, or that currently stops it; None if there is none."""
        record = self.record
        return from_detail(record.error, record.status)

    @property
    def seed(self) -> int | None:
        """The seed that was sent; None if none was."""
        return self.record.request.seed

    @property
    def seed_returned(self) -> int | None:
        """The seed that the provider reports."""
        return self.record.seed_returned

    @property
    def rating(self) -> int | None:
        """The rating of its clip, 1 to 5 stars; None if it has none. Setting it writes it to the log."""
        return self._said().rating

    @rating.setter
    def rating(self, stars: int | None) -> None:
        remark(self._session, self.id, RunEvent.RATED, rating=rating_of(stars))

    @property
    def note(self) -> str | None:
        """The note on its clip; None if there is none. Setting it writes it to the log."""
        return self._said().note

    @note.setter
    def note(self, text: str | None) -> None:
        remark(self._session, self.id, RunEvent.NOTED, note=note_of(text))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that it was started with, which cannot be changed, then the tags of its clip.

        Setting them writes the tags of the clip to the log: every run that shows the clip has them.
        """
        return self._said().all_tags

    @tags.setter
    def tags(self, words: str | Iterable[str] | None) -> None:
        own = self._said().tags
        by_hand = tuple(word for word in tags_of(words) if word not in own)
        remark(self._session, self.id, RunEvent.TAGGED, clip_tags=by_hand)

    def _said(self) -> RunRecord:
        """Its record with the log's annotations: another run or another kernel may have annotated the clip."""
        return remarked(self._session, self.id)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every step in the log: ``at``, ``what`` (its code), ``data``, and ``text`` (the step as a sentence)."""
        return self._session.log.call(self._session.log.events, self.id)

    @property
    def card(self) -> Card:
        """Its card as it stands now."""
        return self._session.card(self.id)

    def cancel(self) -> None:
        """Cancel it: at a provider that can cancel a task, there too; otherwise it is only followed no further.

        :attr:`error` then says what became of the money. A task that had finished already is paid for: its run goes on
        to its clip. Where the provider cannot cancel, it goes on, and may still bill the task.
        """
        self._session.engine.cancel(self.id)

    @property
    def loop(self) -> AbstractEventLoop | None:
        """The event loop on which it is followed."""
        return self._session.engine.runs.run_loop.loop

    def subscribe(self, callback: Callable[[RunRecord], None]) -> Callable[[], None]:
        """Call ``callback`` with the record after each step; calling the returned function ends that.

        ``callback`` is called in the thread that makes the step, and must not block.
        """
        return self._session.engine.listeners.subscribe(self.id, callback)

    # -- waiting --------------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Run]:
        return self._settled(None).__await__()

    def wait(self, timeout: float | None = None) -> Run:
        """Wait in synchronous code. If no event loop is running, this call drives the run.

        Args:
            timeout: Seconds; the run goes on after a time-out.

        Raises:
            TimeoutError: It has not ended in that time.
            HailuoError: It ended with this error.
        """
        with in_view(self):
            self._session.wait([self.id], timeout)
        return self._outcome()

    async def _settled(self, seconds: float | None) -> Run:
        with in_view(self):
            await self._session.settled([self.id], seconds)
        return self._outcome()

    def _outcome(self) -> Run:
        record = self.record
        if record.status == Status.SUCCEEDED and (record.error is None or self.video is not None):
            return self
        if record.status == Status.CANCELLED:
            told = from_detail(record.error, record.status)
            if told is not None:
                raise told
            sent = record.task_id is not None
            raise Cancelled(
                str(record.status.note(sent=sent)).removesuffix("."),
                run_id=self.id,
                hint=f"hw.run({self.id!r}).retry() follows it again" if sent else "run the cell again to send it",
            )
        error = from_detail(record.error, record.status)
        if error is None:
            kind = Skipped if record.status == Status.SKIPPED else HailuoError
            error = kind(f"the run is {record.status}", run_id=self.id)
        raise error

    def upscale(self, *, resolution: str | None = None, budget: float | None = None, yes: bool = False) -> Run:
        """Make its clip larger, for example from 768P to 2K: a run of its own at the same provider, which is paid for.

        What it costs is said before it is sent. The new run's ``request.source`` names this one. An equal upscale that
        succeeded is taken from the archive, as with any run.

        Args:
            resolution: The new resolution; by default the first that the model offers.
            budget: The most that it may cost, in the provider's currency.
            yes: Send it even if it costs more than the setting ``ask_above_cost``.

        Raises:
            UsageError: The provider or its model makes no clip larger, this run has no finished task there, or the cost
                needs a confirmation; nothing was sent.
            BudgetExceeded: It costs more than the budget, or its price is not known.
        """
        return Run(self._session, self._session.upscale(self.id, resolution=resolution, budget=budget, yes=yes))

    # -- ways out -------------------------------------------------------------------------------------------------

    def adopt(self, task_id: str) -> Run:
        """Follow a task that you found at the provider, for an unconfirmed or lost run, and its further results.

        Also for a run whose task id could not be written to the log. If the provider does not know the task, an
        unconfirmed run is unconfirmed again.

        Raises:
            UsageError: The run is neither unconfirmed nor lost, or ``task_id`` cannot be a task's id.
        """
        named = as_task_id(task_id.strip() if isinstance(task_id, str) else task_id)
        if named is None:
            raise UsageError(
                f"task_id={shown(task_id)} can't be the id of a task",
                argument="task_id",
                run_id=self.id,
                hint="copy it from the provider's console, as text",
            )
        if self.status != Status.SUBMITTING or self._session.engine.runs.follows(self.id):
            self._expect("adopt", "unconfirmed", "lost")
        adopt(self._session.engine.context, self.record, named)
        return self

    def candidates(self) -> list[Candidate]:
        """The provider's tasks that could be this unconfirmed run's, the newest first; free.

        They fit its model, resolution, length and time, and belong to no run of the log. None is taken by itself: give
        the right one's ``task_id`` to :meth:`adopt`.

        Raises:
            UsageError: The run is not unconfirmed, or its provider has no list of tasks.
            ProviderError: The list could not be read.
            TransportError: The provider could not be reached.
        """
        self._expect("candidates", "unconfirmed")
        return candidates(self._session.engine.context, self.record)

    def write_off(self) -> Run:
        """Mark an unconfirmed run as failed: its task is not at the provider."""
        self._expect_no_answer("write_off")
        error = {
            **(self.record.error or {}),
            "kind": "Unconfirmed",
            "message": "written off: the reply to the request was lost, and the task is not at the provider",
            "hint": "run its cell again to pay for another try",
        }
        self._session.change(self.id, RunEvent.WRITTEN_OFF, status=Status.FAILED, error=error)
        return self

    def resubmit(self, *, yes: bool = False) -> Run:
        """Pay for another try of an unconfirmed run: writes it off, and starts a new run.

        Args:
            yes: Send it even if it costs more than the setting ``ask_above_cost``.

        Raises:
            UsageError: The run is not unconfirmed, its request cannot be read from the log, or its cost needs a
                confirmation; nothing was changed.
        """
        self._expect_no_answer("resubmit")
        self._session.confirm_again(self.record, yes=yes)
        request = self.record.request
        self.write_off()
        return Run(self._session, self._session.again(request, self.record))

    def retry(self) -> Run:
        """Follow it again for free: a failed download, a deleted clip, a cancelled run that was sent, or a lost one."""
        record = self.record
        download = record.status == Status.FAILED and (record.error or {}).get("kind") == "DownloadError"
        whole = self._session.archive.whole_video_of(record)
        gone = record.status == Status.SUCCEEDED and whole is None and record.task_id is not None
        if download or gone:
            self._session.change(self.id, RunEvent.DOWNLOAD_RETRIED, status=Status.DOWNLOADING, error=None)
        elif record.status == Status.SUCCEEDED and record.reused_from and whole is None:
            maker = self._session.log.call(self._session.log.get, record.reused_from)
            return Run(self._session, maker.run_id).retry()  # the run that paid for the clip downloads it
        elif (record.status in {Status.CANCELLED, Status.LOST} and record.task_id) or ended_in_doubt(
            self._session.engine.context, record
        ):
            ask_again(self._session.engine.context, record)
        elif record.status.ended:
            raise UsageError(
                f"run {self.id} is {record.status}: nothing of it can be retried for free",
                run_id=self.id,
                hint="run its cell again to pay for another try",
            )
        self._session.engine.take_up([self.id])
        return self

    def _expect_no_answer(self, what: str) -> None:
        """Check that the run is unconfirmed, and that the rescue file does not have its task id."""
        self._expect(what, "unconfirmed")
        if has_own_id(self._session.engine.context, self.id):
            raise UsageError(
                f"{what}() is for a run that may not have been accepted; run {self.id} was, as task {self.task_id}: "
                "its task id was kept when the log could not be written, and it is followed again",
                run_id=self.id,
                hint="wait() brings its clip; nothing more is paid for it",
            )

    def _expect(self, what: str, *statuses: str) -> None:
        if self.status not in statuses:
            allowed = " and ".join(statuses)
            raise UsageError(f"{what}() is for {allowed} runs, and run {self.id} is {self.status}", run_id=self.id)

    def __repr__(self) -> str:
        try:
            record = self.record
        except HailuoError as e:
            return f"<Run {self.id}: {e.message}>"
        prompt = record.request.prompt
        short = prompt if len(prompt) <= SHOWN_PROMPT else prompt[: SHOWN_PROMPT - 1] + "…"
        where = f" → {self.video}" if self.video else ""
        simulated = " simulated" if record.simulated else ""
        return f"<Run {self.id} {record.status}{simulated} {self.provider} {record.request.model} {short!r}{where}>"
