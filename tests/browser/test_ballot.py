"""Tests of a ballot page in Chromium, from a file, without network and kernel."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPTS = {"crimson": "a fox in snow", "violet": "a fox in sand"}
ANSWERED = ["left", "right", "both bad", "left", "right", "left", "left"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a sweep of two prompts by six seeds, and its ballot beside it: a file, and a folder."""
    folder = tmp_path_factory.mktemp("ballot")

    def made() -> None:
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        sweep = session.sweep(PROMPTS, provider="kie", model="02", seed=list(range(6)), duration=6, yes=True).wait(120)
        session.ballot(sweep, folder / "vote.html")
        session.ballot(sweep, folder / "large.html", largest=0.1)
        session.close()

    with pytest.MonkeyPatch.context() as patch, Simulator(folder / "provider", latency=0.02, draft=True) as simulator:
        patch.setenv("KIE_BASE_URL", simulator.url)
        patch.setenv("KIE_API_KEY", "canary-7d1f")
        with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in this thread: a wait in it patches asyncio
            pool.submit(made).result()
    return folder


@contextmanager
def rater(browser: Browser, address: Path, fails: str = "") -> Iterator[Page]:
    """A page in a browser of its own, without a network. Nothing is asked for elsewhere, and nothing else fails."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address.as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert [text for text in wrong if not fails or fails not in text] == []
    context.close()


def begin(page: Page, name: str) -> None:
    """Fill in the form by the keyboard, and begin."""
    page.get_by_label("Pseudonym").fill(name)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def ready(page: Page, votes: int) -> None:
    """Wait until so many votes are given, and the next pair, if there is one, may be judged."""
    expect(page.get_by_role("status")).to_contain_text(f"{votes} vote")
    if page.get_by_role("group", name="Your answer").is_visible():
        expect(page.get_by_role("button", name="The left one is better")).to_be_enabled()


def saved(page: Page, folder: Path) -> Path:
    """Save the votes; the file's path."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save votes").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def kept(page: Page) -> dict[str, Any]:
    """What the browser keeps of the sitting."""
    states = page.evaluate("() => Object.values(localStorage).map(text => JSON.parse(text))")
    return dict(states[0])


def on_session(home: Path, ask: Callable[[Session], Any]) -> Any:
    """Ask a session of the home, in a thread of its own."""

    def asked() -> Any:
        session = Session(home=home / "home", mode="simulated", notice=lambda _: None)
        try:
            return ask(session)
        finally:
            session.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def test_two_raters_judge_and_both_are_counted(
    browser: Browser, home: Path, tmp_path: Path, accessible: Callable[[Locator], None]
) -> None:
    """Each in a browser of its own, by keyboard, with undo and a reload; both files are merged, and twice is once."""
    first, second = (judged(browser, home, tmp_path, accessible, name) for name in ("amber otter", ""))
    assert first.order != second.order
    assert {frozenset(pair) for pair in first.order} == {frozenset(pair) for pair in second.order}
    for word in (*PROMPTS, "fox", "kie", "seed", "hailuo-02"):
        assert word not in first.shown + second.shown
    assert first.file.name.startswith("votes-amber-otter-")

    def added(session: Session) -> tuple[Any, ...]:
        tables = [session.add_votes(str(tmp_path / "votes-*.json")) for _ in range(2)]
        counts = [table[["new", "known"]].to_numpy().tolist() for table in tables]
        return counts, session.votes(), session.rank().df["judged"].tolist(), repr(session.rank())

    counts, votes, ranked, told = on_session(home, added)
    assert counts == [[[8, 0], [8, 0]], [[0, 8], [0, 8]]]
    assert ranked == [12, 12], "six pairs by two raters; a repeat is no further judgement"
    assert "by these 2 raters" in told
    assert votes.groupby("rater")["answer"].apply(list).tolist() == [ANSWERED] * 2
    assert votes["repeat_of"].notna().sum() == 2
    assert all(0 <= seconds < 600 for seconds in votes["seconds"])


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What came of a rater's sitting: the file of votes, the pairs in their order, and the page at the end."""

    file: Path
    order: list[tuple[str, str]]
    shown: str


