"""report.html taken apart with the standard library: its elements, its data, and whether both are what the run's files say."""
import array, base64, csv, hashlib, html.parser, json, math, struct, sys, urllib.parse, xml.dom.minidom
from datetime import datetime


class Page(html.parser.HTMLParser):
    VOID = {"meta", "img", "input", "br", "link", "option"}

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.stack, self.blocks = [], [], {}, [], []
        with open(path, encoding="utf-8", newline="") as file:
            self.text = file.read()
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self.blocks.append([tag, dict(attributes), ""])
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.stack and self.stack[-1] == tag, f"</{tag}> closes {self.stack[-3:]}"
            self.stack.pop()

    def handle_data(self, data):
        if self.stack and self.stack[-1] in ("script", "style"):
            self.blocks[-1][2] += data
        elif self.stack:
            self.texts.setdefault(self.stack[-1], []).append(data)

    def facts(self):
        return json.loads(next(b[2] for b in self.blocks if b[1].get("id") == "facts"))

    def array(self, reference):
        if reference is None:
            return None
        kind, number = reference
        code = {"u1": "B", "u2": "H", "u4": "I", "f4": "f", "f8": "d"}[kind]
        values = array.array(code)
        values.frombytes(base64.b64decode(next(b[2] for b in self.blocks if b[1].get("id") == f"a{number}"), validate=True))
        return values


def rows(path):
    with open(path, encoding="utf-8") as file:
        yield from csv.DictReader(file)


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def close(a, text, what):
    b = float(text) if text != "" else math.nan
    assert (math.isnan(a) and math.isnan(b)) or abs(a - b) <= 1e-6 * max(1e-12, abs(b)), f"{what}: {a} is not {text}"


ALLOWED = set("html head meta title style body header h1 h2 h3 p nav a label select option main div section table thead tbody tr th td "
              "ul li b noscript span button output details summary dl dt dd input figure img footer script".split())


