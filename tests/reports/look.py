"""report.html in a headless Chromium: is it drawn, and does it do what it says? usage: look.py REPORT.html HOSTILE.html [PICTURES_DIR]"""
import os, sys
from browser import Browser, find

READOUT = "document.getElementById('readout').innerText"
COUNT = "document.getElementById('trade-count').textContent"
ROWS = "document.querySelectorAll('#trade-table tbody tr').length"
# Different colours on each panel's canvas: a blank one has one.
COLOURS = """[...document.querySelectorAll('#charts canvas')].map((c) => {
  const d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer), seen = new Map();
  for (const v of d) seen.set(v, (seen.get(v) || 0) + 1);
  return [...seen.values()].filter((n) => n > 20).length;
})"""
PLACE = "(() => { const r = document.querySelector('#price .u-over').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
VIEW = "[gw.state.from, gw.state.to]"


def pick(browser, name, value):
    browser.run(f"(() => {{ const e = document.getElementById({name!r}); e.value = {value!r}; e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()")
    browser.settle()


def is_drawn(b):
    colours = b.run(COLOURS)
    assert len(colours) == 3 and min(colours) >= 4, colours


def hover_shows_the_bar(b):
    b.run("document.getElementById('chart').scrollIntoView()")
    b.settle()
    x, y, width, height = b.run(PLACE)
    b.mouse(x + 0.3 * width, y + 0.5 * height)
    first = b.run(READOUT)
    b.mouse(x + 0.7 * width, y + 0.5 * height)
    second = b.run(READOUT)
    bar = b.run("gw.state.bar")
    want = b.run(f"gw.price(gw.state.axis.close[{bar}])")
    assert first != second and f"close {want}" in second.replace("\u00a0", " ").replace("close", "close ").replace("  ", " "), (first, second, want)
    assert "p long" in second and "τ" in second, second


def keys_move_and_zoom(b):
    b.run("document.getElementById('charts').focus()")
    b.key("0")
    from_all, to_all = b.run(VIEW)
    b.key("+")
    from_in, to_in = b.run(VIEW)
    assert to_in - from_in < 0.6 * (to_all - from_all), (from_in, to_in, from_all, to_all)
    b.key("Home")
    assert b.run("gw.state.bar") == 0
    b.key("ArrowRight")
    assert b.run("gw.state.bar") == 1 and b.run("gw.state.from") <= 1
    b.key("n")
    entry = b.run("gw.state.trades.find((t) => t.row === gw.state.chosen).entry")
    assert b.run("gw.state.bar") == entry and "trade" in b.run(READOUT)
    b.key("a")
    assert b.run("gw.state.attention.has(gw.state.bar)") and "bars back" in b.run(READOUT)
    shown = b.run("gw.facts.groups[gw.state.group].seed")
    b.key("s")
    assert b.run("gw.facts.groups[gw.state.group].seed") != shown
    assert b.run("getComputedStyle(document.getElementById('charts')).outlineStyle") != "none", "focus is not seen"


def pointer_pans_and_wheel_zooms(b):
    b.key("0")
    b.key("+")
    x, y, width, height = b.run(PLACE)
    before = b.run(VIEW)
    b.mouse(x + width / 2, y + height / 2, "mousePressed", button="left", buttons=1, clickCount=1)
    b.mouse(x + width / 2 + 100, y + height / 2, "mouseMoved", button="left", buttons=1)
    b.mouse(x + width / 2 + 100, y + height / 2, "mouseReleased", button="left", clickCount=1)
    after = b.run(VIEW)
    assert after[0] < before[0] and abs((after[1] - after[0]) - (before[1] - before[0])) < 1e-6, (before, after)
    b.mouse(x + width / 2, y + height / 2, "mouseWheel", deltaX=0, deltaY=-120)
    zoomed = b.run(VIEW)
    assert zoomed[1] - zoomed[0] < after[1] - after[0], (after, zoomed)


def contestants_change_what_is_shown(b):
    options = b.run("[...document.getElementById('pick-strategy').options].map((o) => [o.value, o.textContent])")
    assert [name for _, name in options] == ["plain", "looking", "sma_cross"], options
    pick(b, "pick-strategy", options[2][0])
    assert b.run("document.getElementById('probability').hidden") is True
    pick(b, "pick-strategy", options[1][0])
    pick(b, "pick-symbol", "1")
    assert b.run("gw.state.axis.name") == "TWO" and b.run("document.getElementById('probability').hidden") is False
    is_drawn(b)


