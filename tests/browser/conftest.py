"""Fixtures of the browser tests: JupyterLab in Chromium, with one page for each test.

Nothing here waits for a time: the server says when it listens, JupyterLab's commands resolve when they are done, and
Playwright waits for what a test expects to see.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest
from patience import HANG_S
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request

sys.path.append(str(Path(__file__).parent))  # the tests here find the modules beside them by their names

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async element => (await axe.run(element, { resultTypes: ['violations'] })).violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(node => node.html).join(' ')}`)"""
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = "chromium"
FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OURS = ("HAILUO_", "MINIMAX_", "KIE_", "KKIAI_", "PIXAZO_", "RUNWARE_", "JUPYTER", "IPYTHON")
# JupyterLab's own errors: its questions that stand open when a kernel is shut down, a widget whose kernel is gone; and
# Notebook 7's, which it prints for a notebook without widgets too.
NOT_OURS = (
    "Canceled future for",
    "widget model not found",
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
)
STOP_S = 20.0
PATIENCE_MS = int(HANG_S * 1000)
expect.set_options(timeout=PATIENCE_MS)
OPENED = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.revealed;
}"""
COMMAND = """([name, args, patience]) => Promise.race([
  jupyterapp.commands.execute(name, args).then(() => null),
  new Promise((_, reject) => setTimeout(() => {
    const panel = jupyterapp.shell.currentWidget;
    const cells = panel.content.widgets.map(({ model }) =>
      `${model.type} ${model.executionState} ${JSON.stringify(model.outputs?.toJSON() ?? []).slice(0, 300)}`);
    const kernel = panel.sessionContext.session?.kernel?.status;
    reject(new Error(`${name} has not ended after ${patience} ms; the kernel is ${kernel}; ${cells.join('\\n')}`));
  }, patience)),
])"""
BEGIN = "([name, args]) => { window.hailuoBegun = jupyterapp.commands.execute(name, args); }"
TRUSTED = (
    "() => { const m = jupyterapp.shell.currentWidget.content.model.cells; let all = true; "
    "for (let i = 0; i < m.length; i++) if (m.get(i).type === 'code') all &&= m.get(i).trusted; return all; }"
)
FAILED = (
    "() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells.flatMap(cell => cell.outputs ?? [])"
    ".filter(output => output.output_type === 'error').map(output => `${output.ename}: ${output.evalue}`)"
)
ADVANCES = """video => new Promise((resolve, reject) => {
  const from = video.currentTime;
  const state = () => `still at ${video.currentTime} s of ${video.duration}, paused: ${video.paused}`;
  setTimeout(() => reject(new Error(state())), 90000);
  video.addEventListener('timeupdate', () => { if (video.currentTime !== from) resolve(video.currentTime); });
})"""
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"


@dataclass(kw_only=True)
class Lab:
    """A JupyterLab server on loopback, with settings, signatures and kernels of its own."""

    root: Path
    url: str
    token: str


@dataclass(kw_only=True)
class Watch:
    """What no page may ever do: open a dialog, throw, or speak to another machine."""

    origin: str
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Begin to listen."""
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._error(str(error)))
        page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.accept()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._error(f"{message.text} ({message.location.get('url')})")

    def _error(self, text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            self.errors.append(text)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.origin:
            self.foreign.append(request.url)


@dataclass(kw_only=True)
class Notebook:
    """One notebook, open in a page."""

    lab: Lab
    page: Page
    path: Path

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab to its end."""
        self.page.evaluate(COMMAND, [name, arguments, 1.5 * PATIENCE_MS])

    def begin(self, name: str, **arguments: Any) -> Callable[[], None]:
        """Begin a command; what is returned waits for its end."""
        self.page.evaluate(BEGIN, [name, arguments])
        return lambda: self.page.evaluate("() => window.hailuoBegun.then(() => null)")

    def trusted(self) -> bool:
        """Whether JupyterLab trusts all of its cells."""
        return bool(self.page.evaluate(TRUSTED))

    def run_all(self) -> None:
        """Run All, to the end of its last cell; no cell may fail."""
        self.command("notebook:run-all-cells")
        assert self.page.evaluate(FAILED) == []

    def save(self) -> dict[str, Any]:
        """Save, and return what is then on disk."""
        self.command("docmanager:save")
        return cast("dict[str, Any]", json.loads(self.path.read_text("utf-8")))

    def cell(self, index: int) -> Locator:
        """A cell, counted from 0; it is scrolled to, for JupyterLab keeps what is far away out of the page."""
        self.page.evaluate(
            "async index => { await jupyterapp.shell.currentWidget.content.scrollToItem(index, 'start'); }", index
        )
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")

    def python(self, expression: str) -> Any:
        """The value, as JSON, of an expression in the notebook's kernel. The notebook does not change."""
        found = self.page.evaluate(
            """async code => {
              const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, silent: true, store_history: false });
              let text = '';
              future.onIOPub = m => { if (m.header.msg_type === 'stream') text += m.content.text; };
              const reply = await future.done;
              return { text, status: reply.content.status, error: String(reply.content.evalue) };
            }""",
            f"import json as _json\nprint(_json.dumps({expression}))",
        )
        assert found["status"] == "ok", found["error"]
        return json.loads(found["text"])

    def reopen(self, path: Path | None = None, *, app: str = "doc/tree") -> None:
        """Load the page anew, on this notebook or on another one of the server; the kernel, if any, lives on.

        ``app`` is JupyterLab's page of one document; ``notebooks`` is Notebook 7.
        """
        self.path = path or self.path
        where = self.path.relative_to(self.lab.root).as_posix()
        self.page.goto(f"{self.lab.url}/{app}/{where}?token={self.lab.token}&reset", timeout=PATIENCE_MS)
        self.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=PATIENCE_MS)
        self.page.evaluate(OPENED)

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme."""
        self.page.evaluate(THEME, name)
        light = "false" if "Dark" in name else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")  # it fades out over all that is shown


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server that knows no key and no setting of this machine; its clips are simulated, and fast."""
    home = tmp_path_factory.mktemp("jupyter")
    root = tmp_path_factory.mktemp("notebooks")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    for name in ("config", "data", "runtime"):
        environment[f"JUPYTER_{name.upper()}_DIR"] = str(home / name)
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    news = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(news), "utf-8")
    environment |= {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "HAILUO_MODE": "simulated",
        "HAILUO_SIMULATOR_SPEED": "200",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    command += ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
    server = subprocess.Popen(
        command, env=environment, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    listening, said = threading.Event(), list[str]()

    def listen() -> None:
        for line in server.stderr or ():
            said.append(line)
            if f":{port}/" in line:
                listening.set()
        listening.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        if not listening.wait(HANG_S) or server.poll() is not None:
            pytest.fail("JupyterLab did not start:\n" + "".join(said[-20:]))
        yield Lab(root=root, url=f"http://127.0.0.1:{port}", token=token)
    finally:
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:  # it waits for a kernel that was just starting; kernels end with their server
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of the system, for one module: Playwright's loop runs in this thread until it ends."""
    path = shutil.which(CHROMIUM)
    if path is None:
        pytest.fail("Chromium is not installed: make test installs it (tools/system-packages.sh)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without memory."""
    opened = browser.new_context(viewport={"width": 1100, "height": 1000})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def watch(lab: Lab, context: BrowserContext) -> Iterator[Watch]:
    """What the test's pages did. Whatever a test asks: no dialog, no error, no request to another machine."""
    watched = Watch(origin=urlsplit(lab.url).netloc)
    context.on("page", watched.attach)
    yield watched
    assert (watched.dialogs, watched.errors, watched.foreign) == ([], [], [])


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """A page that is watched."""
    return context.new_page()


@pytest.fixture
def open_notebook(lab: Lab, page: Page, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook of the given cells, or a copy of one that users learn from, in a folder of the test's own."""
    folder = lab.root / request.node.name.replace("[", "-").replace("]", "")
    opened: list[Notebook] = []

    def opener(*cells: str, copy: str | None = None) -> Notebook:
        folder.mkdir(exist_ok=True)
        path = folder / (copy or "test.ipynb")
        if copy:
            shutil.copyfile(NOTEBOOKS / copy, path)
        else:
            path.write_text(json.dumps(_notebook(cells)), "utf-8")
        notebook = Notebook(lab=lab, page=page, path=path)
        notebook.reopen()
        opened.append(notebook)
        return notebook

    yield opener
    for notebook in opened:
        if not notebook.page.is_closed():
            notebook.command("kernelmenu:shutdown")


@pytest.fixture
def plays() -> Callable[[Locator], float]:
    """Wait until a video's time advances; returns the time that it has come to."""

    def advance(video: Locator) -> float:
        return float(video.evaluate(ADVANCES))

    return advance


@pytest.fixture
def accessible() -> Callable[[Locator], None]:
    """Assert that axe-core finds nothing serious or critical in a part of the page."""

    def checked(part: Locator) -> None:
        part.page.evaluate(AXE.read_text("utf-8"))
        assert part.evaluate(FOUND) == []

    return checked


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {}, "outputs": [], "source": source}
        for i, source in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return {"cells": rows, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