def structure(path, pictures):
    page = Page(path)
    assert not page.stack, f"never closed: {page.stack}"
    assert set(page.tags) <= ALLOWED, set(page.tags) - ALLOWED
    for tag, attributes in page.attributes:
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("style", "srcdoc", "action", "formaction", "ping"), (tag, name)
            if name in ("src", "href"):
                assert value.startswith("#") or (tag == "img" and value.startswith("data:image/svg+xml;charset=utf-8,")), (tag, value[:60])
    policy = next(a["content"] for t, a in page.attributes if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy, policy
    assert not any("\u2028" in b[2] or "<!--" in b[2] for b in page.blocks), "a script or its data are no longer one line, or one element"
    running = [b for b in page.blocks if b[0] == "style" or "type" not in b[1]]
    assert [b[0] for b in running] == ["style", "script"]
    for block in running:
        digest = base64.b64encode(hashlib.sha256(block[2].encode()).digest()).decode()
        assert f"{block[0]}-src 'sha256-{digest}'" in policy, f"the {block[0]} is not the one that the policy allows"
    library = open("reports/html/vendor/uplot/uPlot.iife.min.js", encoding="utf-8").read()
    assert running[1][2].startswith(library) and "Leon Sorokin" in page.text
    images = [a for t, a in page.attributes if t == "img"]
    assert len(images) == pictures if pictures is not None else not images, len(images)
    for image in images:
        svg = urllib.parse.unquote(image["src"].split(",", 1)[1], errors="strict")
        xml.dom.minidom.parseString(svg)
        assert svg.startswith("<?xml") and svg.rstrip().endswith("</svg>") and "<script" not in svg and image["alt"]
    return page


def titled(path, title):
    page = Page(path)
    got = "".join(page.texts["h1"])
    assert got == title, (got, title)
    assert page.texts["title"] == [title]


def same_numbers(path, run, data):
    """Every score, threshold, label, fold, trade and bar, and attention to a part in 65535 of its row's largest."""
    page = Page(path)
    facts = page.facts()
    strategies = [s["name"] for s in facts["strategies"]]
    symbols = [s["name"] for s in facts["symbols"]]
    axes = []
    for s in facts["symbols"]:
        axis = {key: page.array(s[key]) for key in ("time", "open", "high", "low", "close", "label", "fold_at", "fold")}
        axis["bar"] = {round(s["begin_s"] + t * s["unit_s"], 3): i for i, t in enumerate(axis["time"])}
        assert len(axis["bar"]) == s["bars"] > 0
        axes.append(axis)
    groups = {(strategies[g["strategy"]], g["seed"], symbols[g["symbol"]]): g for g in facts["groups"]}
    assert len(groups) == len(facts["groups"])
    arrays = {key: {name: page.array(g[name]) for name in ("p_long", "p_short", "tau_at", "tau_long", "tau_short")} for key, g in groups.items()}
    n = folds = 0
    for row in rows(run + "/scores.csv"):
        key = row["strategy"], row["seed"], row["symbol"]
        axis, a = axes[symbols.index(row["symbol"])], arrays[key]
        bar = axis["bar"][seconds(row["open_time"])]
        close(a["p_long"][bar], row["p_long"], key)
        close(a["p_short"][bar], row["p_short"], key)
        step = max(k for k, at in enumerate(a["tau_at"]) if at <= bar)
        close(a["tau_long"][step], row["tau_long"], key)
        close(a["tau_short"][step], row["tau_short"], key)
        bits = axis["label"][bar]
        for shift, name in ((0, "label_long"), (2, "label_short")):
            assert bits >> shift & 3 == (0 if row[name] == "" else 1 + 2 * int(row[name])), (key, row["open_time"])
        fold = axis["fold"][max(k for k, at in enumerate(axis["fold_at"]) if at <= bar)]
        assert fold == int(row["fold"])
        n, folds = n + 1, max(folds, fold)
    assert n > 500 and folds > 1, (n, folds)
    trades = facts["trades"]
    columns = {key: page.array(value) for key, value in trades.items() if isinstance(value, list) and key != "reasons"}
    n = 0
    for row in rows(run + "/trades.csv"):
        g = facts["groups"][columns["group"][n]]
        assert (strategies[g["strategy"]], g["seed"], symbols[g["symbol"]]) == (row["strategy"], row["seed"], row["symbol"])
        assert columns["side"][n] == (row["side"] == "short") and trades["reasons"][columns["reason"][n]] == row["reason"]
        assert columns["entry_s"][n] == seconds(row["entry_time"]) and columns["exit_s"][n] == seconds(row["exit_time"])
        for name in ("entry_price", "exit_price", "return", "pnl", "mae", "mfe", "bars_held", "probability"):
            close(columns[name][n], row[name], (n, name))
        n += 1
    assert n == trades["n"] > 20, n
    by_symbol = [r for r in rows(run + "/breakdown.csv") if r["by"] == "symbol" and int(r["trades"])]
    assert len(by_symbol) == len(facts["by_symbol"]) > 3
    for want, got in zip(by_symbol, facts["by_symbol"]):
        assert (strategies[got["strategy"]], got["seed"], got["symbol"]) == (want["strategy"], want["seed"], want["group"])
        for name, column in (("trades", "trades"), ("wins", "wins"), ("mean", "mean_return"), ("pnl", "pnl")):
            assert got[name] == float(want[column]), (want, got)
    attention(page, facts, groups, axes, symbols, run)
    if data:
        bars(axes, symbols, data)
    else:
        assert all(axis["close"] is None for axis in axes) and "Candles are missing" in facts["note"], facts["note"]


def attention(page, facts, groups, axes, symbols, run):
    a = facts["attention"]
    columns = {key: page.array(a[key]) for key in ("at", "group", "gate", "largest", "weight")}
    with open(run + "/attention.npy", "rb") as file:
        file.read(8)
        file.read(struct.unpack("<H", file.read(2))[0])
        matrix = array.array("f")
        matrix.frombytes(file.read())
    order = {id(g): i for i, g in enumerate(facts["groups"])}
    n = 0
    for row in rows(run + "/attention.csv"):
        if row["map"] != "mean":
            continue
        assert columns["group"][n] == order[id(groups[row["strategy"], row["seed"], row["symbol"]])]
        assert columns["at"][n] == axes[symbols.index(row["symbol"])]["bar"][seconds(row["open_time"])]
        assert columns["gate"][n] == (row["gate"] == "short")
        weights = matrix[int(row["row"]) * a["lags"]:(int(row["row"]) + 1) * a["lags"]]
        assert columns["largest"][n] == max(weights)
        for i, weight in enumerate(weights):
            assert abs(columns["weight"][n * a["lags"] + i] / 65535 * columns["largest"][n] - weight) <= columns["largest"][n] / 65535
        n += 1
    assert n == a["n"] > 10, n


def bars(axes, symbols, data):
    for symbol, path in data.items():
        axis, found = axes[symbols.index(symbol)], 0
        for row in rows(path):
            low = {key.lower(): value for key, value in row.items()}
            bar = axis["bar"].get(seconds(low["time"]))
            if bar is None:
                continue
            found += 1
            for name in ("open", "high", "low", "close"):
                close(axis[name][bar], low[name], (symbol, name))
        assert found == len(axis["time"]), (found, len(axis["time"]))


if __name__ == "__main__":
    what, path, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if what == "structure":
        structure(path, int(rest[0]) if rest else None)
    elif what == "title":
        titled(path, rest[0])
    else:
        same_numbers(path, rest[0], dict(zip(rest[1::2], rest[2::2])))
