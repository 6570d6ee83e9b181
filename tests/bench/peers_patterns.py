#!/usr/bin/env python3
"""The pattern library's autoencoder in PyTorch's own nn.TransformerEncoder, to measure gatewalk against: P 50, 6 channels, D 64,
4 heads, 2 + 2 layers, the same bottleneck, batches of 256, AdamW with clipping, on the CPU.

Usage: python3 tests/bench/peers_patterns.py ./gatewalk [SECONDS [ROUNDS]]   (needs python3-torch from Debian)

Ours and theirs in turn, all cores on both sides; PyTorch takes the better of one process with all threads and one with one, as
installed and told to use its AVX-512 kernels where the CPU has them. Prints every round and the ratios of the best.
"""
import json
import os
import subprocess
import sys

PEER = r"""
import sys, time
import torch
from torch import nn
P, C, D, L, BATCH = 50, 6, 64, 32, 256
threads, seconds = int(sys.argv[1]), float(sys.argv[2])
torch.set_num_threads(threads)
def stack():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 4, 4 * D, dropout=0.0, batch_first=True, norm_first=True), 2)
def block(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.LayerNorm(o), nn.ReLU(), nn.Dropout(0.1))
class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rebuild, self.encoder, self.decoder = nn.Linear(C, D), nn.Linear(D, C), stack(), stack()
        self.narrow = nn.Sequential(block(P * D, 2 * D), block(2 * D, D), nn.Linear(D, L))
        self.widen = nn.Sequential(block(L, D), block(D, 2 * D), nn.Linear(2 * D, P * D))
        self.code = torch.randn(P, D)
    def forward(self, x):
        z = nn.functional.normalize(self.narrow(self.encoder(self.embed(x) + self.code).flatten(1)), dim=1)
        return z, self.rebuild(self.decoder(self.widen(z).reshape(-1, P, D) + self.code))
model = Autoencoder()
optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.01)
x = torch.randn(BATCH, P, C)
def step():
    optimizer.zero_grad()
    z, y = model(x)
    total = z.sum(0)
    c = (total @ total - (z * z).sum()) / (BATCH * (BATCH - 1))
    (nn.functional.mse_loss(y, x) + 0.01 * c).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
step()
best, begin = 0.0, time.perf_counter()
while best == 0 or time.perf_counter() - begin < seconds:
    start = time.perf_counter()
    step()
    best = max(best, BATCH / (time.perf_counter() - start))
print(best)
"""


def theirs(threads, seconds, core):
    environment = dict(os.environ, **({"OPENBLAS_CORETYPE": core} if core else {}))
    out = subprocess.run([sys.executable, "-c", PEER, str(threads), str(seconds)], check=True, capture_output=True, text=True, env=environment)
    return float(out.stdout)


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "./gatewalk"
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    cores = os.cpu_count()
    with open("/proc/cpuinfo") as info:
        builds = {"PyTorch": None, "PyTorch, AVX-512": "SkylakeX"} if "avx512f" in info.read() else {"PyTorch": None}
    best = {}
    for number in range(rounds):
        out = subprocess.run([binary, "bench", "patterns", "--json", "--seconds", str(seconds)], check=True, capture_output=True, text=True).stdout
        now = {row["what"].split(",")[0]: row["value"] for row in json.loads(out)}
        now.update({name: max(theirs(n, seconds, core) for n in {1, cores}) for name, core in builds.items()})
        print(f"round {number + 1}: " + ", ".join(f"{name} {value:.0f}" for name, value in now.items()) + " windows/s", flush=True)
        for name, value in now.items():
            best[name] = max(best.get(name, 0), value)
    for ours in (name for name in best if name.startswith("patterns")):
        print(f"{ours}: " + ", ".join(f"{best[ours] / best[name]:.2f} x {name}" for name in builds))


main()
