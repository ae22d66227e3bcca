"""Tests of the static card and the terminal card: all text is escaped, and every statement is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.run import Status
from hailuo_widgets.render.board import render_board
from hailuo_widgets.render.card import Card, format_bytes, format_seconds, render_html, render_text, safe_video_src

CARD = Card(
    run_id="r-0001",
    status="succeeded",
    provider="kie",
    model="2.3",
    mode="text to video",
    prompt="A fox runs through fresh snow, [Push in] at dawn",
    simulated=False,
    created_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    parameters=(("duration", "6 s"), ("seed", "7 (sent)")),
    task_id="9007199254740993",
    elapsed_s=48,
    cost="$0.28",
    cost_note="list price",
    video_src="hailuo_runs/videos/run_r-0001.mp4",
    video_bytes=1_240_000,
    width=1366,
    height=768,
    poster=b"\xff\xd8\xff" + bytes(12_000),
)
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    'x.mp4"onerror="alert(1)',
    "</style></div><svg onload=alert(1)>",
    "</textarea><form action=//evil>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<button data-commandlinker-command=terminal:create-new>",
    "\u202egnp.exe {{x}} $\\frac{1}{2}$ \x00\x1b[31m",
)
OURS = {
    "style": set(),
    "div": {"class", "style", "dir"},
    "strong": set(),
    "span": {"style"},
    "a": {"href"},
    "video": {"src", "poster", "width", "height", "controls", "muted", "loop", "preload", "style"},
    "img": {"src", "alt", "style"},
}


class Reader(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element and how deep it stands."""
        self.tags.append((tag, dict(attrs)))
        self.depth += tag not in {"img", "br"}

    def handle_endtag(self, _tag: str) -> None:
        """Notes an element's end."""
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        """Notes text."""
        self.text += data


def read(card: Card) -> Reader:
    """The card's HTML, parsed."""
    reader = Reader()
    reader.feed(render_html(card))
    reader.close()
    assert reader.depth == 0
    return reader


def hostile(payload: str) -> Card:
    """A card that says `payload` wherever somebody else's words can stand."""
    return replace(
        CARD,
        run_id=payload,
        provider=payload,
        model=payload,
        mode=payload,
        prompt=payload,
        parameters=((payload, payload),),
        task_id=payload,
        cost=payload,
        cost_note=payload,
        error_title=payload,
        error_text=payload,
        error_hint=payload,
        video_src=payload,
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_foreign_element_or_attribute_gets_in(payload: str) -> None:
    """Whatever the texts hold, the HTML holds only the elements and attributes that we wrote."""
    reader = read(hostile(payload))
    for tag, attributes in reader.tags:
        assert tag in OURS, tag
        assert set(attributes) <= OURS[tag], (tag, attributes)
        for url in (attributes.get("src"), attributes.get("href")):
            assert url is None or url.startswith("data:image/jpeg;base64,/9j/") or ":" not in url


@given(st.text(max_size=200))
def test_the_prompt_is_shown_as_it_is(prompt: str) -> None:
    """Any prompt comes back as text, but for control characters."""
    shown = "".join(c for c in prompt if c in "\n\t" or not (c < " " or "\x7f" <= c <= "\x9f"))
    assert shown in read(replace(CARD, prompt=prompt)).text


@given(st.text(), st.text())
def test_two_runs_never_share_a_class(one: str, other: str) -> None:
    """The class that ties card and widget is made of safe letters and differs between runs."""
    first, second = replace(CARD, run_id=one).css_class, replace(CARD, run_id=other).css_class
    assert (first == second) == (one == other)
    assert first.replace("-", "").isalnum()
    assert first.isascii()


def test_it_survives_an_untrusted_notebook() -> None:
    """JupyterLab's sanitiser drops ids, scripts, handlers and <source src>: the card has none of them."""
    page = render_html(CARD)
    reader = read(CARD)
    tags = [tag for tag, _ in reader.tags]
    video = dict(reader.tags)["video"]
    assert not {"script", "source", "iframe", "link"} & set(tags)
    assert " id=" not in page
    assert {"controls", "muted", "loop", "poster"} <= set(video)
    assert video["preload"] == "none"
    assert video["src"] == CARD.video_src


def test_the_card_is_small() -> None:
    """With a 12 kB poster and a prompt of 500 characters the whole card stays under 25 kB."""
    assert len(render_html(replace(CARD, prompt="狐狸 " * 166)).encode()) < 25_000


@pytest.mark.parametrize("poster", [b"<svg onload=alert(1)>", b"\xff\xd8\xff" + bytes(20_000), b""])
def test_a_poster_that_is_none_is_left_out(poster: bytes) -> None:
    """Only a JPEG that fits is embedded; the video is shown without it."""
    page = render_html(replace(CARD, poster=poster))
    assert "data:image" not in page
    assert "<video" in page


@pytest.mark.parametrize(
    "src",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "data:video/mp4,x",
        "//evil.example/x.mp4",
        "\\\\evil\\x.mp4",
        "http://evil.example/x.mp4",
        "file:///etc/passwd",
        "https:x.mp4",
        "/absolute/x.mp4",
        "http://[x",
        "",
        None,
    ],
)
def test_a_page_loads_nothing_else(src: str | None) -> None:
    """URLs that are not relative, https or an embedded MP4 never become a src."""
    assert safe_video_src(src) is None


