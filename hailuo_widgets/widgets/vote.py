"""Blind-vote widget: two clips on one clock, and nothing in the browser that identifies a run.

The browser sends ``begin``, ``clip`` with ``{token, side}``, ``vote`` with ``{token, answer, seconds}``, ``undo`` and
``end``. The reply to ``clip`` is bytes; the others' is :class:`~hailuo_widgets.widgets.messages.VoteState`, which never
holds the ids or values of the runs.
"""

from __future__ import annotations

import asyncio
import html
from typing import TYPE_CHECKING, Any, ClassVar

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.aspects import rank_aspects
from hailuo_widgets.widgets.request_widget import STATIC, Handler, Question, RequestWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.voting.blind_test import BlindTest, ShownPair
    from hailuo_widgets.widgets.messages import VoteState
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Vote", "vote_bundle"]

SIDES = ("left", "right")


def vote_bundle(blind_test: BlindTest, *, ended: bool = False) -> dict[str, str]:
    """A vote as a saved notebook keeps it: the number of votes; the result once it has ended, and not before."""
    pairs = blind_test.pairs
    if ended:
        voted = {item for vote in blind_test.votes for item in (vote.left, vote.right)}
        items = [item for item in pairs.items if item in voted or item not in pairs.without_clips]
        result = rank_aspects(blind_test.all_votes, items=items, looks=blind_test.looks)
        told = " ".join(pairs.notes())
        return {"text/html": result.html() + _small(told), "text/plain": f"{result!r}\n{told}".rstrip()}
    so_far = f"A blind vote: {plural(blind_test.given, 'vote')} so far."
    told = " ".join([so_far, *pairs.notes(), pairs.unmatched_note]).rstrip()
    return {"text/html": _small(told), "text/plain": told}


def _small(text: str) -> str:
    return f'<p style="font-size:13px;opacity:.75">{html.escape(text)}</p>' if text else ""


def _alike(blind_test: BlindTest, records: Mapping[str, RunRecord]) -> bool:
    """Return whether a prompt may be shown: not if only the two clips of a null control have one in common.

    It would tell them from the others.
    """
    pairs = blind_test.pairs.candidates
    one_prompt = {c: len({records[run].request.prompt for run in (c.first_run, c.second_run)}) == 1 for c in pairs}
    return not any(c.control for c in pairs) or all(one_prompt.values())


def _step(blind_test: BlindTest, shown: ShownPair | None) -> str:
    """Which of several questions is asked; "" of a single one."""
    asked = blind_test.questions
    if shown is None or len(asked) == 1:
        return ""
    return f"Question {asked.index(shown.question) + 1} of {len(asked)}"


class Vote(RequestWidget):
    """One rater's sitting in the browser.

    Args:
        session: Its log and archive are used.
        records: The runs to judge.
        blind_test: The sitting.
        loop: The event loop that handles the messages.
        changed: Called with the blind_test, and with whether the vote has ended, after each vote.
    """

    _esm: ClassVar[Path] = STATIC / "vote.js"
    _css: ClassVar[Path] = STATIC / "vote.css"

    def __init__(
        self,
        session: Workspace,
        records: Sequence[RunRecord],
        blind_test: BlindTest,
        *,
        loop: asyncio.AbstractEventLoop,
        changed: Callable[[BlindTest, bool], None],
    ) -> None:
        self._session = session
        self._records = {r.run_id: r for r in records}
        self._blind_test, self._changed = blind_test, changed
        self._over = False
        self._prompts_told = _alike(blind_test, self._records)
        self._turn = asyncio.Lock()
        super().__init__(loop=loop)

    def __repr__(self) -> str:
        """One line for a front end without widgets; it holds nothing of the pairs."""
        return f"<Vote {self._blind_test.given} votes>"

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of the browser's questions."""
        return {
            "begin": self._tell,
            "clip": self._clip,
            "vote": self._vote,
            "undo": self._undo,
            "end": self._end,
        }

    async def _tell(self, question: Question) -> None:
        """Reply with the pair to judge now."""
        blind_test = self._blind_test
        shown = None if self._over else blind_test.shown
        runs = [self._records[run_id] for run_id in shown.runs] if shown else []
        prompts = {r.request.prompt for r in runs}
        is_sure = await asyncio.to_thread(lambda: blind_test.sure)
        state: VoteState = {
            "token": shown.token if shown else None,
            "pair": shown.visit if shown else None,
            "question": shown.question if shown else "",
            "step": _step(blind_test, shown),
            "prompt": prompts.pop() if len(prompts) == 1 and self._prompts_told else None,
            "simulated": any(r.simulated for r in runs),
            "sound": any(r.video_sound is not False for r in runs),
            "given": blind_test.given,
            "remaining": blind_test.remaining,
            "undo": blind_test.last is not None and not self._over,
            "sure": is_sure,
            "ended": self._over,
            "result": "What it came to stands above, and hw.rank() has it." if self._over else "",
        }
        question.reply(state)

    async def _clip(self, question: Question) -> None:
        side = question.data.get("side")
        shown = self._shown(question.data.get("token"))
        if side not in SIDES:
            raise UsageError(f"side={side!r}: {' or '.join(SIDES)}")
        record = self._records[shown.runs[SIDES.index(side)]]
        path = await asyncio.to_thread(self._session.archive.whole_video_of, record)
        if path is None:
            raise FileNotFoundError("a clip of this pair is not in the archive any more; end the vote and begin anew")
        await question.reply_bytes(await asyncio.to_thread(read_regular, path), "video/mp4")

    def _shown(self, token: Any) -> ShownPair:
        shown = self._blind_test.shown
        if self._over or shown is None or token != shown.token:
            raise UsageError("this pair is not the one that is shown now", hint="vote on the pair that you see")
        return shown

    async def _vote(self, question: Question) -> None:
        async with self._turn:  # two views of one widget may vote at once
            token = question.data.get("token")
            self._shown(token)
            seconds = question.data.get("seconds")
            if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
                raise UsageError(f"seconds={seconds!r}: a number, or none")
            vote = self._blind_test.vote(str(token), str(question.data.get("answer")), seconds)
            log = self._session.log
            await log.ask(log.vote, vote)
            await asyncio.to_thread(self._blind_test.count, vote)  # chooses the next pair: some milliseconds
            self._changed(self._blind_test, False)  # noqa: FBT003 - a callback's argument
            await self._tell(question)

    async def _undo(self, question: Question) -> None:
        async with self._turn:
            last = self._blind_test.last
            if last is None or self._over:
                raise UsageError("there is no vote of this sitting to take back")
            log = self._session.log
            await log.ask(log.withdraw, last.vote_id)
            self._blind_test.take_back()
            self._changed(self._blind_test, False)  # noqa: FBT003
            await self._tell(question)

    async def _end(self, question: Question) -> None:
        """End the vote: the result is shown from now on, and no further vote counts."""
        async with self._turn:
            self._over = True
            self._changed(self._blind_test, True)  # noqa: FBT003
            await self._tell(question)
