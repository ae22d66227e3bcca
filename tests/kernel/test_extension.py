"""Tests of loading the extension, loading it again, and unloading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Kernel, Shared, StartFakeProvider, StartKernel

pytestmark = pytest.mark.kernel

# All that an extension can leave behind in a shell, as values that compare.
TRACES = """
def traces():
    import gc
    shell = get_ipython()
    shown = shell.display_formatter
    formatters = [*shown.formatters.values(), shown.ipython_display_formatter, shown.mimebundle_formatter]
    printers = [kv for f in formatters for kv in [*f.type_printers.items(), *f.deferred_printers.items()]]
    ours = lambda thing: "hailuo" in f"{thing!r} {getattr(thing, '__module__', '')}".lower()
    return {
        "magics": sorted(kind for kind, names in shell.magics_manager.magics.items() if "hailuo" in names),
        "registry": sorted(n for n in shell.magics_manager.registry if ours(n)),
        "configurables": sum(ours(type(c)) for c in shell.configurables),
        "transformers": sum(ours(t) for t in shell.input_transformers_cleanup + shell.input_transformers_post),
        "events": sum(ours(c) for found in shell.events.callbacks.values() for c in found),
        "printers": sum(ours(of) or ours(printer) for of, printer in printers),
        "matchers": sum(ours(m) for m in shell.Completer.custom_matchers),
    }
"""
UNLOADED = {
    "magics": [],
    "registry": [],
    "configurables": 0,
    "transformers": 0,
    "events": 0,
    "printers": 0,
    "matchers": 0,
}


def traces(kernel: Kernel) -> dict[str, object]:
    """What of the extension is in the shell."""
    found: dict[str, object] = kernel.value("traces()")
    return found


def test_loading_twice_changes_nothing(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """``%load_ext`` twice and ``%reload_ext`` leave one of each; a cell then charges one create."""
    fake_provider = begin_fake_provider()
    kernel = begin_kernel(fake_provider, load=False)
    kernel.run(TRACES)
    assert traces(kernel) == UNLOADED
    assert kernel.run("%load_ext hailuo_widgets").status == "ok"
    loaded = traces(kernel)
    assert (loaded["magics"], loaded["registry"], loaded["transformers"]) == (["cell", "line"], ["Hailuo"], 1)
    for line in ("%load_ext hailuo_widgets", "%reload_ext hailuo_widgets"):
        assert kernel.run(line).status == "ok"
        assert traces(kernel) == loaded
    assert kernel.run("import hailuo_widgets; hailuo_widgets.load_ipython_extension(get_ipython())").status == "ok"
    assert traces(kernel) == loaded
    assert kernel.run("%%hailuo --model 02\na fox").status == "ok"
    assert fake_provider.creates["minimax"] == 1


def test_reloading_keeps_runs_in_flight(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """``%reload_ext`` in the middle of a run neither loses it nor follows it twice."""
    fake_provider = begin_fake_provider(latency=1.5)
    kernel = begin_kernel(fake_provider)
    kernel.run("%%hailuo --background --model 02 --name fox\na fox")
    assert kernel.run("%reload_ext hailuo_widgets").status == "ok"
    assert kernel.value("fox.status") != "succeeded"
    assert kernel.run("await fox").status == "ok"
    assert kernel.value("fox.status") == "succeeded"
    downloads = [r for r in fake_provider.requests if r["phase"] == "download"]
    assert (fake_provider.creates["minimax"], len(downloads)) == (1, 1)


def test_unloading_takes_all_of_it_back(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """After ``%unload_ext`` nothing of it is in the shell, a run in flight still ends, and loading works again."""
    fake_provider = begin_fake_provider(latency=1.5)
    kernel = begin_kernel(fake_provider)
    kernel.run(TRACES)
    loaded = traces(kernel)
    started = kernel.send("%%hailuo --background --model 02 --name fox\na fox")
    assert kernel.reply(started).status == "ok"
    assert kernel.run("%unload_ext hailuo_widgets").status == "ok"
    assert traces(kernel) == UNLOADED
    unknown = kernel.run("%%hailuo --model 02\na wolf")
    assert (unknown.status, unknown.ename) == ("error", "UsageError")
    kernel.until_card(None, "Succeeded")
    assert kernel.run("await fox").status == "ok"
    assert fake_provider.creates["minimax"] == 1
    assert kernel.run("%load_ext hailuo_widgets").status == "ok"
    assert traces(kernel) == loaded


def test_config_reaches_the_next_call(shared: Shared) -> None:
    """``%config Hailuo`` sets each of its settings, whole numbers too, and the next cell goes by them."""
    kernel, _ = shared
    assert kernel.run("%config Hailuo.max_parallel = 3").status == "ok"
    assert kernel.run("%config Hailuo.budget = 0.01").status == "ok"
    refused = kernel.run("%%hailuo --model 02\na fox")
    assert (refused.status, refused.ename) == ("error", "BudgetExceeded")
    assert kernel.run("%config Hailuo.budget = 5").status == "ok"
    assert kernel.run("%%hailuo --model 02\na fox").status == "ok"
    assert (
        kernel.value("__import__('hailuo_widgets.api.functions').api.functions.default_session().settings.max_parallel")
        == 3
    )


def test_an_unfinished_cell_is_not_complete(shared: Shared) -> None:
    """A terminal asks whether a cell is complete: one that lacks its prompt is not."""
    kernel, _ = shared
    assert kernel.completeness("%%hailuo --model 02\n") == "incomplete"
    assert kernel.completeness("%%hailuo --model 02\na fox") == "incomplete"
    assert kernel.completeness("%%hailuo --model 02\na fox\n\n") == "complete"
