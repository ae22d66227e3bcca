import time, json


def test_x(open_notebook, watch):
    t = time.time()
    nb = open_notebook(copy="quickstart.ipynb")
    print("open", time.time() - t)
    t = time.time()
    before = nb.path.stat().st_size
    nb.run_all()
    print("run", time.time() - t)
    t = time.time()
    nb.page.screenshot(path="/tmp/bw/a.png")
    nb.save()
    print("save", before, nb.path.stat().st_size)
    print(nb.python("[1,2]"))
    c = nb.cell(3)
    print(
        c.locator(".hailuo-player").count(), c.locator(".hailuo-card").count(), c.locator(".hailuo-card").is_visible()
    )
    print(c.locator("video").count())
    v = c.locator(".hailuo-player video")
    print(v.evaluate("v=>[v.currentTime,v.src,v.paused]"))
    nb.page.screenshot(path="/tmp/bw/b.png")
    print(watch)
    print(nb.path)
    nb.command("kernelmenu:shutdown")
