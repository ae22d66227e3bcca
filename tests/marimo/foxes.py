"""A marimo notebook: one clip, awaited in a cell, its player in marimo's wrapper, and the run log."""

import marimo

app = marimo.App()


@app.cell
def _():
    import asyncio

    import marimo as mo

    import hailuo_widgets as hw
    from hailuo_widgets.widgets.player import Player, RunSource

    return Player, RunSource, asyncio, hw, mo


@app.cell
async def _(hw):
    run = await hw.generate("A fox in the snow", model="02")
    return (run,)


@app.cell
def _(Player, RunSource, asyncio, mo, run):
    player = mo.ui.anywidget(Player(RunSource(run), loop=asyncio.get_running_loop()))
    player
    return (player,)


@app.cell
def _(hw, player, run):
    told = f"{player.widget.card['word']}: {run.video.name} {run.simulated} {len(hw.runs())}"
    print(told)


if __name__ == "__main__":
    app.run()
