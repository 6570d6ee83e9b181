#!/usr/bin/env python3
"""The study's gates in PyTorch, to measure gatewalk against: same model, batch size and amount of data, on the CPU.

Run by `make bench-peers`. Needs python3-torch from Debian. Prints windows per second of both in turn, and their ratio with
all cores on both sides; PyTorch takes the best of one process with one thread, one process with all threads and one process
per core with one thread each.

PyTorch multiplies with OpenBLAS, and an OpenBLAS older than the CPU takes the kernels of an older CPU. So on a CPU with
AVX-512 PyTorch runs twice: as it is installed, and told to use the AVX-512 kernels (OPENBLAS_CORETYPE=SkylakeX). Where
OpenBLAS knows the CPU, the two are the same.

Training comes twice: over windows, and streaming, the same model over 8 segments of 96 bars of warm-up and 192 scored ones, each
attending to the last 96 states. A streaming bar is set against PyTorch's streaming bar, and against its best windowed rate as well.
"""
import json
import multiprocessing
import os
import subprocess
import sys
import time

T, F, H, BATCH = 96, 66, 64, 256
SEGMENTS, SCORED = BATCH // 32, 2 * T  # gatewalk's defaults; T bars of each segment are warm-up


def build(torch, attention, stream):
    nn = torch.nn

    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(F, H, batch_first=True)
            if attention == "bahdanau":
                self.query = nn.Linear(H, 64, bias=False)
                self.key = nn.Linear(H, 64, bias=False)
                self.value = nn.Linear(64, 1, bias=False)
            if attention == "multihead":
                self.qkv = nn.Linear(H, 3 * 128)
                self.out = nn.Linear(128, H)
            self.dense = nn.Linear(H, 64)
            self.head = nn.Linear(64, 2)
            self.drop = nn.Dropout(0.3)

        def context(self, h):
            if attention == "bahdanau":
                score = self.value(torch.tanh(self.query(h[:, -1:]) + self.key(h)))
                return (torch.softmax(score, 1) * h).sum(1)
            if attention == "multihead":
                q, k, v = (x.view(len(h), T, 4, 32).transpose(1, 2) for x in self.qkv(h).chunk(3, 2))
                weight = torch.softmax(q @ k.transpose(2, 3) / 32**0.5, 3)
                return self.out((weight @ v).transpose(1, 2).reshape(len(h), T, 128)).mean(1)
            return h[:, -1]

        def forward(self, x):
            h, _ = self.lstm(x)
            return self.head(torch.relu(self.dense(self.drop(self.context(h)))))

    class Stream(Gate):
        """[S, T + SCORED, F] -> a score of every bar behind the warm-up, over the T states that end there."""

        def context(self, h):
            if attention == "bahdanau":
                score = self.value(torch.tanh(self.query(h[:, T:]).unsqueeze(2) + self.key(h).unfold(1, T, 1)[:, 1:].transpose(2, 3)))
                return torch.einsum("slt,slht->slh", torch.softmax(score.squeeze(3), 2), h.unfold(1, T, 1)[:, 1:])
            if attention == "multihead":  # each output attends within its band; what is pooled is the mean of the last T outputs
                n = h.shape[1]
                q, k, v = (x.view(len(h), n, 4, 32).transpose(1, 2) for x in self.qkv(h).chunk(3, 2))
                lag = torch.arange(n)[:, None] - torch.arange(n)
                weight = torch.softmax((q @ k.transpose(2, 3) / 32**0.5).masked_fill((lag < 0) | (lag >= T), -torch.inf), 3)
                out = self.out((weight @ v).transpose(1, 2).reshape(len(h), n, 128))
                return nn.functional.avg_pool1d(out.transpose(1, 2), T, 1).transpose(1, 2)[:, 1:]
            return h[:, T:]

    return Stream() if stream else Gate()


def measure(attention, train, stream, threads, seconds, core=None, queue=None):
    if core:
        os.environ["OPENBLAS_CORETYPE"] = core  # read when the library is loaded, which is now
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = build(torch, attention, stream)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss = torch.nn.BCEWithLogitsLoss()
    rows, length, answers = (SEGMENTS, T + SCORED, (SEGMENTS, SCORED, 2)) if stream else (BATCH, T, (BATCH, 2))
    x, y = torch.randn(rows, length, F), (torch.rand(answers) < 0.1).float()
    model.train(train)

    def step():
        if not train:
            with torch.no_grad():
                model(x)
            return
        optimizer.zero_grad()
        loss(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    step()
    best, begin = 0.0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(4):
            step()
        best = max(best, 4 * y.numel() / 2 / (time.perf_counter() - start))
    if queue is not None:
        queue.put(best)
    return best


def side_by_side(attention, train, stream, threads, processes, seconds, core):
    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=measure, args=(attention, train, stream, threads, seconds, core, queue)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    total = sum(queue.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total


def torch_rate(attention, train, stream, cores, seconds, core=None):
    rates = {
        "1 thread": side_by_side(attention, train, stream, 1, 1, seconds, core),
        f"{cores} threads": side_by_side(attention, train, stream, cores, 1, seconds, core),
        f"{cores} processes": side_by_side(attention, train, stream, 1, cores, seconds, core),
    }
    best = max(rates, key=rates.get)
    return rates[best], best


def has_avx512():
    try:
        with open("/proc/cpuinfo") as info:
            return "avx512f" in info.read()
    except OSError:
        return False


def gatewalk_rows(binary, bench, seconds):
    out = subprocess.run([binary, "bench", bench, "--json", "--seconds", str(seconds)], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def ours(rows, bench, attention, unroll, precision):
    """Best of one fit and of several side by side, on all cores."""
    return max(row["value"] for row in rows
               if row["what"].startswith(f"{bench} {attention}{unroll}{',' if bench == 'score' else ' ' + precision}"))


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "./gatewalk"
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    cores = os.cpu_count()
    builds = {"PyTorch": None}
    if has_avx512():
        builds["+AVX-512"] = "SkylakeX"
    print(f"{cores} cores; windows (streaming: scored bars) per second, best of repeats, ours and theirs in turn")
    print(f"{'what':33} {'gatewalk':>9}" + "".join(f" {build:>10} {'best as':>12} {'ratio':>6}" for build in builds) + f" {'of windows':>11}")
    windows = {}
    for bench, unroll in (("train", ""), ("train", " stream"), ("score", "")):
        rows = gatewalk_rows(binary, bench, seconds)
        for attention in ("none", "bahdanau", "multihead"):
            theirs = [torch_rate(attention, bench == "train", bool(unroll), cores, seconds, core) for core in builds.values()]
            if bench == "train" and not unroll:
                windows[attention] = max(rate for rate, _ in theirs)
            for precision in ("float32", "bf16") if bench == "train" else ("float32",):
                mine = ours(rows, bench, attention, unroll, precision)
                columns = "".join(f" {rate:10.0f} {how:>12} {mine / rate:6.2f}" for rate, how in theirs)
                against = f" {mine / windows[attention]:11.2f}" if unroll else ""
                print(f"{bench + ' ' + attention + unroll + ' ' + precision:33} {mine:9.0f}{columns}{against}", flush=True)


if __name__ == "__main__":
    main()
