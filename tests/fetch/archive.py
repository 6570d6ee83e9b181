#!/usr/bin/env python3
"""A public archive of monthly bars as Binance's is, on this machine, with what archives do wrong: months that are absent, bodies
that end early, sums that are wrong, a server that is busy. What was asked for is written to the log, a line a request.

usage: python3 tests/fetch/archive.py LOG      prints its port, serves until it is killed"""
import hashlib, http.server, io, sys, threading, zipfile

LOG = open(sys.argv[1], "a", buffering=1)
lock, cut, busy = threading.Lock(), {}, {}


def month(symbol, interval, year, number):
    """Hourly bars; from 2025 on times are microseconds, as the archive's are."""
    begin = (year - 1970) * 31556952 + (number - 1) * 2678400
    begin -= begin % 3600
    unit = 10**6 if year >= 2025 else 10**3
    rows = []
    for i in range(500):
        t, p = (begin + 3600 * i) * unit, 100 + i % 7
        rows.append(f"{t},{p}.5,{p + 2}.25,{p - 1}.75,{p + 1}.00,{i}.5,{t + 3600 * unit - 1},{p * i}.25,{i},{i / 4},{i},0")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as z:
        name = zipfile.ZipInfo(f"{symbol}-{interval}-{year}-{number:02}.csv")
        z.writestr(name, "\n".join(rows) + "\n")
    return body.getvalue()


class Archive(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, promised=None, extra=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for key, value in extra:
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        if promised is not None:
            self.wfile.flush()
            self.close_connection = True

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        wants = self.headers.get("Range", "")
        LOG.write(f"{name} {wants}\n")
        stem = name.replace(".CHECKSUM", "").replace(".zip", "")
        symbol, interval, year, number = stem.rsplit("-", 3)
        year, number = int(year), int(number)
        if not self.path.startswith("/data/spot/monthly/klines/") or year < 2024:
            return self.answer(404, b"<html>not here</html>")
        body = month(symbol, interval, year, number)
        if name.endswith(".CHECKSUM"):
            total = hashlib.sha256(body).hexdigest()
            if symbol == "WRONG":
                total = "0" * 64
            return self.answer(200, f"{total}  {stem}.zip\n".encode())
        with lock:
            busy[name] = busy.get(name, 0) + 1
            first = busy[name] == 1
        if symbol == "BUSY" and first:
            return self.answer(503, b"later", extra=[("Retry-After", "1")])
        begin = int(wants[6:].split("-")[0]) if wants else 0
        if begin >= len(body) and wants:
            return self.answer(416, b"")
        part = body[begin:]
        status = 206 if wants else 200
        extra = [("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")] if wants else []
        if symbol == "CUT" and first:
            return self.answer(status, part[: len(part) // 2], promised=len(part), extra=extra)
        self.answer(status, part, extra=extra)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Archive)
print(server.server_port, flush=True)
server.serve_forever()
