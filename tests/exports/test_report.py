"""Tests of the HTML report: one self-contained file with true statements and without secrets."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports import export
from hailuo_widgets.exports.report_sections import facts_html, runs_html

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.api.session import Session
    from hailuo_widgets.workspace.sweep import Sweep


class Elements(HTMLParser):
    """The elements of a page, and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        """Keep what stands in a script."""
        if self.cdata_elem == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = attrs, text + data


@pytest.fixture
def report(judged: tuple[Session, Sweep, list[str]], tmp_path: Path) -> str:
    """The report of the sweep, with a vote."""
    session, sweep, _ = judged
    vote = Vote(
        vote_id=f"v{datetime.now(UTC).timestamp()}",
        at=datetime.now(UTC),
        rater="<b>mara</b>",
        between="prompt",
        left=sweep[0].request.prompt,
        right="a wolf",
        left_run=sweep[0].id,
        right_run=sweep[2].id,
        answer="left",
        within="seed",
        unit="1",
    )
    session.log.call(session.log.vote, vote)
    written = export(session, session.chosen(sweep), tmp_path / "report.html", rows="prompt", cols="seed")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    return written.read_text("utf-8")


def test_it_is_whole(judged: tuple[Session, Sweep, list[str]], report: str) -> None:
    """Every clip that is here is in it byte for byte, every run is in its table, the missing clip has its place."""
    _, sweep, _ = judged
    elements = Elements(report)
    data = {attrs.get("id"): text for attrs, text in elements.scripts}
    for run in sweep.runs[:3]:
        clip = run.video
        assert clip is not None
        assert base64.b64decode(data[f"hailuo-video-{run.id}"]) == clip.read_bytes()
    assert f"hailuo-video-{sweep[3].id}" not in data
    layout = json.loads(data["hailuo-layout"])
    assert [cell["clip"] for cell in layout["cells"]] == [True, True, True, False]
    assert layout["frozen"] is True
    assert all(f"<td>{run.id}</td>" in report for run in sweep)
    assert "Not enough votes" in report
    assert "4 succeeded · cost 180 credits" in report
    simulated = facts_html([replace(run.record, simulated=True) for run in sweep])
    assert "nothing was paid for them (at list prices: 180 credits)" in simulated


def test_a_cost_that_is_not_known_is_counted_and_is_not_nothing(judged: tuple[Session, Sweep, list[str]]) -> None:
    """The sum says how many runs it lacks; a run that was never sent, and one that was reused, cost nothing."""
    sent = [replace(r.record, simulated=False, origin="https://api.kie.ai") for r in judged[1]]
    unknown = [replace(r, cost_micros=None, currency=None, cost_kind=None) for r in sent]
    assert "cost 180 credits" in facts_html(sent)
    assert "cost 135 credits + 1 of unknown cost" in facts_html([*sent[:3], unknown[3]])
    assert "cost 4 of unknown cost" in facts_html(unknown)
    unsent = replace(unknown[3], status="skipped", submitted_at=None, task_id=None)
    assert "unknown cost" not in facts_html([*sent[:3], unsent])
    reused = replace(unknown[3], reused_from=sent[0].run_id)
    assert "unknown cost" not in facts_html([*sent[:3], reused])
    dollars = replace(sent[2], cost_micros=280_000, currency="USD")
    assert "cost $0.28 + 90 credits + 1 of unknown cost" in facts_html([*sent[:2], dollars, unknown[3]])
    rows = runs_html([sent[0], unknown[1]])
    assert (rows.count("<td>45 credits</td>"), rows.count("<td>unknown</td>")) == (1, 1)


def test_its_size_is_said_before(judged: tuple[Session, Sweep, list[str]], report: str) -> None:
    """What is said before it is written is its size within a tenth; too large a one is refused with the figure."""
    session, sweep, said = judged
    told = re.search(r"4 runs, 3 clips, about ([\d.]+) MB", said[-1])
    assert told is not None
    assert abs(float(told[1]) - len(report.encode()) / 1e6) < 0.1 + 0.1 * float(told[1])
    with pytest.raises(UsageError, match=r"would have about \d+ MB, and largest=0.1 is allowed"):
        export(session, session.chosen(sweep), "never.html", largest=0.1)
    for wrong in (0, -1, "big", True):
        with pytest.raises(UsageError, match="a number of megabytes"):
            export(session, session.chosen(sweep), "never.html", largest=wrong)


def test_nothing_runs_but_its_own_script(report: str) -> None:
    """The policy allows no address and one script, by its digest; a hostile prompt adds no element."""
    elements = Elements(report)
    policy = next(a["content"] or "" for t, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    (script,) = [text for attrs, text in elements.scripts if attrs.get("type") == "module"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert {(attrs.get("src") or "")[:5] for tag, attrs in elements.tags if tag == "img"} == {"data:"}
    assert not any(name.startswith("on") for _, attrs in elements.tags for name in attrs)
    assert not any(tag in {"a", "link", "iframe", "object", "base"} for tag, _ in elements.tags)


def test_it_gives_nothing_away(judged: tuple[Session, Sweep, list[str]], report: str, tmp_path: Path) -> None:
    """No key, no signed link, no address of the provider, no path of this machine, no name of a rater."""
    session, sweep, _ = judged
    for secret in (
        "canary-7d1f",
        "127.0.0.1",
        str(session.archive.root),
        str(tmp_path),
        "mara",
        sweep[0].video_url or "?",
    ):
        assert secret not in report


def test_a_report_that_fails_leaves_the_old_one(
    judged: tuple[Session, Sweep, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip that cannot be read halfway leaves the earlier file as it was, and no half one."""
    session, sweep, _ = judged
    target = tmp_path / "report.html"
    target.write_text("the earlier one", "utf-8")
    records = session.chosen(sweep)

    def broken(*_: object) -> str:
        raise OSError("the disk is full")

    monkeypatch.setattr("hailuo_widgets.exports.report.base64.b64encode", broken)
    with pytest.raises(OSError, match="the disk is full"):
        export(session, records, target)
    assert target.read_text("utf-8") == "the earlier one"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
