"""How long `gatewalk signal` takes from a line in to the line out, seen from the other end of its pipes.

    python3 tests/bench/signal_latency.py ./gatewalk RUN_DIR BARS.csv STRATEGY [N]

Gives the process half of the file as history, then N bars (default 3000) one at a time, each after the answer to the one before,
and prints the median, the 99th percentile and the longest, in microseconds: by the clock, and the processor time that the
process had (on a machine with other work the clock counts that too). The same for a `cat` in its place is what the pipes take."""
import os
import subprocess
import sys
import tempfile
import time


def exchange(command, lines, head):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    to, back = process.stdin.fileno(), process.stdout.fileno()
    if head:
        os.write(to, head)
    took, worked = [], []
    stat = open(f"/proc/{process.pid}/schedstat")

    def processor_ns():
        stat.seek(0)
        return int(stat.read().split()[0])

    for line in lines:
        before, begin = processor_ns(), time.perf_counter_ns()
        os.write(to, line)
        while not os.read(back, 65536).endswith(b"\n"):
            pass
        took.append(time.perf_counter_ns() - begin)
        time.sleep(0.0002)  # until it waits again, and its time is booked
        worked.append(processor_ns() - before)
    process.stdin.close()
    process.wait()
    return took, worked


def show(name, took):
    took = sorted(took[len(took) // 10:])  # the first tenth warms caches up
    print(f"{name:18}", "  ".join(f"{what} {took[min(int(share * len(took)), len(took) - 1)] / 1000:8.1f}"
                                  for what, share in (("median", 0.5), ("p99", 0.99), ("longest", 1))))


def main():
    program, run, bars, strategy = sys.argv[1:5]
    n = int(sys.argv[5]) if len(sys.argv) > 5 else 3000
    with open(bars, "rb") as f:
        header, *rows = f.read().splitlines(keepends=True)
    half = len(rows) // 2
    with tempfile.NamedTemporaryFile(suffix=".csv") as history:
        history.write(header + b"".join(rows[:half]))
        history.flush()
        symbol = os.path.basename(bars).split(".")[0]
        command = [program, "signal", run, "--strategy", strategy, "--follow", "--history", f"{symbol}={history.name}"]
        took, worked = exchange(command, rows[half:half + n], header)
        show("signal, clock", took)
        show("signal, processor", worked)
        show("cat, clock", exchange(["cat"], rows[half:half + n], b"")[0])


main()
