#!/usr/bin/env python3
"""Writes models.txt: forward values and all gradients of every model in float64, by PyTorch's autograd.

Usage: python3 tests/golden/make_models.py   (needs torch, numpy, scikit-learn; Debian: python3-torch python3-sklearn)

Every number that goes in is a small multiple of 1/1024, so it is the same in float32 and float64. The formulas are
written in their textbook form (values projected over time, PyTorch's own LSTM and so on), not in the form the C code uses.
"""
import os
import numpy as np
import torch
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score

torch.set_default_dtype(torch.float64)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models.txt")
T, F, ROWS = 6, 3, 16
SAMPLES = [5, 6, 7, 10, 15]
CROSS_ROWS, CROSS_COLUMNS = [1, 4, 5, 8, 11, 14], [2, 0]
LABELS = [[1, 0, 0, 1, 0], [0, 0, -1, 1, 1]]
# Best and worst move by each of a decoder's steps [sample, step, side]; the third sample's is not known. TOLD: which steps are
# told by scheduled sampling in epoch 3 of seed 0, half of them on average: the draws of models/network/decoder_teach.c.
PATH = torch.tensor([[[.5, -.25], [1.75, -.25], [1.75, -3.5], [4.25, -3.5]], [[0, -.125], [0, -.5], [.75, -.5], [.75, -.5]],
                     [[np.nan] * 2] * 4, [[2.5, 0], [2.5, 0], [2.5, -1], [2.5, -1.5]],
                     [[0, -2], [.5, -2], [.5, -6], [.5, -6]]])
TOLD = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0.]])


