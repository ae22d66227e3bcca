"""Tests of the studio in JupyterLab: requests of each mode of each provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hailuo_widgets.widgets.studio import MOST_RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw\n%config Hailuo.simulator_speed = 400"
STUDIO = "%hailuo studio"
TAGS = ", tags=['draft']"
PICTURE = "https://pictures.example/fox.png"
# Each provider's modes, and what each needs beyond a prompt: the pictures' names.
MODES = {
    ("MiniMax", "Text"): (),
    ("MiniMax", "First frame"): ("First frame",),
    ("MiniMax", "First and last frame"): ("First frame", "Last frame"),
    ("MiniMax", "Subject"): ("Person to be seen",),
    ("MiniMax", "Template"): ("First frame",),
    ("MiniMax", "References"): ("Reference",),
    ("KIE", "Text"): (),
    ("KIE", "First frame"): ("First frame",),
    ("kkiai", "Text"): (),
    ("kkiai", "First frame"): ("First frame",),
    ("Pixazo", "First frame"): ("First frame",),
    ("Runware", "Text"): (),
    ("Runware", "First frame"): ("First frame",),
    ("Runware", "First and last frame"): ("First frame", "Last frame"),
}


def studio(notebook: Notebook, index: int = 1) -> Locator:
    """The form, once it is filled with what there is to choose."""
    form = notebook.cell(index).locator(".hailuo-studio")
    expect(form.get_by_role("combobox", name="Provider").locator("option")).not_to_have_count(0)
    return form


@pytest.mark.timeout(600)  # a dozen clips
def test_each_mode_of_each_provider(open_notebook: Callable[..., Notebook]) -> None:
    """What a provider does can be asked for in the form; a clip comes from each provider, and in each mode."""
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    form = studio(notebook)
    provider = form.get_by_role("combobox", name="Provider")
    titles = provider.locator("option").all_inner_texts()
    seen, sent = set(), set()
    for title in titles:
        provider.select_option(label=title)
        modes = form.get_by_role("radiogroup", name="Mode").get_by_role("radio").all_inner_texts()
        for mode in modes:
            seen.add((title, mode))
            form.get_by_role("radiogroup", name="Mode").get_by_role("radio", name=mode, exact=True).click()
            if mode == "Template":
                form.get_by_role("radio", name="Diving", exact=True).click()
            else:
                form.get_by_role("textbox", name="Prompt").fill(f"A fox by {title}, {mode}")
            for field in form.get_by_role("textbox", name="URL or path").all():
                if field.is_visible():
                    field.fill(PICTURE)
                    if mode == "References":
                        field.press("Enter")
            go = form.locator(".hailuo-go")
            expect(go).to_be_enabled()
            if any(title == provider for provider, _ in sent) and any(mode == other for _, other in sent):
                continue  # what is sent for it is the contract tests' matter
            sent.add((title, mode))
            go.click()
            expect(notebook.cell(1).locator(".hailuo-player")).to_have_count(min(len(sent), MOST_RESULTS))
            player = notebook.cell(1).locator(".hailuo-player").first
            if mode != "Template":
                expect(player.locator(".hailuo-prompt")).to_have_text(f"A fox by {title}, {mode}")
            expect(player.locator(".hailuo-word")).to_have_text("Succeeded")
            expect(player.locator("video")).to_be_visible()
    assert len(seen) >= len(MODES)
    frame = notebook.python("sorted({(p, m) for p, m in zip(hw.runs().provider, hw.runs()['mode'])})")
    assert len(frame) == len(sent), (frame, sent)
    assert notebook.python("set(hw.runs().status) == {'succeeded'}") is True


def test_a_request_by_keyboard(
    open_notebook: Callable[..., Notebook],
    accessible: Callable[[Locator], None],
    tmp_path: Path,
) -> None:
    """Without a mouse: a prompt with a camera move, four seeds, the price as it is typed, and the board below."""
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    form = studio(notebook)
    keys = notebook.page.keyboard
    provider = form.get_by_role("combobox", name="Provider")
    provider.focus()
    keys.press("ArrowDown")
    expect(provider).to_have_value("kie")
    form.get_by_role("textbox", name="Prompt").focus()
    keys.type("A fox in the snow")
    form.locator("summary", has_text="Camera moves").focus()
    keys.press("Enter")
    form.get_by_role("button", name="Push in").focus()
    keys.press("Enter")
    expect(form.get_by_role("textbox", name="Prompt")).to_have_value("A fox in the snow [Push in]")
    expect(form.get_by_role("textbox", name="Prompt")).to_be_focused()
    form.get_by_role("textbox", name="Seed").focus()
    keys.type("1..4")
    go = form.locator(".hailuo-go")
    expect(go).to_contain_text("Generate 4 runs")
    expect(form.locator(".hailuo-sentence:not(.hailuo-power)")).to_contain_text("4 runs = 4 seed; 4 to send")
    form.get_by_role("textbox", name="Seed").focus()
    keys.type("x")
    expect(form.get_by_role("group", name="Seed").get_by_role("alert")).to_contain_text("seed")
    expect(go).to_be_disabled()
    keys.press("Backspace")
    expect(go).to_be_enabled()
    accessible(form)
    form.locator("summary", has_text="As a cell").click()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 1200})
            form.scroll_into_view_if_needed()
            notebook.page.screenshot(path=tmp_path / f"studio-{theme[11:].lower()}-{width}.png")
    accessible(form)
    go.focus()
    keys.press("Enter")
    board = notebook.cell(1).locator(".hailuo-monitor")
    expect(board.locator(".hailuo-word")).to_have_text(["Succeeded"] * 4)
    assert notebook.python("[int(s) for s in hw.runs().seed]") == [1, 2, 3, 4]


def test_the_form_and_the_cell(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """A cell's text fills the form, and the form shows the same cell; a run fills it too; a picture is uploaded."""
    cell = "%%hailuo --provider kie --model 02 --duration 6,10 --seed 1..3 --tag draft\n--- a\nA fox\n--- b\nA wolf"
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    form = studio(notebook)
    form.locator("summary", has_text="As a cell").click()
    form.get_by_role("textbox", name="Fill from").fill(cell)
    form.get_by_role("button", name="Fill the form").click()
    expect(form.get_by_label("The %%hailuo cell")).to_have_text(cell)
    expect(form.locator(".hailuo-sentence:not(.hailuo-power)")).to_contain_text(
        "12 runs = 2 prompts × 2 duration × 3 seed"
    )
    call = form.get_by_label("The Python call").inner_text()
    estimate = call.replace("hw.sweep(", "hw.estimate(").replace(TAGS, "")
    assert notebook.python(f"int({estimate}.runs.sum())") == 12
    form.get_by_role("button", name="Insert below").click()
    expect(notebook.cell(2).locator(".cm-content")).to_contain_text("%%hailuo --provider kie --model 02")

    picture = tmp_path / "fox.png"
    notebook.python(f"__import__('PIL.Image').Image.effect_noise((1200, 900), 90).save({str(picture)!r})")
    assert picture.stat().st_size > 600_000  # more than one chunk
    form = studio(notebook)
    form.get_by_role("combobox", name="Provider").select_option("minimax")
    form.get_by_role("radio", name="First frame", exact=True).click()
    form.locator("input[type=file]").first.set_input_files(picture)
    slot = form.get_by_role("group", name="First frame")
    expect(slot).to_contain_text("fox.png: 1200 × 900")
    expect(slot.get_by_role("img")).to_be_visible()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    form.locator("input[type=file]").first.set_input_files(bad)
    expect(slot.get_by_role("alert")).to_contain_text("first_frame")


