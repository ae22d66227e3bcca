"""Tests of ballots: a page that tells nothing of its runs, clips without metadata, and votes that are added once."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.votes import ADDED_COLUMNS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.bare_clip import copy_bare
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hailuo_widgets.workspace.sweep import Sweep

SEEDS = (41_003, 41_017, 41_029)
PROMPTS = {"crimson-label": "a crimson fox trots", "violet-label": "a violet wolf waits"}
PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"}
ALLOWED = set(
    b"ftyp moov mdat free mvhd trak tkhd edts elst mdia mdhd hdlr minf vmhd smhd dinf dref stbl stsd stts stss ctts "
    b"stsc stsz stco co64 sgpd sbgp".split()
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Sweep, list[str]]]:
    """A session, a sweep of two prompts by three seeds, and what was said."""
    folder = tmp_path_factory.mktemp("made")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch, Simulator(folder / "provider", latency=0.02, draft=True) as simulator:
        patch.setenv("KIE_BASE_URL", simulator.url)
        patch.setenv("KIE_API_KEY", "canary-7d1f")
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=said.append)
        sweep = session.sweep(PROMPTS, provider="kie", model="02", seed=list(SEEDS), name="secretsweep").wait(60)
        assert {run.status for run in sweep} == {"succeeded"}
        yield session, sweep, said
        session.close()


@pytest.fixture(autouse=True)
def no_votes(made: tuple[Session, Sweep, list[str]]) -> Iterator[None]:
    """Each test begins without votes that count."""
    session, sweep, _ = made
    yield
    for vote_id in session.votes(sweep)["vote_id"]:
        session.log.call(session.log.withdraw, vote_id)


def scripts(page: Path) -> dict[str, str]:
    """The data elements of a page by their names."""
    return dict(re.findall(r'<script type="[a-z/0-9]+" id="hailuo-(\w+)">([^<]*)</script>', page.read_text("utf-8")))


def data_of(page: Path) -> dict[str, Any]:
    """What the page's script is given."""
    return dict(json.loads(scripts(page)["ballot"]))