class Writer:
    def __init__(self, path):
        self.f = open(path, "w")

    def line(self, *words):
        self.f.write(" ".join(str(w) for w in words) + "\n")

    def numbers(self, kind, name, values):
        a = np.asarray(values, dtype=np.float64)
        rows, cols = (1, a.size) if a.ndim < 2 else (a.shape[0], a.size // a.shape[0])
        self.line(kind, name, rows, cols, *("%.17g" % v for v in a.reshape(-1)))


def make(rng, rows, cols, scale):
    return torch.tensor(np.round(rng.normal(0, scale, (rows, cols)) * 1024) / 1024, requires_grad=True)


def lstm(x, w, u, b):
    """x [B, T, F] -> all hidden states [B, T, H]; PyTorch's gate order i, f, g, o is Keras' i, f, c, o."""
    zero = torch.zeros(1, x.shape[0], u.shape[0])
    weights = [w.t().contiguous(), u.t().contiguous(), b.reshape(-1), torch.zeros(u.shape[1])]
    h, _, _ = torch.lstm(x, (zero, zero), weights, True, 1, 0.0, True, False, True)
    return h


def softmax_context(score, h):
    a = torch.softmax(score, dim=1)
    return a, (a.unsqueeze(-1) * h).sum(1)


def finish_luong(c, q, w, config):
    return torch.tanh(torch.cat([c, q], 1) @ w["attention.Wc"]) if config["combine"] else c


def additive(h, q, w, config):
    score = (torch.tanh((q @ w["attention.W1"]).unsqueeze(1) + h @ w["attention.W2"]) @ w["attention.v"]).squeeze(-1)
    a, c = softmax_context(score, h)
    return a.unsqueeze(1), (torch.cat([c, q], 1) if config["combine"] else c)


def multihead(h, w, config):
    B, n, d = h.shape[0], config["heads"], config["key_dim"]
    h = place(h, w, config)
    split = lambda z: z.reshape(B, T, n, d).permute(0, 2, 1, 3)
    q, k, v = (split(h @ w[f"attention.{p}.W"] + w[f"attention.{p}.b"]) for p in ("query", "key", "value"))
    s = q @ k.transpose(-1, -2) / np.sqrt(d)
    if config.get("position") == "alibi":
        apart = (torch.arange(T)[:, None] - torch.arange(T)[None]).abs()
        s = s - 2.0 ** (-8 * torch.arange(1, n + 1) / n)[:, None, None] * apart
    if config["causal"]:
        s = s.masked_fill(torch.triu(torch.ones(T, T, dtype=torch.bool), 1), -np.inf)
    a = torch.softmax(s, -1)
    o = (a @ v).permute(0, 2, 1, 3).reshape(B, T, n * d) @ w["attention.output.W"] + w["attention.output.b"]
    return a.mean(2), o.mean(1)


def place(h, w, config):
    """Sines and cosines, or learned vectors, on the states."""
    H, kind = h.shape[2], config.get("position", "none")
    s, i = torch.arange(T)[:, None], torch.arange(H)[None]
    angle = s / 10000 ** ((i - i % 2) / H)
    if kind == "sinusoidal":
        return h + torch.where(i % 2 == 1, torch.cos(angle), torch.sin(angle))
    return h + w["attention.position"] if kind == "learned" else h


def linear(h, w, config):
    """The causal sum written out: every query's weights over the keys up to it."""
    B, n, d = h.shape[0], config["heads"], config["key_dim"]
    split = lambda z: z.reshape(B, T, n, d).permute(0, 2, 1, 3)
    q, k, v = (split(h @ w[f"attention.{p}.W"] + w[f"attention.{p}.b"]) for p in ("query", "key", "value"))
    f = lambda z: torch.nn.functional.elu(z) + 1
    a = torch.tril(f(q) @ f(k).transpose(-1, -2))
    a = a / a.sum(-1, keepdim=True)
    o = (a @ v).permute(0, 2, 1, 3).reshape(B, T, n * d) @ w["attention.output.W"] + w["attention.output.b"]
    o = o.mean(1)
    return a.mean(2), torch.cat([o, h[:, -1]], 1) if config["combine"] else o


def local(h, q, w, config):
    s, D = torch.arange(T, dtype=torch.float64), config["local_span"]
    score = torch.einsum("bh,hk,btk->bt", q, w["attention.W"], h)
    if config["attention"] == "local_m":
        a = torch.softmax(score.masked_fill(s < T - 1 - D, -np.inf), 1)
        return a.unsqueeze(1), finish_luong((a.unsqueeze(-1) * h).sum(1), q, w, config)
    p = (T - 1) * torch.sigmoid(torch.tanh(q @ w["attention.Wp"]) @ w["attention.vp"])
    a = torch.softmax(score.masked_fill((s - p).abs() > D, -np.inf), 1) * torch.exp(-(s - p) ** 2 / (2 * (D / 2) ** 2))
    c = (a.unsqueeze(-1) * h).sum(1)
    return (a / a.sum(1, keepdim=True)).unsqueeze(1), finish_luong(c, q, w, config)


def simplex(score, power):
    """max(0, z - tau)^power that sums to 1: tau by bisection, its gradient by one Newton step from there."""
    z = score / power
    low, high = z.detach().max(1, keepdim=True).values - 1, z.detach().max(1, keepdim=True).values
    for _ in range(200):
        mid = (low + high) / 2
        above = (torch.clamp(z.detach() - mid, min=0) ** power).sum(1, keepdim=True) >= 1
        low, high = torch.where(above, mid, low), torch.where(above, high, mid)
    over = torch.clamp(z - low, min=0)
    slope = (power * torch.clamp(z.detach() - low, min=0) ** (power - 1) * (z.detach() > low)).sum(1, keepdim=True)
    tau = low + ((over ** power).sum(1, keepdim=True) - 1) / slope
    return torch.clamp(z - tau, min=0) ** power


def sparse(h, q, w, config):
    score, rule, keep = torch.einsum("bh,hk,btk->bt", q, w["attention.W"], h), config["sparse_rule"], config["sparse_keep"]
    lag = T - 1 - torch.arange(T)
    if rule == "top_k":
        a = torch.softmax(score.masked_fill(score < torch.topk(score, keep).values[:, -1:], -np.inf), 1)
    elif rule == "strided":
        out = (lag >= keep) & ((lag - keep + 1) % config["sparse_stride"] != 0)
        a = torch.softmax(score.masked_fill(out, -np.inf), 1)
    else:
        a = simplex(score, 1 if rule == "sparsemax" else 2)
    return a.unsqueeze(1), finish_luong((a.unsqueeze(-1) * h).sum(1), q, w, config)


def luong(h, q, w, config):
    kind = config["attention"]
    if kind == "luong_dot":
        score = torch.einsum("bh,bth->bt", q, h)
    elif kind == "luong_general":
        score = torch.einsum("bh,hk,btk->bt", q, w["attention.W"], h)
    else:
        both = torch.cat([q.unsqueeze(1).expand(-1, T, -1), h], -1)
        score = (torch.tanh(both @ w["attention.W"]) @ w["attention.v"]).squeeze(-1)
    a, c = softmax_context(score, h)
    return a.unsqueeze(1), finish_luong(c, q, w, config)


def dual_stage(x, w):
    """Input attention of DA-RNN: e_t^k = v . tanh(W [h; s] + U x^k), x~_t = a_t * x_t, then the LSTM cell."""
    B, H = x.shape[0], w["lstm0.U"].shape[0]
    h = c = torch.zeros(B, H)
    series = x.transpose(1, 2) @ w["input.U"]  # [B, F, A]
    states, alphas = [], []
    for t in range(T):
        e = (torch.tanh((torch.cat([h, c], 1) @ w["input.W"]).unsqueeze(1) + series) @ w["input.v"]).squeeze(-1)
        alpha = torch.softmax(e, 1)
        z = (alpha * x[:, t]) @ w["lstm0.W"] + h @ w["lstm0.U"] + w["lstm0.b"]
        i, f, g, o = z.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states.append(h)
        alphas.append(alpha)
    return torch.stack(states, 1), torch.stack(alphas, 1).mean(1)


def gru(x, w, config):
    """PyTorch's own GRU; its two biases of r and z are one here."""
    for layer in range(config["layers"]):
        n = w[f"gru{layer}.U"].shape[0]
        bias = torch.cat([torch.zeros(2 * n), w[f"gru{layer}.m"].reshape(-1)])
        weights = [w[f"gru{layer}.W"].t(), w[f"gru{layer}.U"].t(), w[f"gru{layer}.b"].reshape(-1), bias]
        x, _ = torch.gru(x, torch.zeros(1, x.shape[0], n), weights, True, 1, 0.0, True, False, True)
    return x[:, -1]


def tcn(x, w, config):
    """Residual blocks of PyTorch's convolutions, padded on the left; all steps of all levels."""
    x, k, level = x.transpose(1, 2), config["conv_taps"], 0
    while f"tcn{level}.W1" in w:
        def conv(z, i):
            kernel = w[f"tcn{level}.W{i}"]  # rows: tap of lag 0, of lag 1 ...
            kernel = kernel.reshape(k, z.shape[1], -1).flip(0).permute(2, 1, 0)
            z = torch.nn.functional.pad(z, ((k - 1) * 2 ** level, 0))
            return torch.relu(torch.conv1d(z, kernel, w[f"tcn{level}.b{i}"].reshape(-1), dilation=2 ** level))
        straight = torch.einsum("bft,fc->bct", x, w["tcn.R"]) if level == 0 else x
        x = torch.relu(conv(conv(x, 1), 2) + straight)
        level += 1
    return x[:, :, -1]


def causal_transformer(x, w, config):
    D, n = w["embed.W"].shape[1], config["encoder_heads"]
    s, i = torch.arange(T)[:, None], torch.arange(D)[None]
    angle = s / 10000 ** ((i - i % 2) / D)
    h = x @ w["embed.W"] + w["embed.b"] + torch.where(i % 2 == 1, torch.cos(angle), torch.sin(angle))
    norm = lambda z, name: torch.layer_norm(z, (D,), w[name + ".g"].reshape(-1), w[name + ".b"].reshape(-1), 1e-5)
    for layer in range(config["encoder_blocks"]):
        v = lambda name: w[f"block{layer}.{name}"]
        mix, _ = torch.nn.functional.multi_head_attention_forward(
            *[norm(h, f"block{layer}.norm1").transpose(0, 1)] * 3, D, n, v("qkv.W").t(), v("qkv.b").reshape(-1), None,
            None, False, 0.0, v("mix.W").t(), v("mix.b").reshape(-1), need_weights=False,
            attn_mask=torch.triu(torch.ones(T, T, dtype=torch.bool), 1))
        h = h + mix.transpose(0, 1)
        c = norm(h, f"block{layer}.norm2")
        h = h + torch.relu(c @ v("ffn1.W") + v("ffn1.b")) @ v("ffn2.W") + v("ffn2.b")
    return norm(h[:, -1], "norm")


def cross(q, w, config, x):
    """The last state asks an LSTM over the second sequence: chosen columns of chosen rows, zeros before the first."""
    n, windows = config["cross_lookback"], []
    for r in SAMPLES:
        rows = x[[i for i in CROSS_ROWS if i <= r]][:, CROSS_COLUMNS]
        windows.append(torch.cat([torch.zeros(n, len(CROSS_COLUMNS)), rows])[-n:])
    k = lstm(torch.stack(windows), *(w[f"cross.{p}"] for p in "WUb"))
    score = (torch.tanh((q @ w["cross.Wq"]).unsqueeze(1) + k @ w["cross.Wk"]) @ w["cross.v"]).squeeze(-1)
    return softmax_context(score, k)


def attend(q, h, w, config):
    kind = config["attention"]
    if kind == "bahdanau":
        score = (torch.tanh((q @ w["attention.W1"]).unsqueeze(1) + h @ w["attention.W2"]) @ w["attention.v"]).squeeze(-1)
    elif kind == "luong_concat":
        both = torch.cat([q.unsqueeze(1).expand_as(h), h], 2)
        score = (torch.tanh(both @ w["attention.W"]) @ w["attention.v"]).squeeze(-1)
    else:
        key = h @ w["attention.W"].t() if kind == "luong_general" else h
        score = torch.einsum("bh,bth->bt", q, key)
    return softmax_context(score, h)


def decode(h, w, config, path, told):
    """h [B, T, H] -> context [B, C], maps [B, M, T], moves [B, M, 2]; where told [B, M] a step takes the path so far."""
    B, H, bahdanau = h.shape[0], h.shape[2], config["attention"] == "bahdanau"
    cell = [w["decoder.W"].t(), w["decoder.U"].t(), w["decoder.b"].reshape(-1), torch.zeros(4 * H)]
    s, c = h[:, -1], torch.zeros(B, H)
    said, fed, maps, moves = torch.zeros(B, 2), torch.zeros(B, H), [], []
    for m in range(config["decoder_steps"]):
        x = torch.where(told[:, m:m + 1] > 0, path[:, m - 1], said) if m else said
        if bahdanau:
            a, context = attend(s, h, w, config)
            s, c = torch.lstm_cell(torch.cat([x, context], 1), (s, c), *cell)
            end = torch.cat([context, s], 1)
        else:
            s, c = torch.lstm_cell(torch.cat([x, fed], 1), (s, c), *cell)
            a, context = attend(s, h, w, config)
            fed = finish_luong(context, s, w, config)
            end = fed if config["combine"] else torch.cat([context, s], 1)
        said = end @ w["decoder.Wy"] + w["decoder.by"]
        maps.append(a)
        moves.append(said)
    gate = end if config["combine"] else context
    return gate, torch.stack(maps, 1), torch.stack(moves, 1)


CONTROLS = {"gru": gru, "tcn": tcn, "causal_transformer": causal_transformer}


def control_shapes(config):
    kind, C, s = config["encoder"], config["encoder_width"], {}
    if kind == "gru":
        for layer in range(config["layers"]):
            s.update({f"gru{layer}.W": (F if layer == 0 else C, 3 * C), f"gru{layer}.U": (C, 3 * C),
                      f"gru{layer}.b": (1, 3 * C), f"gru{layer}.m": (1, C)})
    if kind == "tcn":
        k, level = config["conv_taps"], 0
        while level == 0 or 1 + 2 * (k - 1) * (2 ** level - 1) < T:
            s.update({f"tcn{level}.W1": (k * (C if level else F), C), f"tcn{level}.b1": (1, C),
                      f"tcn{level}.W2": (k * C, C), f"tcn{level}.b2": (1, C)})
            level += 1
        s["tcn.R"] = (F, C)
    if kind == "causal_transformer":
        for layer in range(config["encoder_blocks"]):
            for name, *shape in (("norm1.g", 1, C), ("norm1.b", 1, C), ("qkv.W", C, 3 * C), ("qkv.b", 1, 3 * C),
                                 ("mix.W", C, C), ("mix.b", 1, C), ("norm2.g", 1, C), ("norm2.b", 1, C),
                                 ("ffn1.W", C, 4 * C), ("ffn1.b", 1, 4 * C), ("ffn2.W", 4 * C, C), ("ffn2.b", 1, C)):
                s[f"block{layer}.{name}"] = tuple(shape)
        s.update({"embed.W": (F, C), "embed.b": (1, C), "norm.g": (1, C), "norm.b": (1, C)})
    s.update({"dense.W": (C, config["dense"]), "dense.b": (1, config["dense"]),
              "head.W": (config["dense"], 2), "head.b": (1, 2)})
    return s


def forward(x, w, config, rows=None):
    """x [B, T, F] -> logits, time maps [B, maps, T] or None, feature map [B, F] or None"""
    kind, feature = config["attention"], None
    if config["encoder"] == "logistic":
        return x[:, -1] @ w["head.W"] + w["head.b"], None, None
    if config["encoder"] in CONTROLS:
        context = CONTROLS[config["encoder"]](x, w, config)
        return torch.relu(context @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"], None, None
    if kind == "dual_stage":
        h, feature = dual_stage(x, w)
    else:
        h = x
        for layer in range(config["layers"]):
            h = lstm(h, *(w[f"lstm{layer}.{p}"] for p in "WUb"))
    q, a = h[:, -1], None
    if config.get("decoder"):
        free = torch.zeros(len(SAMPLES), config["decoder_steps"])
        context, a, said = decode(h, w, config, PATH, free)
        told = {"full": torch.ones_like(free), "scheduled": TOLD[:, :free.shape[1]], "none": free}
        known = (~torch.isnan(PATH[:, :1, 0])).double()
        taught = decode(h, w, config, PATH, known * told[config["decoder_teacher"]])[2]
        logits = torch.relu(context @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"]
        return logits, a, feature, said, taught
    if kind == "none":
        context = q
    elif kind == "mean_pool":
        context = h.mean(1)
    elif kind == "max_pool":
        context = h.max(1).values
    elif kind in ("bahdanau", "dual_stage"):
        a, context = additive(h, q, w, config)
    elif kind == "multihead":
        a, context = multihead(h, w, config)
        context = torch.cat([context, q], 1) if config["combine"] else context
    elif kind == "linear":
        a, context = linear(h, w, config)
    elif kind in ("local_m", "local_p"):
        a, context = local(h, q, w, config)
    elif kind == "sparse":
        a, context = sparse(h, q, w, config)
    else:
        a, context = luong(h, q, w, config)
    if config.get("cross"):
        across, second = cross(q, w, config, rows)
        context = torch.cat([context, second], 1)
        return torch.relu(context @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"], a, feature, across
    return torch.relu(context @ w["dense.W"] + w["dense.b"]) @ w["head.W"] + w["head.b"], a, feature


def shapes(config):
    H, A, D = config["hidden"], config["units"], config["heads"] * config["key_dim"]
    kind, s, width = config["attention"], {}, config["hidden"]
    if config["encoder"] == "logistic":
        return {"head.W": (F, 2), "head.b": (1, 2)}
    if config["encoder"] in CONTROLS:
        return control_shapes(config)
    if kind == "dual_stage":
        s.update({"lstm0.W": (F, 4 * H), "lstm0.U": (H, 4 * H), "lstm0.b": (1, 4 * H), "input.W": (2 * H, A),
                  "input.U": (T, A), "input.v": (A, 1)})
    else:
        for layer in range(config["layers"]):
            s.update({f"lstm{layer}.W": (F if layer == 0 else H, 4 * H), f"lstm{layer}.U": (H, 4 * H),
                      f"lstm{layer}.b": (1, 4 * H)})
    if kind in ("bahdanau", "dual_stage"):
        s.update({"attention.W1": (H, A), "attention.W2": (H, A), "attention.v": (A, 1)})
        width = 2 * H if config["combine"] else H
    if kind in ("local_m", "local_p", "sparse"):
        s["attention.W"] = (H, H)
        if kind == "local_p":
            s.update({"attention.Wp": (H, H), "attention.vp": (H, 1)})
        if config["combine"]:
            s["attention.Wc"] = (2 * H, H)
    if kind == "luong_general":
        s["attention.W"] = (H, H)
    if kind == "luong_concat":
        s.update({"attention.W": (2 * H, A), "attention.v": (A, 1)})
    if kind.startswith("luong") and config["combine"]:
        s["attention.Wc"] = (2 * H, H)
    if kind in ("multihead", "linear"):
        for p in ("query", "key", "value"):
            s.update({f"attention.{p}.W": (H, D), f"attention.{p}.b": (1, D)})
        s.update({"attention.output.W": (D, H), "attention.output.b": (1, H)})
        if config.get("position") == "learned":
            s["attention.position"] = (T, H)
        width = 2 * H if config["combine"] else H
    if config.get("decoder"):
        read = H if config["combine"] and kind != "bahdanau" else 2 * H
        s.update({"decoder.W": (2 + H, 4 * H), "decoder.U": (H, 4 * H), "decoder.b": (1, 4 * H),
                  "decoder.Wy": (read, 2), "decoder.by": (1, 2)})
    if config.get("cross"):
        C, U = config["cross_hidden"], config["cross_units"]
        s.update({"cross.W": (len(CROSS_COLUMNS), 4 * C), "cross.U": (C, 4 * C), "cross.b": (1, 4 * C),
                  "cross.Wq": (H, U), "cross.Wk": (C, U), "cross.v": (U, 1)})
        width += C
    s.update({"dense.W": (width, config["dense"]), "dense.b": (1, config["dense"])})
    s.update({"head.W": (config["dense"], 2), "head.b": (1, 2)})
    return s


def element_loss(z, t, loss, lam):
    """One gate: z, t [n] -> loss values [n], by the textbook formula in p."""
    p = torch.sigmoid(z)
    ce = lambda target: -(target * torch.log(p) + (1 - target) * torch.log(1 - p))
    name, beta = loss["name"], loss["beta"]
    if name == "bce":
        return -(loss["pos_weight"] * t * torch.log(p) + (1 - t) * torch.log(1 - p))
    if name == "focal":
        pt, at = torch.where(t > 0, p, 1 - p), torch.where(t > 0, loss["alpha"], 1 - loss["alpha"])
        return -at * (1 - pt) ** loss["gamma"] * torch.log(pt)
    if name == "bootstrap_soft":
        return ce(beta * t + (1 - beta) * p)
    if name == "bootstrap_hard":
        return ce(beta * t + (1 - beta) * (p > .5).double())
    base = -(loss["pos_weight"] * t * torch.log(p) + (1 - t) * torch.log(1 - p))
    limit = torch.where(t > 0, torch.tensor(lam[1]), torch.tensor(lam[0]))
    inside = base.detach() < limit
    if name == "self_paced_hard":  # weight 1[l < lambda]; the value counts what waits outside as lambda
        return torch.where(inside, base, limit)
    weight = torch.clamp(1 - base.detach() / limit, min=0)  # gradient: weight times that of the loss
    value = torch.where(inside, base.detach() - base.detach() ** 2 / (2 * limit), limit / 2)
    return value + weight * (base - base.detach())


def write_case(out, name, seed, loss=None, **changes):
    config = dict(encoder="lstm", attention="none", hidden=4, layers=1, units=3, heads=2, key_dim=3, combine=0, causal=0,
                  dense=5)
    config.update(changes)
    loss = dict(dict(name="bce", pos_weight=1.0, gamma=2.0, alpha=.25, beta=.9), **(loss or {}))
    lam = [[.6, .9], [.5, .8]]  # [gate][class]
    rng = np.random.default_rng(seed)
    x = torch.tensor(np.round(rng.normal(0, 1, (ROWS, F)) * 256) / 256)
    w = {k: make(rng, *shape, .6) for k, shape in shapes(config).items()}
    windows = torch.stack([x[r - T + 1:r + 1] for r in SAMPLES])
    logits, maps, feature, *more = forward(windows, w, config, x)
    across, moves = ([], more) if config.get("decoder") else (more, [])
    total = 0
    for gate in range(2):
        t = torch.tensor(LABELS[gate], dtype=torch.float64)
        known = t >= 0
        total = total + element_loss(logits[known, gate], t[known], loss, lam[gate]).mean() / 2
    path_loss = torch.tensor(0.0)
    if moves:
        known, M = ~torch.isnan(PATH[:, 0, 0]), config["decoder_steps"]
        path_loss = config["decoder_weight"] * torch.nn.functional.huber_loss(moves[1][known], PATH[known][:, :M], delta=1.0)
    (total + path_loss).backward()
    out.line("case", name)
    out.line("config", *(f"{k}={v}" for k, v in config.items()), f"lookback={T}", f"features={F}")
    out.line("loss", loss["name"], *("%.17g" % loss[k] for k in ("pos_weight", "gamma", "alpha", "beta")),
             *("%.17g" % v for gate in lam for v in gate))
    out.numbers("x", "series", x.numpy())
    out.numbers("label", "long", LABELS[0])
    out.numbers("label", "short", LABELS[1])
    out.numbers("sample", "row", SAMPLES)
    for k, v in w.items():
        out.numbers("weight", k, v.detach().numpy())
    out.numbers("expect", "logit", logits.detach().numpy())
    if maps is not None:
        out.numbers("expect", "map", maps.detach().numpy().reshape(len(SAMPLES), -1))
    if across:
        out.numbers("cross", "row", CROSS_ROWS)
        out.numbers("cross", "column", CROSS_COLUMNS)
        out.numbers("expect", "across", across[0].detach().numpy())
    if moves:
        out.numbers("path", "move", PATH[:, :config["decoder_steps"]].numpy())
        out.numbers("expect", "forecast", moves[0].detach().numpy())
        out.numbers("expect", "path_loss", [path_loss.item()])
    if feature is not None:
        out.numbers("expect", "feature", feature.detach().numpy())
    out.numbers("expect", "loss", [total.item()])
    for k, v in w.items():
        out.numbers("gradient", k, v.grad.numpy())
    out.line("end")


def write_optimizer(out, name, build, **settings):
    rng = np.random.default_rng(7)
    w = torch.tensor(np.round(rng.normal(0, 1, 6) * 256) / 256, requires_grad=True)
    grads = np.round(rng.normal(0, 1, (4, 6)) * 256) / 256
    opt = build(w)
    out.line("optimizer", name, *(f"{k}={v}" for k, v in settings.items()))
    out.numbers("start", "w", w.detach().numpy())
    out.numbers("gradients", "g", grads)
    for g in grads:
        w.grad = torch.tensor(g)
        opt.step()
    out.numbers("expect", "w", w.detach().numpy())
    out.line("end")


def platt(z, y):
    """Platt's regularised targets, minimised to machine precision by Newton in float64."""
    n1 = y.sum()
    t = np.where(y > 0, (n1 + 1) / (n1 + 2), 1 / (len(y) - n1 + 2))
    theta = np.array([1.0, 0.0])
    for _ in range(200):
        p = 1 / (1 + np.exp(-(theta[0] * z + theta[1])))
        g = np.array([((p - t) * z).sum(), (p - t).sum()])
        s = p * (1 - p)
        h = np.array([[(s * z * z).sum(), (s * z).sum()], [(s * z).sum(), s.sum()]])
        theta = theta - np.linalg.solve(h, g)
    return theta


def write_calibration(out):
    rng = np.random.default_rng(11)
    z = np.round(rng.normal(-1, 1.5, 60) * 8) / 8  # with ties
    y = (rng.random(60) < 1 / (1 + np.exp(-.7 * z + .3))).astype(int)
    probe = np.linspace(-5, 4, 19)
    a, b = platt(z, y)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    iso = IsotonicRegression(out_of_bounds="clip").fit(sigmoid(z), y)
    out.line("calibration")
    out.numbers("logit", "z", z)
    out.numbers("label", "y", y)
    out.numbers("probe", "z", probe)
    out.numbers("expect", "platt", [a, b])
    out.numbers("expect", "isotonic", iso.predict(sigmoid(probe)))
    out.numbers("expect", "average_precision", [average_precision_score(y, z)])
    out.line("end")


def main():
    out = Writer(OUT)
    out.line("# made by make_models.py with PyTorch and scikit-learn in float64; do not edit")
    write_case(out, "none", 1)
    write_case(out, "none two layers", 2, layers=2)
    write_case(out, "logistic", 3, encoder="logistic")
    write_case(out, "bahdanau", 4, attention="bahdanau")
    write_case(out, "bahdanau combine two layers", 5, attention="bahdanau", combine=1, layers=2)
    write_case(out, "multihead", 6, attention="multihead")
    write_case(out, "multihead causal", 7, attention="multihead", causal=1)
    for i, kind in enumerate(("luong_dot", "luong_general", "luong_concat")):
        write_case(out, kind, 8 + 2 * i, attention=kind)
        write_case(out, kind + " combine", 9 + 2 * i, attention=kind, combine=1)
    write_case(out, "dual_stage", 14, attention="dual_stage")
    write_case(out, "mean_pool", 15, attention="mean_pool")
    write_case(out, "max_pool", 16, attention="max_pool")
    write_case(out, "multihead combine", 17, attention="multihead", combine=1)
    write_case(out, "gru", 30, encoder="gru", encoder_width=5)
    write_case(out, "gru two layers", 31, encoder="gru", encoder_width=4, layers=2)
    write_case(out, "tcn", 32, encoder="tcn", encoder_width=4, conv_taps=3)
    write_case(out, "tcn two taps", 33, encoder="tcn", encoder_width=3, conv_taps=2)
    write_case(out, "causal_transformer", 34, encoder="causal_transformer", encoder_width=4, encoder_heads=2,
               encoder_blocks=2)
    write_case(out, "multihead tiled", 40, attention="multihead", tiled=1)
    write_case(out, "multihead tiled causal", 41, attention="multihead", tiled=1, causal=1)
    for i, kind in enumerate(("sinusoidal", "learned", "alibi")):
        write_case(out, "multihead " + kind, 42 + i, attention="multihead", position=kind)
    write_case(out, "multihead learned combine", 45, attention="multihead", position="learned", combine=1)
    write_case(out, "multihead alibi causal", 46, attention="multihead", position="alibi", causal=1)
    write_case(out, "linear", 47, attention="linear")
    write_case(out, "linear combine", 48, attention="linear", combine=1)
    write_case(out, "local_m", 49, attention="local_m", local_span=2)
    write_case(out, "local_p", 50, attention="local_p", local_span=2)
    write_case(out, "local_p combine", 51, attention="local_p", local_span=3, combine=1)
    for i, rule in enumerate(("top_k", "strided", "sparsemax", "entmax15")):
        write_case(out, "sparse " + rule, 52 + i, attention="sparse", sparse_rule=rule, sparse_keep=3, sparse_stride=2)
    write_case(out, "sparse top_k combine", 56, attention="sparse", sparse_rule="top_k", sparse_keep=2, sparse_stride=2,
               combine=1)
    second = dict(cross="interval", cross_lookback=4, cross_hidden=3, cross_units=5)
    write_case(out, "cross", 60, **second)
    write_case(out, "cross bahdanau two layers", 61, attention="bahdanau", layers=2, **second)
    write_case(out, "cross multihead", 62, attention="multihead", **second)
    write_case(out, "cross dual_stage", 63, attention="dual_stage", **dict(second, cross_lookback=2))
    steps = dict(decoder="path", decoder_steps=4, decoder_weight=.75)
    for i, kind in enumerate(("bahdanau", "luong_dot", "luong_general", "luong_concat")):
        for j, teacher in enumerate(("full", "scheduled", "none")):
            write_case(out, f"decoder {kind} {teacher}", 64 + 3 * i + j, attention=kind, decoder_teacher=teacher, **steps)
        write_case(out, f"decoder {kind} combine", 76 + i, attention=kind, combine=1, decoder_teacher="scheduled", **steps)
    write_case(out, "decoder two layers", 80, attention="bahdanau", layers=2, decoder_teacher="scheduled",
               **dict(steps, decoder_steps=2))
    write_case(out, "decoder one step", 81, attention="luong_general", decoder_teacher="full",
               **dict(steps, decoder_steps=1))
    for i, name in enumerate(("bce", "focal", "bootstrap_soft", "bootstrap_hard", "self_paced_hard",
                              "self_paced_linear")):
        write_case(out, "loss " + name, 20 + i, attention="bahdanau", loss=dict(name=name, pos_weight=2.5))
    write_optimizer(out, "adam", lambda w: torch.optim.Adam([w], lr=.01), learning_rate=.01)
    write_optimizer(out, "adamw", lambda w: torch.optim.AdamW([w], lr=.01, weight_decay=.1), learning_rate=.01,
                    weight_decay=.1)
    write_optimizer(out, "sgd", lambda w: torch.optim.SGD([w], lr=.01, momentum=.8), learning_rate=.01, momentum=.8)
    write_calibration(out)


if __name__ == "__main__":
    main()
