"""The scores of a run, made again in PyTorch from two files: a stored fit and the features that it sees.

    gatewalk run EXPERIMENT.json --out RUN_DIR
    gatewalk features EXPERIMENT.json --out features.npy
    python3 tests/golden/reproduce_scores.py RUN_DIR features.npy

Where features are fitted, `gatewalk features --fold N` writes those of one fold, and its fits alone are compared.

Every windowed fit with attention "none" or "bahdanau", neither calibrated nor adapted, is loaded (of a snapshot ensemble all of them), every row that scores.csv has of it
is scored, and the largest difference is printed; beyond 2e-5 the exit status is 1. Needs numpy, pandas and PyTorch."""
import json
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch


def load(path):
    """A .safetensors file: header length, JSON header, tensors. Metadata, then tensors by name."""
    raw = path.read_bytes()
    end = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:end])
    meta = header.pop("__metadata__")
    kind = {"F32": "<f4", "F64": "<f8"}
    return meta, {name: torch.tensor(np.frombuffer(raw[end:], kind[t["dtype"]], int(np.prod(t["shape"])),
                                                   t["data_offsets"][0]).reshape(t["shape"]).astype("f4"))
                  for name, t in header.items()}


def forward(w, attention, layers, x):
    """x [N, T, F] → p [N, 2]. Gates i f c o are those of torch.nn.LSTM, weights there are transposed and have two biases."""
    H = w["lstm0.U"].shape[0]
    lstm = torch.nn.LSTM(x.shape[2], H, num_layers=layers, batch_first=True)
    for k in range(layers):
        for name, value in (("weight_ih", w[f"lstm{k}.W"].T), ("weight_hh", w[f"lstm{k}.U"].T),
                            ("bias_ih", w[f"lstm{k}.b"][0]), ("bias_hh", torch.zeros(4 * H))):
            getattr(lstm, f"{name}_l{k}").data.copy_(value)
    h, _ = lstm(x)
    context = h[:, -1]
    if attention == "bahdanau":  # arXiv 1409.0473, the query is the last state
        e = torch.tanh((context @ w["attention.W1"])[:, None] + h @ w["attention.W2"]) @ w["attention.v"]
        context = (torch.softmax(e, 1) * h).sum(1)
    return torch.sigmoid(torch.relu(context @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"])


def members(w):
    """Of a snapshot ensemble the weights of every snapshot, and shares [gates x snapshots]; of any other model its own."""
    if "snapshots.weight" not in w:
        return [w], torch.ones(2, 1)
    share = w["snapshots.weight"]
    own = {name: value for name, value in w.items() if not name.startswith("snapshot")}
    earlier = [{name: w[f"snapshot{s}.{name}"] for name in own if f"snapshot{s}.{name}" in w}
               for s in range(1, share.shape[1])]
    return earlier + [own], share


def compare(path, scores, features, row_of):
    meta, w = load(path)
    settings = json.loads(meta["settings"])
    model = settings["model"]
    strategy, seed, fold = re.fullmatch(r"(.+)-s(\d+)-f(\d+)", path.stem).groups()
    skipped = model["encoder"] != "lstm" or model["attention"] not in ("none", "bahdanau") or model["unroll"] != "window" \
        or settings["training"]["retrain"] == "lora" or any(name.startswith("calibration") for name in w)
    rows = scores[(scores.strategy == strategy) & (scores.seed == int(seed)) & (scores.fold == int(fold))]
    if skipped or rows.empty:
        return None
    clip = float(meta["gatewalk.scaler_clip"])
    x = torch.clamp((features - w["scaler.center"]) * w["scaler.inverse_scale"], -clip, clip)
    last = np.array([row_of[key] for key in zip(rows.time, rows.symbol)])
    windows = x[torch.from_numpy(last[:, None] - np.arange(model["lookback"])[::-1])]
    with torch.no_grad():
        all_of, share = members(w)
        p = sum(share[:, s] * forward(one, model["attention"], model["layers"], windows)
                for s, one in enumerate(all_of)).numpy()
    worst = np.abs(p - rows[["p_long", "p_short"]].to_numpy()).max()
    print(f"{path.stem:40} {model['attention']:9} {len(rows):6} rows   largest difference {worst:.1e}")
    return worst


def main():
    run, npy = Path(sys.argv[1]), Path(sys.argv[2])
    scores = pd.read_csv(run / "scores.csv")
    fold = json.loads(npy.with_suffix(".json").read_text()).get("fitted_by_fold")
    if fold:
        scores = scores[scores.fold == fold]
    rows = pd.read_csv(npy.with_suffix(".csv"))
    row_of = {key: i for i, key in enumerate(zip(rows.time, rows.symbol))}
    features = torch.from_numpy(np.load(npy))
    worst = [compare(path, scores, features, row_of) for path in sorted((run / "models").glob("*.safetensors"))]
    worst = [w for w in worst if w is not None]
    print(f"{len(worst)} fits, largest difference {max(worst, default=np.nan):.1e}")
    sys.exit(0 if worst and max(worst) <= 2e-5 else 1)


main()
