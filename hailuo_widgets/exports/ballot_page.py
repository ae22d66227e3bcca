"""Blind page for raters without a kernel, as a file or a folder that needs no network.

The page has the clips under random names, and which of them are pairs. It has nothing else of the runs: no label,
prompt, model, provider, seed, hash, size or time. The browser draws the order of the pairs and their sides for each
rater. The run log keeps what the random names stand for, from before the page is there.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from hailuo_widgets.domain.ballot import PAGE_VERSION
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing
from hailuo_widgets.exports.bare_clip import copy_bare
from hailuo_widgets.workspace.ballots import draw_ballot, keep_ballot
from hailuo_widgets.workspace.votes import MOST_REPEATS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.ballot import Ballot
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["LARGEST_MB", "write_ballot"]

LARGEST_MB: Final = 50  # most mail servers and messengers take no larger file, and phones open none easily
INDEX: Final = "index.html"


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What a page is made of: the ballot, its clips' files by their random names, and what holds for all of them."""

    ballot: Ballot
    clips: Mapping[str, Path]
    repeats: float
    simulated: bool
    sound: bool
    folder: bool

    def data(self) -> dict[str, Any]:
        """Return what the script is given. Pairs are sorted by random names: their order tells nothing."""
        pairs = sorted(sorted((pair.first_clip, pair.second_clip)) for pair in self.ballot.pairs)
        made = self.ballot.made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "version": PAGE_VERSION,
            "ballot": self.ballot.ballot_id,
            "made": made,
            "question": self.ballot.question,
            "consent": self.ballot.consent,
            "repeats": self.repeats,
            "simulated": self.simulated,
            "sound": self.sound,
            "folder": self.folder,
            "pairs": pairs,
        }


def write_ballot(
    session: Workspace,
    what: Any,
    path: Any,
    *,
    between: str | None,
    within: str | None,
    question: str,
    consent: str,
    repeats: float,
    largest: float,
) -> Path:
    """Write a page, tell its size and what isn't compared, and return its path; see :func:`hailuo_widgets.ballot`.

    Raises:
        UsageError: As for :func:`hailuo_widgets.ballot`.
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int | float) or not 0 <= repeats <= MOST_REPEATS:
        raise UsageError(f"repeats={shown(repeats)}: a share from 0 to {MOST_REPEATS}", hint="repeats=0.1")
    if isinstance(largest, bool) or not isinstance(largest, int | float) or not largest > 0:
        raise UsageError(f"largest={shown(largest)}: a number of megabytes", hint=f"largest={LARGEST_MB}")
    target = _target(path)
    ballot, records, notes = draw_ballot(
        session, what, between=between, within=within, question=question, consent=consent
    )
    with tempfile.TemporaryDirectory(prefix=f".{target.stem}.", suffix=".part", dir=target.parent) as made:
        folder = Path(made) / "page"
        folder.mkdir(mode=0o700)
        sound = _copy_clips(session, ballot, records, folder)
        clips = {name: folder / f"{name}.mp4" for name in sorted(ballot.clips)}
        clip_bytes = sum(clip.stat().st_size for clip in clips.values())
        size = (clip_bytes * 4 / 3 + len(_static("ballot.js"))) / 1e6  # in base64
        page = _Page(
            ballot=ballot,
            clips=clips,
            repeats=float(repeats),
            simulated=any(r.simulated for r in records),
            sound=sound,
            folder=size > largest,
        )
        target = _place_folder(session, page, folder, target) if page.folder else _place_file(session, page, target)
    where = f"the folder {target.parent.name}" if page.folder else target.name
    count = f"{plural(len(ballot.pairs), 'pair')} of {plural(len(clips), 'clip')}"
    session.say(
        f"{where}: {count}, about {clip_bytes / 1e6 if page.folder else size:.1f} MB. Send it to the raters; "
        "hw.add_votes('votes-*.json') adds the files that they send back."
    )
    for note in notes:
        session.say(note)
    return target


def _copy_clips(session: Workspace, ballot: Ballot, records: Sequence[RunRecord], folder: Path) -> bool:
    """Copy each clip under its random name, all with the same time, and return whether one has sound."""
    runs = {r.run_id: r for r in records}
    sound = False
    for name, run_id in sorted(ballot.clips.items()):
        source, copy = session.archive.whole_video_of(runs[run_id]), folder / f"{name}.mp4"
        try:
            if source is None:
                raise ValueError("it is not in the archive any more")  # noqa: TRY301 - told like what else may fail
            sound = copy_bare(source, copy) or sound
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the clip of run {run_id} can't be copied: {error}", hint="leave the run out, or retry it"
            ) from None
        os.utime(copy, (ballot.made.timestamp(),) * 2)
    return sound


def _place_file(session: Workspace, page: _Page, target: Path) -> Path:
    with replacing(target) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        _write(out, page)
        keep_ballot(session, page.ballot)
    return target


def _place_folder(session: Workspace, page: _Page, folder: Path, target: Path) -> Path:
    """Give the finished folder its name, which must be free: what a folder holds is the user's."""
    final = target.with_suffix("")
    if final.exists():
        raise UsageError(
            f"the page has too many clips for one file, and its folder {str(final)!r} is there already",
            argument="path",
            hint="give another name, remove the folder, or allow a larger file by largest=",
        )
    with (folder / INDEX).open("w", encoding="utf-8", newline="\n") as out:
        _write(out, page)
    os.utime(folder / INDEX, (page.ballot.made.timestamp(),) * 2)
    keep_ballot(session, page.ballot)
    folder.rename(final)
    return final / INDEX


def _write(out: TextIO, page: _Page) -> None:
    script, style = _static("ballot.js"), _static("ballot.css")
    media = "'self' file:" if page.folder else "blob:"
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(style)}'; "
        f"img-src data:; media-src {media}; base-uri 'none'; form-action 'none'"
    )
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>Blind vote</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<main id="hailuo-live"><noscript>This page needs JavaScript.</noscript></main>\n'
    )
    data = json.dumps(page.data(), ensure_ascii=True).replace("<", "\\u003c")
    out.write(f'<script type="application/json" id="hailuo-ballot">{data}</script>\n')
    for name, clip in () if page.folder else page.clips.items():
        text = base64.b64encode(clip.read_bytes()).decode()
        out.write(f'<script type="video/mp4" id="hailuo-{name}">{text}</script>\n')
    out.write(f'<script type="module">{script}</script>\n</body>\n</html>\n')


def _target(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"path must be a file's name, not {shown(path)}", argument="path", hint="'vote.html'")
    target = Path(os.fsdecode(path)).expanduser()
    if target.suffix.lower() != ".html":
        raise UsageError(f"path={str(target)!r}: a page's name ends in .html", argument="path", hint="'vote.html'")
    if not target.parent.is_dir():
        raise UsageError(
            f"path={str(target)!r}: the folder {str(target.parent)!r} is not there",
            argument="path",
            hint="make it first",
        )
    if target.is_dir():
        raise UsageError(f"path={str(target)!r} is a folder", argument="path", hint=str(target / "vote.html"))
    return target


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _static(name: str) -> str:
    return (resources.files("hailuo_widgets") / "static" / name).read_text("utf-8")