FIVE = "%%hailuo --provider kie --resolution 4K --aspect-ratio 7:3 --seed 0..2,-7 --optimize\n" + 900 * "x"


def test_each_problem_is_shown_at_its_own_control(open_notebook: Callable[..., Notebook]) -> None:
    """Five of them at once, each with its own hint and in how many runs; a mended one goes, and the others stay."""
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    form = studio(notebook)
    form.locator("summary", has_text="As a cell").click()
    form.get_by_role("textbox", name="Fill from").fill(FIVE)
    form.get_by_role("button", name="Fill the form").click()
    shown = {
        "Prompt": "→ shorten it by 100 (in 4 of 4 runs)",
        "Resolution": "→ give '768P' (in 4 of 4 runs)",
        "Aspect ratio": "→ give '16:9' (in 4 of 4 runs)",
        "Seed": "→ give a seed up to 99999 (in 1 of 4 runs)",
        "Switches": "→ leave it off (in 4 of 4 runs)",
    }
    at = {name: form.get_by_role("group", name=name, exact=True).locator("> .hailuo-trouble") for name in shown}
    for name, text in shown.items():
        expect(at[name]).to_contain_text(text)
        assert at[name].inner_text().count("→") == 1
    expect(form.locator("> .hailuo-trouble")).to_be_hidden()
    form.get_by_role("textbox", name="Seed").fill("0..2")
    expect(at["Seed"]).to_be_hidden()
    expect(at["Resolution"]).to_contain_text("→ give '768P' (in 3 of 3 runs)")