def judged(browser: Browser, home: Path, folder: Path, accessible: Callable[[Locator], None], name: str) -> Judged:
    """Judge every pair by the keyboard, with an undo and a reload; "" draws a name."""
    with rater(browser, home / "vote.html") as page:
        progress = page.get_by_role("progressbar")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert")).to_have_text("Type a pseudonym, or draw one.")
        page.get_by_role("button", name="Draw one").click()
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert")).to_have_text("Please agree before you begin.")
        looks(page, folder / "start", accessible)
        begin(page, name or page.get_by_label("Pseudonym").input_value())
        ready(page, 0)
        expect(progress).to_have_attribute("aria-valuemax", "7")
        looks(page, folder / "vote", accessible)
        for votes, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowDown"), start=1):
            page.keyboard.press(key)
            ready(page, votes)
        page.keyboard.press("z")
        ready(page, 2)
        before = kept(page)
        page.reload()
        ready(page, 2)
        assert kept(page) == before, "nothing is lost or drawn anew"
        for votes, key in enumerate(("ArrowUp", "ArrowLeft", "ArrowRight", "ArrowLeft", "ArrowLeft"), start=3):
            page.keyboard.press(key)
            ready(page, votes)
        expect(page.get_by_role("status")).to_contain_text("you have judged every pair, thank you")
        expect(progress).to_have_attribute("aria-valuenow", "7")
        expect(page.get_by_role("button", name="Another rater")).to_be_hidden()
        file = saved(page, folder)
        looks(page, folder / "end", accessible)
        shown = page.locator("main").evaluate("main => main.outerHTML")
        order = [(pair["left"], pair["right"]) for pair in kept(page)["plan"]]
        page.get_by_role("button", name="Another rater").click()
        expect(page.get_by_label("Pseudonym")).to_have_value("")
        assert page.evaluate("() => localStorage.length") == 0
    return Judged(file=file, order=order, shown=shown)


def looks(page: Page, path: Path, accessible: Callable[[Locator], None]) -> None:
    """Check that the page is accessible in both schemes, and take pictures of it in two widths."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        accessible(page.locator("body"))
        for width in (480, 1100):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{path}-{scheme}-{width}.png", full_page=True)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_two_tabs_do_not_overwrite_each_other(browser: Browser, home: Path) -> None:
    """The tab that was left behind says so and takes no vote; loaded again, it goes on where the other one is."""
    with rater(browser, home / "vote.html") as page:
        begin(page, "kim")
        ready(page, 0)
        other = page.context.new_page()
        other.goto(page.url)
        ready(other, 0)
        other.bring_to_front()
        other.keyboard.press("ArrowLeft")
        ready(other, 1)
        page.bring_to_front()
        expect(page.get_by_role("alert").filter(has_text="went on in another tab")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".hailuo-vote .hailuo-problem")).to_contain_text("went on in another tab")
        assert [vote["answer"] for vote in kept(page)["votes"]] == ["left"]
        page.reload()
        ready(page, 1)


def test_a_folder_plays_its_clips(
    browser: Browser, home: Path, tmp_path: Path, plays: Callable[[Locator], float]
) -> None:
    """The clips beside the page load from their files and play; a missing file is said, and takes no vote."""
    with rater(browser, home / "large" / "index.html") as page:
        begin(page, "lu")
        ready(page, 0)
        assert plays(page.locator("video").first) > 0
        page.keyboard.press("ArrowLeft")
        ready(page, 1)
        vote = json.loads(saved(page, tmp_path).read_text("utf-8"))["votes"][0]
        assert (home / "large" / f"{vote['left']}.mp4").is_file()
    alone = shutil.copy(home / "large" / "index.html", tmp_path)
    with rater(browser, Path(alone), fails="ERR_FILE_NOT_FOUND") as page:
        begin(page, "lu")
        expect(page.locator(".hailuo-vote .hailuo-problem")).to_contain_text("file is missing beside this page")
        expect(page.get_by_role("button", name="The left one is better")).to_be_disabled()
