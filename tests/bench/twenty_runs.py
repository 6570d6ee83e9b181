#!/usr/bin/env python3
"""Twenty runs on one market without an edge: what the deflated Sharpe ratio says of each alone, and of each once all twenty are on record.
The strategy is a cross of two means, the runs differ in their lengths: what somebody does who tries until something looks good.
usage: tests/bench/twenty_runs.py ./gatewalk [--seed N] [--bars N]   (half a minute; prints the table that lies beside it)"""
import argparse
import json
import os
import subprocess
import tempfile

PAIRS = [(fast, slow) for slow in (30, 60, 120, 240, 480) for fast in (slow // 15, slow // 6, slow // 3, slow // 2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gatewalk", type=os.path.abspath)
    parser.add_argument("--seed", default="7")
    parser.add_argument("--bars", default="30000")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, GATEWALK_STORE=os.path.join(folder, "trials.sqlite"), GATEWALK_CACHE="off")
        gatewalk = lambda *words: subprocess.run([a.gatewalk, *words], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        gatewalk("synth", "random-walk", "--bars", a.bars, "--seed", a.seed, "--out", "walk.csv")

        def run(i, where):
            fast, slow = PAIRS[i]
            experiment = {"name": f"cross-{fast}-{slow}", "data": "walk.csv", "features": ["log_return(1)"],
                          "folds": {"train": 1000, "validation": 500, "test": 4000}, "costs": {"taker_bps": 0},
                          "verdict": {"random_entries": 0},
                          "strategies": [{"name": "cross", "strategy": "sma_cross", "trading": {"fast": fast, "slow": slow}}]}
            with open(os.path.join(folder, "one.json"), "w") as f:
                json.dump(experiment, f)
            gatewalk("run", "one.json", "--out", f"{where}/{i}", "--no-report", "--quiet")
            return [json.load(open(os.path.join(folder, where, str(i), name))) for name in ("summary.json", "run.json")]

        alone = [run(i, "first") for i in range(len(PAIRS))]
        together = [run(i, "again") for i in range(len(PAIRS))]  # the same trials: they are counted once
    rows = []
    for (fast, slow), (summary, _), (_, record) in zip(PAIRS, alone, together):
        portfolio = summary["strategies"][0]["portfolio"]["mean"]
        rows.append((portfolio["sharpe_daily"], fast, slow, portfolio["total_return"], summary["selection"]["deflated_sharpe"],
                     record["selection"]["deflated_sharpe"], record["selection"]["trials_on_data"]))
    rows.sort(reverse=True)
    print(f"random walk of {a.bars} bars, seed {a.seed}, no costs; {rows[0][6]} trials on record\n")
    print(f"{'fast':>5}{'slow':>6}{'Sharpe/day':>12}{'return %':>10}{'alone':>8}{'together':>10}")
    for sharpe, fast, slow, gain, one, all_, _ in rows:
        print(f"{fast:5d}{slow:6d}{sharpe:12.2f}{100 * gain:10.1f}{one:8.3f}{all_:10.3f}")
    print(f"\nabove .95 alone: {sum(r[4] > .95 for r in rows)} of {len(rows)}; together: {sum(r[5] > .95 for r in rows)}")


if __name__ == "__main__":
    main()
