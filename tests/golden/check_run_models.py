"""The part of check_run.py that starts from the stored models: features, scaler, forward pass, probabilities, thresholds.

Features come from make_features.py, written window by window from their sources; the forward passes below are the
equations of the papers in float64. Fits whose probabilities are calibrated, adapted (lora) or averaged are left out."""
import json
import os
import struct

import numpy as np
import pandas as pd

import make_features


def read_safetensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    kinds = {"F32": "<f4", "F64": "<f8"}
    return {name: np.frombuffer(data[slice(*t["data_offsets"])], kinds[t["dtype"]]).reshape(t["shape"]).astype(float)
            for name, t in header.items() if name != "__metadata__"}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def lstm(x, w, u, b):
    """Keras' form: z = xW + hU + b, gates i f c o. x: [n, T, F]; all states [n, T, H]."""
    n, steps, _ = x.shape
    h = c = np.zeros((n, u.shape[0]))
    out = np.empty((n, steps, u.shape[0]))
    for t in range(steps):
        i, f, g, o = np.split(x[:, t] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out[:, t] = h
    return out


def context(model, h, config):
    if config.get("attention", "none") == "none":
        return h[:, -1]
    if config["attention"] == "bahdanau":
        e = np.tanh((h[:, -1] @ model["attention.W1"])[:, None] + h @ model["attention.W2"]) @ model["attention.v"]
        return np.einsum("ns,nsh->nh", softmax(e[..., 0]), h)
    heads, d = config["heads"], config["key_dim"]
    part = lambda name: (h @ model[f"attention.{name}.W"] + model[f"attention.{name}.b"]).reshape(*h.shape[:2], heads, d)
    q, k, v = part("query"), part("key"), part("value")
    a = softmax(np.einsum("nqjd,nkjd->njqk", q, k) / np.sqrt(d))
    mixed = np.einsum("njqk,nkjd->nqjd", a, v).reshape(*h.shape[:2], heads * d)
    return (mixed @ model["attention.output.W"] + model["attention.output.b"]).mean(1)


def forward(model, x, config):
    """Two probabilities for each window."""
    if config["encoder"] == "logistic":
        return sigmoid(x[:, -1] @ model["head.W"] + model["head.b"])
    for layer in range(config["layers"]):
        x = lstm(x, *(model[f"lstm{layer}.{part}"] for part in "WUb"))
    dense = np.maximum(context(model, x, config) @ model["dense.W"] + model["dense.b"], 0)
    return sigmoid(dense @ model["head.W"] + model["head.b"])


def raw_features(bars, specs, begin, end):
    """Features of the bars begin … end, from a past long enough for everything but recursions to be exact."""
    past = max(0, begin - 3000)
    t = pd.DataFrame({k: bars[k][past:end] for k in ("open", "high", "low", "close", "volume")})
    t["open_ns"] = bars["ns"][past:end]
    for extra in ("quote_volume", "trade_count", "taker_buy_base"):
        t[extra] = bars[extra][past:end] if extra in bars else np.nan
    for outside in ("x", "x.close", "x.rank"):  # columns of files and of other symbols are not looked up here
        t[outside] = np.nan
    make_features.BASE = bars["interval"]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.stack([make_features.column(t, spec) for spec in specs], 1)
    return value.astype(np.float32)[begin - past:]


def understood(spec):
    model, train = spec.get("model"), spec.get("training")
    return (model and train and not spec.get("ensemble_of") and train["calibration"] == "none" and train["retrain"] != "lora"
            and train.get("snapshots", "none") == "none"
            and train["precision"] == "float32" and model["encoder"] in ("lstm", "logistic")
            and model.get("attention", "none") in ("none", "bahdanau", "multihead") and model.get("unroll", "window") == "window"
            and not model.get("causal_mask") and not model.get("luong_combine") and not spec.get("scores"))


def check_fold(run, report, spec, seed, fold, features, offset):
    """One fit: scaler, probabilities of its test bars, thresholds. Of one symbol's features, which begin at `offset`."""
    name = f"{spec['name']} s{seed} fold {fold}"
    model = read_safetensors(os.path.join(run.path, "models", f"{spec['name']}-s{seed}-f{fold:03d}.safetensors"))
    slices = run.folds[run.folds.fold == fold].set_index("slice")
    rows = lambda s: np.arange(slices.loc[s, "first_sample"], slices.loc[s, "end_sample"]) - offset
    center, inverse = model["scaler.center"], model["scaler.inverse_scale"]
    if run.config["scaler"]["kind"] == "standard":
        train = features[rows("train")].astype(float)
        report.add_all(f"{name} scaler center", center, train.mean(0), 1e-3, np.abs(train).mean())
        report.add_all(f"{name} scaler scale", inverse, 1 / train.std(0), 1e-3)
    clip = run.config["scaler"]["clip"] if run.config["scaler"]["kind"] != "none" else np.inf
    scaled = np.clip((features - center) * inverse, -clip, clip)
    window = np.arange(-spec["model"]["lookback"] + 1, 1)
    p = {s: np.concatenate([forward(model, scaled[part[:, None] + window], spec["model"])
                            for part in np.array_split(rows(s), max(1, len(rows(s)) // 500))]) for s in ("validation", "test")}
    s = run.scores
    mine = s[(s.strategy == spec["name"]) & (s.seed == seed) & (s.fold == fold)]
    keep = max(1, int(np.ceil(round(run.config["signals"]["act_on"] * len(p["validation"]) / 100, 9))))
    for g, gate in enumerate(("long", "short")):
        report.add_all(f"{name} p_{gate} from the stored model", mine["p_" + gate], p["test"][:, g], 2e-4)
        if run.config["signals"]["threshold"] == "validation":
            tau = np.sort(p["validation"][:, g])[-keep]
            report.add(f"{name} tau_{gate} = quantile on validation", mine["tau_" + gate].iloc[0], tau, 2e-4)


def check_models(run, report, n_folds, only):
    """The first n folds of the first seed. One symbol only: with several, samples of one fold are pooled."""
    if n_folds == 0 or len(run.bars) != 1:
        return
    bars = next(iter(run.bars.values()))
    first_seed = run.summary["seeds"][0]
    for fold in range(1, min(n_folds, run.summary["n_folds"]) + 1):
        slices = run.folds[run.folds.fold == fold]
        lookback = max((s["model"]["lookback"] for s in run.config["strategies"] if s.get("model")), default=1)
        begin = max(0, int(slices.first_bar.min()) - lookback)
        if any(w in spec for spec in run.config["features"] for w in ("col", "beta(", "correlation(", "spread(", "excess(", "rank(")):
            report.skip("models: features of columns from outside and of other symbols")
            return
        features = raw_features(bars, run.config["features"], begin, int(slices.end_bar.max()))
        for spec in run.config["strategies"]:
            if understood(spec) and (not only or spec["name"] in only):
                check_fold(run, report, spec, first_seed, fold, features, begin)