def clips_of(page: Path) -> dict[str, bytes]:
    """The embedded clips by their names."""
    return {name: base64.b64decode(text) for name, text in scripts(page).items() if name != "ballot"}


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the body of each box of an MP4 file."""
    at, end = start, len(data) if end is None else end
    while at < end:
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        assert 8 <= size <= end - at
        yield kind, data[at + 8 : at + size]
        if kind in PARENTS:
            yield from boxes(data, at + 8, at + size)
        at += size


def check_bare(data: bytes, *, words: Sequence[bytes] = ()) -> None:
    """A file with the boxes of picture and sound alone: no metadata, no names, no times of creation."""
    found = list(boxes(data))
    assert {kind for kind, _ in found} <= ALLOWED
    assert next(body for kind, body in found if kind == b"ftyp")[:8] == b"isom\x00\x00\x02\x00"
    for kind, body in found:
        if kind in {b"mvhd", b"tkhd", b"mdhd"}:
            assert body[4:12] == bytes(8), f"{kind!r} has a time"
        if kind == b"hdlr":
            assert body[24:] in {b"VideoHandler\0", b"SoundHandler\0"}
        if kind == b"free":
            assert not body.strip(b"\0")
        if kind == b"stsd" and body[12:14] in {b"av", b"hv", b"he"}:
            assert body[58:90] == bytes(32), "no name of the encoder"
    for word in (b"Lavf", b"hailuo", b"SIMULATED", *words):
        assert word not in data


def packets(path: Path | str) -> list[tuple[Any, ...]]:
    """Each packet of picture and sound: kind, times in seconds, whether it is a key frame, and its bytes."""
    with av.open(str(path)) as container:
        return [
            (p.stream.type, p.pts * p.time_base, p.dts * p.time_base, p.is_keyframe, bytes(p))
            for p in container.demux()
            if p.dts is not None and p.pts is not None and p.stream.type in {"video", "audio"}
        ]


def votes_file(
    path: Path, page: Path, answers: Sequence[str], *, rater: tuple[str, str] = ("kim", "a" * 16), undone: int = 0
) -> Path:
    """A file of votes as a page saves it: one on each pair in turn; the first ``undone`` ones were undone."""
    data, now = data_of(page), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    earlier = {} if not path.exists() else {v["id"]: v["at"] for v in json.loads(path.read_text("utf-8"))["votes"]}
    votes = [
        {
            "id": f"{n:016x}",
            "left": left,
            "right": right,
            "answer": answer,
            "seconds": 1.5,
            "at": earlier.get(f"{n:016x}", now),
            "repeat_of": None,
            "undone": n < undone,
        }
        for n, ((left, right), answer) in enumerate(zip(itertools.cycle(data["pairs"]), answers, strict=False))
    ]
    head = {"kind": "hailuo-votes", "version": 1, "ballot": data["ballot"], "consent": now, "saved": now}
    content = head | {"rater": {"name": rater[0], "id": rater[1]}, "votes": votes}
    path.write_text(json.dumps(content), "utf-8")
    return path


def for_item(page: Path, session: Session, item: str) -> list[str]:
    """The answers by which that item wins each pair."""
    from hailuo_widgets.store import documents

    found = session.log.call(documents.find, session.log.database, "ballot", data_of(page)["ballot"])
    wins = {}
    for row in found[0].content["pairs"]:
        clip = row["first_clip"] if row["first"] == item else row["second_clip"]
        wins[frozenset((row["first_clip"], row["second_clip"]))] = clip
    return ["left" if wins[frozenset(pair)] == pair[0] else "right" for pair in data_of(page)["pairs"]]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_names_nothing(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Neither its source nor its clips hold a label, prompt, model, provider, seed, id, hash, path, price or key."""
    session, sweep, said = made
    page = session.ballot(sweep, tmp_path / "vote.html", question="Which one moves better?")
    assert [p.name for p in tmp_path.iterdir()] == ["vote.html"]
    assert "vote.html: 3 pairs of 6 clips, about" in said[-1]
    text = page.read_text("utf-8")
    data, clips = data_of(page), clips_of(page)
    assert data.keys() == {
        "version", "ballot", "made", "question", "consent", "repeats", "simulated", "sound", "folder", "pairs",
    }  # fmt: skip
    assert data["question"] == "Which one moves better?"
    assert data["simulated"] is False
    assert sorted(itertools.chain(*data["pairs"])) == sorted(clips) == list(clips)
    records = [run.record for run in sweep]
    secret = {"secretsweep", "kie", "minimax", "hailuo-02", "canary-7d1f", "credits", "45", str(session.settings.home)}
    secret |= {*PROMPTS, *PROMPTS.values(), *(word for label in PROMPTS.values() for word in label.split()[1:])}
    secret |= {str(value) for r in records for value in (r.run_id, r.sweep_id, r.sha256, r.video, r.task_id)}
    secret |= {str(value) for r in records for value in (r.request.seed, r.request.model, r.request_hash)}
    secret |= {str(session.settings.home.name), "variant", "seed", str(os.getpid())}
    source = r"<style>.*?</style>|<script type=\"module\">.*?</script>|>[A-Za-z0-9+/=]{1000,}<|'sha256-[^']*'"
    shown = re.sub(source, "", text.replace("&#x27;", "'"), flags=re.DOTALL)
    random = {data["ballot"], *clips, data["made"]}
    for word in random:
        shown = shown.replace(word, "")
    assert [word for word in sorted(secret) if word.lower() in shown.lower()] == []
    long = {word for word in secret if len(word) > 6} - {"variant"}  # a word of style sheets
    assert [word for word in long for clip in clips.values() if word.encode() in clip] == []
    assert [word for word in long if word in text] == []