def trades_are_filtered_and_sorted(b):
    total = b.run("gw.state.trades.length")
    assert b.run(COUNT).startswith(f"{total} of {total}") and b.run(ROWS) == min(25, total) > 3, b.run(COUNT)
    pick(b, "trade-search", "short")
    shorts = b.run("gw.state.trades.filter((t) => t.short).length")
    assert 0 < shorts < total and b.run(COUNT).startswith(f"{shorts} of {total}"), b.run(COUNT)
    pick(b, "trade-result", "won")
    won = b.run("gw.state.trades.filter((t) => t.short && t.won).length")
    assert b.run(COUNT).startswith(f"{won} of {total}" if won else "No trades"), b.run(COUNT)
    pick(b, "trade-search", "")
    pick(b, "trade-result", "")
    b.run("[...document.querySelectorAll('#trade-table th button')].find((x) => x.textContent === 'return').click()")
    values = b.run("[...document.querySelectorAll('#trade-table tbody tr')].map((r) => gw.trades.return[r.dataset.row])")
    assert values == sorted(values) and b.run("document.querySelector('#trade-table th[data-name=return]').ariaSort") == "ascending"
    b.run("document.getElementById('trade-all').click()")
    assert b.run(COUNT).startswith(f"{b.run('gw.trades.n')} of {b.run('gw.trades.n')}")
    b.run("document.querySelector('#trade-table tbody tr').focus()")
    b.key("Enter")
    row = b.run("gw.state.chosen")
    assert row >= 0 and b.run(f"gw.trades.group[{row}] === gw.state.group"), "a row leads to its trade"
    b.run("document.getElementById('trade-all').click()")


def symbols_are_sorted_and_searched(b):
    table = "[...document.querySelectorAll('#symbol-table tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    click = "[...document.querySelectorAll('#symbol-table th button')].find((x) => x.textContent === 'trades').click()"
    pnl = [float(r[6].replace("\u2212", "-")) for r in b.run(table)]
    assert len(pnl) == b.run("gw.facts.by_symbol.length") > 3 and pnl == sorted(pnl, reverse=True), pnl
    b.run(click)
    up = [int(r[3]) for r in b.run(table)]
    assert up == sorted(up) and b.run("document.querySelector('#symbol-table th[data-name=trades]').ariaSort") == "ascending", up
    b.run(click)
    down = [int(r[3]) for r in b.run(table)]
    assert down == sorted(up, reverse=True) != up, (up, down)
    pick(b, "symbol-search", "two")
    pick(b, "symbol-strategy", "2")
    found = b.run(table)
    assert found and all(r[:2] == ["TWO", "sma_cross"] for r in found), found
    pick(b, "symbol-search", "")
    pick(b, "symbol-strategy", "")


def dark_is_dark(b):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = b.run(paper)
    pixel = "[...document.querySelector('#price canvas').getContext('2d').getImageData(0, 0, 400, 300).data].reduce((m, v, i) => i % 4 < 3 && v > m ? v : m, 0)"
    b.scheme("dark")
    dark, brightest = b.run(paper), b.run(pixel)
    assert light == "rgb(255, 255, 255)" and dark != light and brightest > 180, (light, dark, brightest)
    b.run("(() => { const s = document.querySelector('#theme select'); s.value = 'light'; s.dispatchEvent(new Event('input', {bubbles: true})); })()")
    assert b.run(paper) == light, "what is chosen goes before what the system says"
    b.run("(() => { const s = document.querySelector('#theme select'); s.value = ''; s.dispatchEvent(new Event('input', {bubbles: true})); })()")
    b.scheme("light")


def narrow_pages_do_not_scroll_sideways(b):
    pick(b, "pick-strategy", "1")
    b.resize(400, 800)
    b.settle()
    assert b.run("document.documentElement.scrollWidth") <= 400
    is_drawn(b)
    b.resize(1280, 900)
    b.settle()


def paper_has_everything(b):
    b.paper("paper.pdf")
    with open("paper.pdf", "rb") as file:
        bytes_ = file.read()
    assert bytes_.startswith(b"%PDF-") and bytes_.count(b"/Type /Page\n") + bytes_.count(b"/Type /Page ") >= 8, len(bytes_)


def nothing_was_complained_of(b):
    assert b.complaints() == [], b.complaints()


def hostile_names_stay_text(b, path):
    b.open(path)
    assert b.run("typeof hacked") == "undefined" and b.complaints() == [], b.complaints()
    names = b.run("[...document.querySelectorAll('#pick-strategy option, #pick-symbol option')].map((o) => o.textContent)")
    assert "</script><svg/onload=hacked=1>" in names and any(n.startswith("<img/src=x/onerror=hacked=1>") for n in names), names
    assert b.run("document.querySelectorAll('svg, img:not(figure img)').length") == 0
    is_drawn(b)


def main():
    program = find()
    if not program:
        print("skip: no Chromium here, so report.html was not opened")
        return 0
    page, hostile = ("file://" + os.path.abspath(path) for path in sys.argv[1:3])
    browser, failed = Browser(program), 0
    try:
        browser.open(page)
        for test in (is_drawn, hover_shows_the_bar, keys_move_and_zoom, pointer_pans_and_wheel_zooms, contestants_change_what_is_shown,
                     trades_are_filtered_and_sorted, symbols_are_sorted_and_searched, dark_is_dark, narrow_pages_do_not_scroll_sideways, paper_has_everything,
                     nothing_was_complained_of, hostile_names_stay_text):
            try:
                test(browser, hostile) if test is hostile_names_stay_text else test(browser)
                print("passed", test.__name__)
            except (AssertionError, RuntimeError) as error:
                failed += 1
                print(f"[  FAILED  ] {test.__name__}: {error}")
    finally:
        browser.close()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