# Holds the first chunk of an upload back until the page says so.
HELD = """() => {
  const slice = Blob.prototype.slice;
  Blob.prototype.slice = function (...range) {
    const piece = slice.apply(this, range);
    piece.arrayBuffer = () => new Promise((resolve) => {
      window.letGo = () => resolve(Blob.prototype.arrayBuffer.call(piece));
    });
    return piece;
  };
}"""


def test_what_is_chosen_is_what_is_sent(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """Without its picture a chosen mode cannot be generated, whatever was chosen before; and one press is one run."""
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    form = studio(notebook)
    go = form.locator(".hailuo-go")
    modes = form.get_by_role("radiogroup", name="Mode")
    form.get_by_role("textbox", name="Prompt").fill("A fox")
    expect(go).to_be_enabled()
    for mode, needed in (("Subject", "subject image"), ("First frame", "first frame"), ("Template", "template")):
        modes.get_by_role("radio", name=mode, exact=True).click()
        expect(go).to_be_disabled()
        expect(form.get_by_role("alert").filter(has_text=needed).first).to_be_visible()
    modes.get_by_role("radio", name="Subject", exact=True).click()
    slot = form.get_by_role("group", name="Person to be seen")
    slot.get_by_role("textbox").fill(PICTURE)
    expect(go).to_be_enabled()
    slot.get_by_role("button", name="Remove").click()
    expect(go).to_be_disabled()

    # A provider without the mode gets no other one by itself; one picture is not sent for another.
    slot.get_by_role("textbox").fill(PICTURE)
    expect(go).to_be_enabled()
    form.get_by_role("combobox", name="Provider").select_option("kie")
    expect(form.get_by_role("alert").filter(has_text="Choose what the clip is made from")).to_be_visible()
    expect(go).to_be_disabled()
    form.get_by_role("combobox", name="Provider").select_option("minimax")
    modes.get_by_role("radio", name="First frame", exact=True).click()
    first = form.get_by_role("group", name="First frame")
    first.get_by_role("textbox").fill(PICTURE)
    expect(go).to_be_enabled()
    notebook.page.evaluate(HELD)
    fox = tmp_path / "fox.png"
    notebook.python(f"__import__('PIL.Image').Image.effect_noise((640, 480), 9).save({str(fox)!r})")
    first.locator("input[type=file]").set_input_files(fox)
    expect(go).to_be_disabled()
    expect(first.get_by_role("textbox")).to_have_value("")
    notebook.page.evaluate("() => window.letGo()")
    expect(first).to_contain_text("fox.png: 640 × 480")
    expect(go).to_be_enabled()

    form.get_by_role("button", name="Crop").click()
    expect(form.get_by_label("The %%hailuo cell")).to_contain_text("--fit crop")
    expect(go).to_be_enabled()

    # Two presses at once, with reuse off, are one paid run.
    modes.get_by_role("radio", name="Text", exact=True).click()
    form.locator("summary", has_text="More").click()
    form.get_by_role("checkbox", name="pay again").check()
    expect(go).to_be_enabled()
    go.evaluate("(button) => { button.click(); button.click(); }")
    player = notebook.cell(1).locator(".hailuo-player")
    expect(player.locator(".hailuo-word")).to_have_text("Succeeded")
    assert notebook.python("list(hw.runs()['mode'])") == ["text_to_video"]