def test_nothing_is_loaded_from_elsewhere(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The policy allows the page's own script and style by their hashes, and clips of its own; no address."""
    session, sweep, _ = made
    text = session.ballot(sweep, tmp_path / "vote.html").read_text("utf-8")
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    script, style = (
        base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        for body in (text.split('<script type="module">')[1].split("</script>")[0],
                     text.split("<style>")[1].split("</style>")[0])
    )  # fmt: skip
    assert found[1].replace("&#x27;", "'").split("; ") == [
        "default-src 'none'", f"script-src 'sha256-{script}'", f"style-src 'sha256-{style}'", "img-src data:",
        "media-src blob:", "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert not re.search(r"https?://", text)


def anonymous(page: Path) -> str:
    """A page with its random names replaced by what they show, in an order of that."""
    text, data, clips = page.read_text("utf-8"), data_of(page), clips_of(page)
    names = {name: hashlib.sha256(clip).hexdigest()[:16] for name, clip in clips.items()}
    start, end = text.index('<script type="application/json"'), text.index('<script type="module">')
    pairs = sorted(sorted(names[name] for name in pair) for pair in data["pairs"])
    plain = data | {"pairs": pairs, "ballot": "x", "made": "x"}
    shown = sorted((names[name], base64.b64encode(clip).decode()) for name, clip in clips.items())
    return text[:start] + json.dumps(plain) + repr(shown) + text[end:]


def test_nothing_tells_the_variants_apart(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """If both variants swap all their clips, the page is the same but for its random names, and so is its size."""
    session, sweep, _ = made
    before = session.ballot(sweep, tmp_path / "before.html")
    names = ("video", "sha256", "video_bytes", "video_width", "video_height", "video_seconds", "video_sound")
    records = {(run.record.variant, run.record.request.seed): run.record for run in sweep}

    def swap() -> None:
        for seed in SEEDS:
            one, other = (records[label, seed] for label in PROMPTS)
            now = {r.run_id: session.log.call(session.log.find, run_ids=[r.run_id])[0] for r in (one, other)}
            for run, source in ((one, other), (other, one)):
                kept = {name: getattr(now[source.run_id], name) for name in names}
                session.change(run.run_id, "swap", **kept)

    swap()
    try:
        after = session.ballot(session.runs(sweep=sweep), tmp_path / "after.html")
    finally:
        swap()
    assert anonymous(before) == anonymous(after)
    assert before.stat().st_size == after.stat().st_size
    assert not set(clips_of(before)) & set(clips_of(after))
    assert data_of(before)["ballot"] != data_of(after)["ballot"]


def test_names_and_order_are_random(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Over forty pages, a variant's clips stand anywhere in the file, and on each side of their pairs."""
    session, sweep, _ = made
    first_in_file, first_in_pair = 0, 0
    for n in range(40):
        page = session.ballot(sweep, tmp_path / f"{n}.html")
        pairs, answers = data_of(page)["pairs"], for_item(page, session, "crimson-label")
        first_in_pair += answers.count("left")
        crimson = {pair[answer == "right"] for pair, answer in zip(pairs, answers, strict=True)}
        first_in_file += next(iter(clips_of(page))) in crimson
    assert 30 < first_in_pair < 90, "of 120"
    assert 5 < first_in_file < 35, "of 40"


def test_pairs_of_a_null_control_are_pairs_like_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has them among the others, and nothing of what they are; their votes are those of the control."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "canary-7d1f")
        session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        sweep = session.sweep(PROMPTS, provider="kie", model="02", seed=[1, 2], control=True).wait(60)
        page = session.ballot(sweep, tmp_path / "vote.html")
        votes_file(tmp_path / "votes.json", page, ["left"] * 4)
        assert len(data_of(page)["pairs"]) == 4
        assert "control" not in scripts(page)["ballot"]
        assert list(session.add_votes(tmp_path / "votes.json")["new"]) == [4]
        assert sorted(session.votes(sweep)["between"]) == ["control", "control", "variant", "variant"]
        assert session.rank(sweep).df["judged"].tolist() == [2, 2]
        session.close()


def test_clips_are_copied_without_metadata(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The boxes of each clip in the page: picture and sound alone. The packets are those of the archive's file."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    sources = {tuple(packets(str(run.video))) for run in sweep}
    copies = set()
    for name, clip in clips_of(page).items():
        check_bare(clip)
        (tmp_path / name).write_bytes(clip)
        copies.add(tuple(packets(tmp_path / name)))
    assert copies == sources
    assert len(copies) == 6


def rich(path: Path) -> None:
    """A clip with sound, and with everything that could tell where it comes from."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+use_metadata_tags"}) as container:
        container.metadata.update(
            {"title": "a fox", "comment": "by kie", "creation_time": "2026-11-30T10:00:00Z", "provider": "kie"}
        )
        video = container.add_stream("libx264", rate=25, options={"bf": "2", "preset": "ultrafast"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.metadata.update({"handler_name": "KieHandler", "language": "chi", "encoder": "kiecoder"})
        audio = container.add_stream("aac", rate=44_100)
        audio.metadata["handler_name"] = "KieSound"
        for n in range(20):
            pixels = np.full((48, 64, 3), 10 * n, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        assert isinstance(audio, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 20_000), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        container.mux(audio.encode(frame))
        container.mux(audio.encode())
    data = path.read_bytes().replace(b"ftypisom", b"ftypmp42")
    path.write_bytes(data + b"\0\0\0\x20uuid" + b"kie-task-0123456789abcde")


def test_a_copy_has_picture_and_sound_alone(tmp_path: Path) -> None:
    """Title, comment, names of handlers and encoders, language, times, brand, boxes of a user: all stay behind."""
    rich(tmp_path / "rich.mp4")
    before = (tmp_path / "rich.mp4").read_bytes()
    assert {kind for kind, _ in boxes(before)} >= {b"udta", b"uuid"}
    assert copy_bare(tmp_path / "rich.mp4", tmp_path / "bare.mp4") is True
    copy = (tmp_path / "bare.mp4").read_bytes()
    check_bare(copy, words=[b"kie", b"Kie", b"a fox", b"chi\0"])
    assert [kind for kind, _ in boxes(copy)][:2] == [b"ftyp", b"moov"], "the index is in front"
    assert b"".join(body[20:22] for kind, body in boxes(copy) if kind == b"mdhd") == b"\x55\xc4" * 2, "no language"
    assert packets(tmp_path / "bare.mp4") == packets(tmp_path / "rich.mp4")
    copy_bare(tmp_path / "rich.mp4", tmp_path / "again.mp4")
    assert (tmp_path / "again.mp4").read_bytes() == copy


def test_a_large_page_is_a_folder(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Above the limit: index.html and clips under random names, all with one time; an existing folder is kept."""
    session, sweep, said = made
    page = session.ballot(sweep, tmp_path / "vote.html", largest=0.01)
    assert page == tmp_path / "vote" / "index.html"
    assert [p.name for p in tmp_path.iterdir()] == ["vote"]
    assert said[-1].startswith("hailuo: the folder vote: 3 pairs of 6 clips")
    data = data_of(page)
    assert data["folder"] is True
    assert clips_of(page) == {}
    files = {p.name for p in page.parent.iterdir()}
    assert files == {"index.html", *(f"{name}.mp4" for name in itertools.chain(*data["pairs"]))}
    assert len({p.stat().st_mtime_ns for p in page.parent.iterdir()}) == 1
    assert page.parent.stat().st_mode & 0o077 == 0
    for clip in page.parent.glob("*.mp4"):
        check_bare(clip.read_bytes())
    assert "media-src &#x27;self&#x27; file:" in page.read_text("utf-8")
    with pytest.raises(UsageError, match="is there already") as caught:
        session.ballot(sweep, tmp_path / "vote.html", largest=0.01)
    assert "largest=" in str(caught.value.hint)
    assert [p.name for p in tmp_path.iterdir()] == ["vote"]
    small = session.ballot(sweep, tmp_path / "vote.html")
    assert small.parent == tmp_path


def test_a_wrong_ballot_is_refused(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Paths, shares, sizes, texts, columns: each error names its argument, and no file is written."""
    session, sweep, _ = made
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"path": tmp_path / "vote"}, "ends in .html"),
        ({"path": tmp_path / "none" / "vote.html"}, "is not there"),
        ({"path": 5}, "path must be a file's name"),
        ({"repeats": 0.6}, "a share from 0 to 0.5"),
        ({"repeats": float("nan")}, "a share from 0 to 0.5"),
        ({"largest": 0}, "a number of megabytes"),
        ({"largest": float("nan")}, "a number of megabytes"),
        ({"question": " "}, "question must be a text"),
        ({"consent": "x" * 1001}, "consent must be a text"),
        ({"question": "a\0b"}, "a NUL"),
        ({"between": "colour"}, "colour"),
        ({"between": "model"}, "all these runs have"),
    ]
    for arguments, says in wrong:
        with pytest.raises(UsageError, match=re.escape(says)):
            session.ballot(sweep, **({"path": tmp_path / "vote.html"} | arguments))
    with pytest.raises(UsageError, match="path is missing"):
        session.ballot(sweep)
    assert list(tmp_path.iterdir()) == []


def test_the_latest_sweep_is_the_default(
    made: tuple[Session, Sweep, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``hw.ballot("vote.html")``; a page of that name is replaced, and the earlier one's votes can still be added."""
    session, _, _ = made
    monkeypatch.chdir(tmp_path)
    first = Path(session.ballot("vote.html")).rename("first.html")
    second = session.ballot("vote.html")
    assert data_of(first)["ballot"] != data_of(second)["ballot"]
    for n, page in enumerate((first, second)):
        votes_file(tmp_path / f"votes-{n}.json", page, ["left"])
    assert list(session.add_votes("votes-*.json")["new"]) == [1, 1]


# -- the votes ---------------------------------------------------------------------------------------------------------


def test_votes_are_counted_by_the_ranking(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """A rater's file: each vote is on the pair that was shown, and the ranking has it like a vote of the panel."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html", question="Which one?")
    votes_file(tmp_path / "votes-kim.json", page, for_item(page, session, "violet-label"))
    added = session.add_votes(tmp_path / "votes-kim.json")
    assert list(added.columns) == list(ADDED_COLUMNS)
    assert added.to_dict("records")[0] | {"refused": ""} == {
        "file": "votes-kim.json", "rater": "kim (aaaaaaaa)", "new": 3, "known": 0, "undone": 0, "refused": "",
    }  # fmt: skip
    votes = session.votes(sweep)
    assert list(votes["winner"]) == ["violet-label"] * 3
    assert sorted(votes["unit"]) == sorted(map(str, SEEDS))
    assert set(votes["question"]) == {"Which one?"}
    assert set(votes["within"]) == {"seed"}
    variants = {run.id: run.record.variant for run in sweep}
    assert list(votes["left"]) == [variants[run_id] for run_id in votes["left_run"]]
    ranking = session.rank(sweep).df.reset_index()
    assert list(ranking.sort_values("rank")["item"]) == ["violet-label", "crimson-label"]
    assert set(ranking["judged"]) == {3}
    assert session.rank(sweep, rater="kim (aaaaaaaa)").df["judged"].tolist() == [3, 3]


def test_twice_is_once(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The same file, and a later one with more votes, one of them undone: what is new is added, in any order."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    early = votes_file(tmp_path / "votes-1.json", page, ["left", "right"])
    late = tmp_path / "votes-2.json"
    late.write_bytes(early.read_bytes())
    votes_file(late, page, ["left", "right", "tie"], undone=1)
    assert session.add_votes(early)[["new", "known", "undone"]].to_numpy().tolist() == [[2, 0, 0]]
    assert session.add_votes([early, str(early), late])[["new", "known", "undone"]].to_numpy().tolist() == [
        [0, 2, 0],
        [1, 2, 1],
    ]
    before = session.votes(sweep)
    assert list(before["answer"]) == ["right", "tie"]
    assert session.add_votes(tmp_path)[["new", "known", "undone"]].to_numpy().tolist() == [[0, 2, 0], [0, 3, 0]]
    assert session.votes(sweep).equals(before), "an undone vote stays undone"


def test_two_kernels_at_once(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Two sessions of one home that add the same files at once add each vote once."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    for n in range(6):
        rater = ("kim", f"{n}" * 16)
        votes_file(tmp_path / f"votes-{n}.json", page, ["left", "right", "both bad"], rater=rater)
    other = Session(home=session.settings.home, mode="simulated", notice=lambda _: None)
    with ThreadPoolExecutor(2) as pool:
        tables = list(pool.map(lambda s: s.add_votes(tmp_path / "votes-*.json"), (session, other)))
    other.close()
    assert [int((table["new"] + table["known"]).sum()) for table in tables] == [18, 18]
    assert sum(int(table["new"].sum()) for table in tables) == 18
    assert len(session.votes(sweep)) == 18
    assert session.votes(sweep)["rater"].nunique() == 6, "six raters of one name"


def test_nothing_of_a_bad_file_is_added(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The error names the file and the next step; the other files are added, and the table says which was refused."""
    session, sweep, said = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    votes_file(tmp_path / "votes-good.json", page, ["left"], rater=("lu", "b" * 16))
    bad = votes_file(tmp_path / "votes-bad.json", page, ["left", "right", "best"])
    with pytest.raises(UsageError, match=r"votes-bad\.json: vote 3 has the answer 'best'.*none of its votes") as caught:
        session.add_votes(bad)
    assert "save the votes once more" in str(caught.value.hint)
    assert len(session.votes(sweep)) == 0
    table = session.add_votes(tmp_path)
    assert list(table["new"]) == [0, 1]
    assert list(table["refused"].isna()) == [False, True]
    assert "votes-bad.json: vote 3" in said[-1]
    assert list(session.votes(sweep)["rater"]) == ["lu (bbbbbbbb)"]
    with pytest.raises(UsageError, match="Nor was any of 1 more file"):
        session.add_votes([bad, Path(tmp_path / "vote.html")])


@pytest.mark.parametrize("change", ["answer", "name", "sides", "time"])
def test_a_changed_vote_is_refused(made: tuple[Session, Sweep, list[str]], tmp_path: Path, change: str) -> None:
    """A file whose vote differs from the one of its ID in the log adds nothing, its new votes included."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    kept = votes_file(tmp_path / "votes.json", page, ["left"])
    session.add_votes(kept)
    votes_file(kept, page, ["left", "right"])
    content = json.loads(kept.read_text("utf-8"))
    vote = content["votes"][0]
    if change == "answer":
        vote["answer"] = "right"
    elif change == "sides":
        vote["left"], vote["right"] = vote["right"], vote["left"]
    elif change == "time":
        vote["at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    else:
        content["rater"]["name"] = "lu"
    content["votes"].reverse()  # the new vote comes first
    kept.write_text(json.dumps(content), "utf-8")
    told = "earlier votes of this page are by" if change == "name" else "is in the log with other values"
    with pytest.raises(UsageError, match=told):
        session.add_votes(kept)
    assert list(session.votes(sweep)["answer"]) == ["left"]


def test_one_page_is_one_rater(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """Other votes of one page under another name are refused; another page's rater may have any name."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    kept = votes_file(tmp_path / "votes.json", page, ["left"])
    session.add_votes(kept)
    content = json.loads(kept.read_text("utf-8"))
    content["rater"]["name"] = "somebody else"
    content["votes"][0]["id"] = "0" * len(content["votes"][0]["id"])
    kept.write_text(json.dumps(content), "utf-8")
    with pytest.raises(UsageError, match="earlier votes of this page are by"):
        session.add_votes(kept)
    content["rater"]["id"] = "c" * 16
    kept.write_text(json.dumps(content), "utf-8")
    assert session.add_votes(kept)["new"].tolist() == [1]
    assert session.votes(sweep)["rater"].nunique() == 2


def test_an_entry_that_was_changed_is_refused(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """A ballot whose document in the log is not what was hashed decides nothing."""
    import sqlalchemy as sa

    from hailuo_widgets.store.schema import documents

    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    kept = votes_file(tmp_path / "votes.json", page, ["left"])
    with session.log.database.write() as c:
        row = documents.c.document_id == data_of(page)["ballot"]
        text = c.scalar(sa.select(documents.c.text).where(row))
        c.execute(documents.update().where(row).values(text=str(text).replace("crimson", "scarlet")))
    with pytest.raises(UsageError, match="was changed"):
        session.add_votes(kept)


def test_files_are_named_in_every_way(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """A path, a pattern, a folder, several, a generator; what names no file is refused with the next step."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    kept = votes_file(tmp_path / "votes-a.json", page, ["left"])
    ways: list[Any] = [
        kept, str(kept), [kept], (str(kept),), tmp_path, str(tmp_path), tmp_path / "*.json", [tmp_path, kept],
        str(tmp_path.parent / f"{tmp_path.name[:-1]}?" / "votes-a.json"), tmp_path.glob("votes-*.json"),
    ]  # fmt: skip
    counts = [int((table := session.add_votes(way))["new"].sum() + table["known"].sum()) for way in ways]
    assert counts == [1] * len(ways)
    link = tmp_path / "link.json"
    link.symlink_to(kept)
    assert list(session.add_votes(link)["known"]) == [1]
    empty = tmp_path / "empty"
    empty.mkdir()
    wrong: Mapping[str, Any] = {
        "no such file": tmp_path / "none.json", "the folder has no": empty, "must be names of files": [],
        "names of files, not 5": 5, "names of files, not b'x'": b"x",
    }  # fmt: skip
    for says, files in wrong.items():
        with pytest.raises(UsageError, match=re.escape(says)) as caught:
            session.add_votes(files)
        assert caught.value.hint
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(UsageError, match="can't be read"):
        session.add_votes(tmp_path / "pipe.json")


def test_another_home_knows_no_such_ballot(made: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The error says where to add the file; a session on the same log elsewhere knows it."""
    session, sweep, _ = made
    page = session.ballot(sweep, tmp_path / "vote.html")
    kept = votes_file(tmp_path / "votes.json", page, ["left"])
    stranger = Session(home=tmp_path / "other", mode="simulated", notice=lambda _: None)
    with pytest.raises(UsageError, match="not in this run log") as caught:
        stranger.add_votes(kept)
    assert "open the home where the page was made" in str(caught.value.hint)
    stranger.close()
    store = f"sqlite:///{session.settings.home / 'runs.sqlite3'}"
    twin = Session(home=tmp_path / "twin", store=store, mode="simulated", notice=lambda _: None)
    assert list(twin.add_votes(kept)["new"]) == [1]
    twin.close()
