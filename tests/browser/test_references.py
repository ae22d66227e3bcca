"""Tests of references in the studio in JupyterLab: a picture, a clip and a sound, from the file to the request."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from media_files import sound
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw\n%config Hailuo.simulator_speed = 400"
CLIP = "%%hailuo --provider minimax --model h3 --duration 4 --resolution 768P --name first\nA red fox trots"
STUDIO = "%hailuo studio"
PICTURE = "https://pictures.example/fox.png"
CHUNK = 512 * 1024
SHOWN = (("Picture", "fox.png", "640 × 480"), ("Clip", "den.mp4", "4.5 s ·"), ("Sound", "bark.wav", "3.0 s ·"))
LAST = "hw.run(hw.runs().sort_values('created_at').run_id.iloc[-1]).request"
# Drops files on an element: names, types and bytes.
DROP = """(place, [name, type, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type }));
  place.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def references(notebook: Notebook, index: int) -> tuple[Locator, Locator]:
    """The form of MiniMax, with references chosen, and their field."""
    form = notebook.cell(index).locator(".hailuo-studio")
    provider = form.get_by_role("combobox", name="Provider")
    expect(provider.locator("option")).not_to_have_count(0)
    mode = form.get_by_role("radiogroup", name="Mode").get_by_role("radio", name="References", exact=True)
    provider.select_option("kkiai")
    expect(mode).to_have_count(0)
    provider.select_option("minimax")
    field = form.get_by_role("group", name="References", exact=True)
    expect(field).to_be_hidden()
    mode.click()
    expect(field).to_contain_text("Up to 9 pictures, 3 clips and 3 sounds")
    form.get_by_role("textbox", name="Prompt").fill("A fox barks in its den")
    return form, field


def test_a_picture_a_clip_and_a_sound(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """Files are sent in chunks, shown as what they are, and are those of the run."""
    notebook = open_notebook(LOAD, CLIP, STUDIO)
    notebook.run_all()
    fox, den, bark = tmp_path / "fox.png", tmp_path / "den.mp4", tmp_path / "bark.wav"
    notebook.python(f"__import__('PIL.Image').Image.effect_noise((640, 480), 9).save({str(fox)!r})")
    notebook.python(f"__import__('shutil').copyfile(first.video, {str(den)!r})")
    bark.write_bytes(sound(3.0))
    assert den.stat().st_size > CHUNK
    form, field = references(notebook, 2)
    rows = field.get_by_role("listitem")
    go = form.locator(".hailuo-go")
    field.locator("input[type=file]").set_input_files([fox, den, bark])
    expect(rows).to_have_count(3)
    for n, texts in enumerate(SHOWN):
        for text in texts:
            expect(rows.nth(n)).to_contain_text(text)
    expect(go).to_be_enabled()

    form.get_by_role("group", name="Seconds").get_by_role("button", name="7 s", exact=True).click()
    form.get_by_role("group", name="Resolution").get_by_role("button", name="768P", exact=True).click()
    form.get_by_role("group", name="Aspect ratio").get_by_role("button", name="9:16", exact=True).click()
    form.locator("summary", has_text="As a cell").click()
    cell = form.get_by_label("The %%hailuo cell")
    expect(cell).to_contain_text("--duration 7")
    assert cell.inner_text().count("--reference ") == 3
    expect(form.get_by_label("The Python call")).to_contain_text("references=[")
    accessible(form)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 1200})
            field.scroll_into_view_if_needed()
            notebook.page.screenshot(path=tmp_path / f"references-{theme[11:].lower()}-{width}.png")
    go.click()
    expect(notebook.cell(2).locator(".hailuo-player .hailuo-word")).to_have_text("Succeeded")
    assert notebook.python(f"[str(r.kind) for r in {LAST}.references]") == ["image", "video", "audio"]
    made = notebook.python(f"[{LAST}.mode.value, {LAST}.duration, {LAST}.aspect_ratio]")
    assert made == ["reference_to_video", 7, "9:16"]
    sent = notebook.python(f"[{LAST}.references[1].sha256, {LAST}.references[2].sha256]")
    assert sent == [hashlib.sha256(file.read_bytes()).hexdigest() for file in (den, bark)]


def test_what_is_wrong_is_told_at_the_references(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """None at all, a file that is no reference, and what the kernel's check refuses; a URL, and what is removed."""
    notebook = open_notebook(LOAD, STUDIO)
    notebook.run_all()
    bark = tmp_path / "bark.wav"
    bark.write_bytes(sound(3.0))
    form, field = references(notebook, 1)
    trouble = field.locator("> .hailuo-trouble")
    rows = field.get_by_role("listitem")
    go = form.locator(".hailuo-go")
    expect(trouble).to_contain_text("Add a reference")
    field.locator(".hailuo-slot").evaluate(DROP, ["bad.mp4", "video/mp4", "nothing"])
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("alert")).to_contain_text("none of these by its content")
    expect(go).to_be_disabled()
    rows.get_by_role("button", name="Remove bad.mp4").click()
    expect(rows).to_have_count(0)
    field.locator("input[type=file]").set_input_files(bark)
    expect(trouble).to_contain_text("sounds alone")
    expect(go).to_be_disabled()
    url = field.get_by_role("textbox", name="Reference: URL or path")
    url.fill(PICTURE)
    url.press("Enter")
    expect(rows.nth(1)).to_contain_text("The provider fetches it")
    expect(go).to_be_enabled()
    field.get_by_role("button", name="Remove bark.wav").click()
    expect(rows).to_have_count(1)
    expect(go).to_be_enabled()
    form.locator("summary", has_text="As a cell").click()
    expect(form.get_by_label("The %%hailuo cell")).to_contain_text(f"--reference {PICTURE}")
    assert form.get_by_label("The %%hailuo cell").inner_text().count("--reference ") == 1
    field.locator(".hailuo-slot").evaluate(DROP, ["bad.png", "image/png", "nothing"])
    expect(rows.nth(1).get_by_role("alert")).to_contain_text("none of these by its content")
    expect(go).to_be_disabled()  # what stands there is sent, or nothing is
    rows.nth(1).get_by_role("button", name="Remove bad.png").click()
    expect(go).to_be_enabled()