@pytest.mark.parametrize("src", ["a/b%20c.mp4", "https://x.example/a.mp4?s=1", "data:video/mp4;base64,AA"])
def test_a_page_loads_what_is_ours(src: str) -> None:
    """Relative, https and embedded MP4 URLs are used as they are."""
    assert safe_video_src(src) == src


@pytest.mark.parametrize("status", Status)
def test_the_status_is_said_in_words(status: Status) -> None:
    """Every status reads as a word in HTML and in text; colour never says it alone."""
    card = replace(CARD, status=status)
    assert status.label in read(card).text
    assert status in render_text(card)


@pytest.mark.parametrize("status", ["cancelled", "unconfirmed", "skipped", "lost"])
def test_an_end_says_what_it_means_for_the_money(status: str) -> None:
    """Cancelled, unconfirmed, skipped and lost each carry their sentence and the hint."""
    card = replace(CARD, status=status, video_src=None, error_hint="Look it up: run.adopt(task_id)")
    note = Status(status).note(sent=True)
    assert note
    for shown in (read(card).text, render_text(card)):
        assert note in shown
        assert "run.adopt(task_id)" in shown


def test_what_no_provider_took_is_not_said_to_be_billed() -> None:
    """Cancelled before the provider took it: the card, and the error of who waits, speak of no bill."""
    for shown in (read, render_text):
        text = shown(replace(CARD, status="cancelled", task_id=None, video_src=None))
        text = text if isinstance(text, str) else text.text
        assert "nothing was billed for it" in text
        assert "may still" not in text


def test_a_run_on_its_way_is_dated() -> None:
    """A saved card of a running run says that it is a snapshot, and how to go on."""
    text = read(replace(CARD, status="running", elapsed_s=12)).text
    assert "last saved" in text
    assert "%hailuo resume" in text
    assert "12 s so far" in text
    assert "took" not in text


def test_simulated_is_marked_and_real_is_not() -> None:
    """The badge stands exactly on simulated runs."""
    assert "SIMULATED" in read(replace(CARD, simulated=True)).text
    assert "SIMULATED" in render_text(replace(CARD, simulated=True))
    assert "SIMULATED" not in read(CARD).text + render_text(CARD)


def test_an_unknown_cost_is_called_unknown() -> None:
    """No figure stands where none is known."""
    unknown = replace(CARD, cost="unknown", cost_note="")
    assert "cost unknown" in read(unknown).text
    assert "cost unknown" in render_text(unknown)
    assert "$" not in render_text(unknown)


def test_formulas_are_not_typeset() -> None:
    """Two prices in one card are no formula to MathJax."""
    assert "mathjax_ignore" in render_html(CARD)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_terminal_is_not_steered(payload: str) -> None:
    """The text card has three to six lines and no control or direction characters."""
    for card in (hostile(payload), replace(CARD, prompt=payload * 50, status="failed")):
        lines = render_text(card).split("\n")
        assert 3 <= len(lines) <= 6
        assert not {"\x1b", "\x00", "\u202e"} & set("".join(lines))


def test_an_unknown_status_is_refused() -> None:
    """A status outside the vocabulary is named, with what is allowed."""
    with pytest.raises(ValueError, match=r"'done'.*succeeded"):
        replace(CARD, status="done")


def test_sizes_and_durations_read_as_people_say_them() -> None:
    """Units change where the next one reads better, without 1000 kB or 60 s."""
    seconds = {0: "0 s", 8: "8 s", 59.6: "1 min 00 s", 65: "1 min 05 s", 3725: "1 h 02 min"}
    sizes = {0: "0 B", 999: "999 B", 12_345: "12 kB", 999_600: "1.0 MB", 1_440_000: "1.4 MB"}
    assert {value: format_seconds(value) for value in seconds} == seconds
    assert {value: format_bytes(value) for value in sizes} == sizes


@pytest.mark.parametrize(("seeds", "shown"), [(("1", "2"), True), (("1", "1"), False), (("1", None), True)])
def test_a_result_is_a_column_of_the_board_if_the_runs_differ_in_it(
    seeds: tuple[str | None, ...], *, shown: bool
) -> None:
    """A returned seed that all runs have would be a column that says nothing."""
    cards = [replace(CARD, results=(("seed returned", seed),) if seed else ()) for seed in seeds]
    assert ("seed returned</th>" in render_board(cards)) == shown


@pytest.mark.parametrize("status", ["skipped", "unconfirmed", "lost", "failed", "cancelled"])
@pytest.mark.parametrize("said", ["105 is spent or reserved", "105 is spent or reserved.", "Is it there?"])
def test_sentences_do_not_run_together(status: str, said: str) -> None:
    """On the terminal's one line each text but the last ends as a sentence, once."""
    card = replace(CARD, status=Status(status), error_title="BudgetExceeded", error_text=said, error_hint="raise it")
    (line,) = [line for line in render_text(card).split("\n") if said in line]
    ended = said if said.endswith((".", "?")) else f"{said}."
    rest = line.partition(ended)[2]
    assert rest.startswith(" ")
    assert ".." not in line
    if card.note:
        assert rest.startswith(f" {card.note}")
