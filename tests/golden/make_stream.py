#!/usr/bin/env python3
"""Writes stream.txt: streaming gates in float64, loss and all gradients through segments by PyTorch's autograd.

Usage: python3 tests/golden/make_stream.py   (needs torch, numpy, scikit-learn; Debian: python3-torch python3-sklearn)

Bar by bar in textbook form: every bar's band is cut out and attended to on its own, outputs of self-attention are made for
every bar and averaged after the output projection. Numbers that go in are small multiples of 1/1024.
"""
import os
import numpy as np
import torch
from make_models import F, Writer, element_loss, lstm, make, shapes

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stream.txt")
T, ROWS = 6, 30
SEGMENTS = [(0, 6, 15), (9, 9, 14), (12, 20, 30)]  # start, first scored, end
LABELS = np.random.default_rng(99).integers(-1, 2, (2, ROWS))


def softmax_sum(score, band):
    a = torch.softmax(score, 0)
    return a, (a.unsqueeze(-1) * band).sum(0)


def padded(a):
    return torch.cat([torch.zeros(T - len(a)), a])


def score_of(q, band, w, config):
    kind = config["attention"]
    if kind == "bahdanau":
        return (torch.tanh(q @ w["attention.W1"] + band @ w["attention.W2"]) @ w["attention.v"]).squeeze(-1)
    if kind == "luong_dot":
        return band @ q
    if kind == "luong_general":
        return band @ (q @ w["attention.W"])
    both = torch.cat([q.expand(len(band), -1), band], -1)
    return (torch.tanh(both @ w["attention.W"]) @ w["attention.v"]).squeeze(-1)


def multihead_rows(h, w, config):
    """Output and weights of every row over its own band."""
    n, d, outputs, weights = config["heads"], config["key_dim"], [], []
    q, k, v = (h @ w[f"attention.{p}.W"] + w[f"attention.{p}.b"] for p in ("query", "key", "value"))
    for t in range(len(h)):
        first, parts, rows = max(0, t - T + 1), [], []
        for j in range(n):
            cut = slice(j * d, (j + 1) * d)
            a = torch.softmax(k[first:t + 1, cut] @ q[t, cut] / np.sqrt(d), 0)
            parts.append(a @ v[first:t + 1, cut])
            rows.append(padded(a))
        outputs.append(torch.cat(parts) @ w["attention.output.W"] + w["attention.output.b"].squeeze(0))
        weights.append(torch.stack(rows))
    return torch.stack(outputs), torch.stack(weights)


def segment_logits(x, w, config):
    """x [steps, F] from a zero state -> logits [steps, 2], maps [steps, maps, T] or None"""
    h, kind = x.unsqueeze(0), config["attention"]
    for layer in range(config["layers"]):
        h = lstm(h, *(w[f"lstm{layer}.{p}"] for p in "WUb"))
    h, contexts, maps = h.squeeze(0), [], []
    outputs, weights = multihead_rows(h, w, config) if kind == "multihead" else (None, None)
    for t in range(len(h)):
        first, q = max(0, t - T + 1), h[t]
        band = h[first:t + 1]
        if kind == "none":
            contexts.append(q)
        elif kind == "mean_pool":
            contexts.append(band.mean(0))
        elif kind == "max_pool":
            contexts.append(band.max(0).values)
        elif kind == "multihead":
            c = outputs[first:t + 1].mean(0)
            contexts.append(torch.cat([c, q]) if config["combine"] else c)
            maps.append(weights[t])
        else:
            a, c = softmax_sum(score_of(q, band, w, config), band)
            maps.append(padded(a).unsqueeze(0))
            if config["combine"]:
                c = torch.cat([c, q])
                c = c if kind == "bahdanau" else torch.tanh(c @ w["attention.Wc"])
            contexts.append(c)
    logits = torch.relu(torch.stack(contexts) @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"]
    return logits, torch.stack(maps) if maps else None


def write_case(out, name, seed, loss=None, **changes):
    config = dict(encoder="lstm", attention="none", hidden=4, layers=1, units=3, heads=2, key_dim=3, combine=0, causal=0,
                  dense=5)
    config.update(changes)
    loss = dict(dict(name="bce", pos_weight=1.0, gamma=2.0, alpha=.25, beta=.9), **(loss or {}))
    lam = [[.6, .9], [.5, .8]]  # [gate][class]
    rng = np.random.default_rng(seed)
    x = torch.tensor(np.round(rng.normal(0, 1, (ROWS, F)) * 256) / 256)
    w = {k: make(rng, *shape, .6) for k, shape in shapes(config).items()}
    logits, maps, rows = [], [], []
    for start, first, end in SEGMENTS:
        z, a = segment_logits(x[start:end], w, config)
        logits.append(z[first - start:])
        if a is not None:
            maps.append(a[first - start:])
        rows += list(range(first, end))
    logits, total = torch.cat(logits), 0
    for gate in range(2):
        t = torch.tensor(LABELS[gate][rows], dtype=torch.float64)
        known = t >= 0
        total = total + element_loss(logits[known, gate], t[known], loss, lam[gate]).mean() / 2
    total.backward()
    out.line("case", name)
    out.line("config", *(f"{k}={v}" for k, v in config.items()), f"lookback={T}", f"features={F}")
    out.line("loss", loss["name"], *("%.17g" % loss[k] for k in ("pos_weight", "gamma", "alpha", "beta")),
             *("%.17g" % v for gate in lam for v in gate))
    out.numbers("x", "series", x.numpy())
    out.numbers("label", "long", LABELS[0])
    out.numbers("label", "short", LABELS[1])
    out.numbers("segment", "rows", SEGMENTS)
    for k, v in w.items():
        out.numbers("weight", k, v.detach().numpy())
    out.numbers("expect", "logit", logits.detach().numpy())
    if maps:
        out.numbers("expect", "map", torch.cat(maps).detach().numpy().reshape(len(rows), -1))
    out.numbers("expect", "loss", [total.item()])
    for k, v in w.items():
        out.numbers("gradient", k, v.grad.numpy())
    out.line("end")


def main():
    out = Writer(OUT)
    out.line("# made by make_stream.py with PyTorch in float64; do not edit")
    write_case(out, "none", 1)
    write_case(out, "none two layers", 2, layers=2)
    write_case(out, "bahdanau", 4, attention="bahdanau")
    write_case(out, "bahdanau combine two layers", 5, attention="bahdanau", combine=1, layers=2)
    write_case(out, "multihead", 6, attention="multihead")
    for i, kind in enumerate(("luong_dot", "luong_general", "luong_concat")):
        write_case(out, kind, 8 + 2 * i, attention=kind)
        write_case(out, kind + " combine", 9 + 2 * i, attention=kind, combine=1)
    write_case(out, "mean_pool", 15, attention="mean_pool")
    write_case(out, "max_pool", 16, attention="max_pool")
    write_case(out, "multihead combine", 17, attention="multihead", combine=1)
    write_case(out, "loss focal", 20, attention="bahdanau", loss=dict(name="focal"))
    write_case(out, "loss self_paced_linear", 21, loss=dict(name="self_paced_linear", pos_weight=2.5))


main()
