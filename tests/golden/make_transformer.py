#!/usr/bin/env python3
"""Writes transformer.txt: the autoencoder's values, losses and all gradients in float64, by PyTorch's own layers and autograd.

Usage: python3 tests/golden/make_transformer.py   (needs torch; Debian: python3-torch)

Weights and windows are not stored: both sides draw them from the same small generator, seeded by the tensor's name.
"""
import math
import os

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transformer.txt")
P, C, D, HEADS, LAYERS, L, N = 5, 6, 8, 2, 2, 4, 6
WEIGHT, TEMPERATURE = 0.3, 0.5


def draw(name, rows, cols):
    """Multiples of 1/4096 in [-1/4, 1/4]."""
    state = sum((i + 1) * ord(c) for i, c in enumerate(name))
    out = []
    for _ in range(rows * cols):
        state = (state * 1103515245 + 12345) % 2**31
        out.append(((state >> 8) % 2049 - 1024) / 4096)
    return torch.tensor(out).reshape(rows, cols)


class Gradients:
    """Remembers which parameter of PyTorch is which tensor of ours, and how it lies."""

    def __init__(self):
        self.of = []

    def take(self, name, parameter, transposed=False, gain=False):
        shape = parameter.shape if parameter.dim() == 2 else (1, parameter.shape[0])
        rows, cols = (shape[1], shape[0]) if transposed else shape
        value = draw(name, rows, cols) * 2 + (1 if gain else 0)
        with torch.no_grad():
            parameter.copy_((value.t() if transposed else value).reshape(parameter.shape))
        self.of.append((name, parameter, transposed))

    def affine(self, name, linear):
        self.take(name + ".W", linear.weight, transposed=True)
        self.take(name + ".b", linear.bias)

    def block(self, name, linear, norm):
        self.affine(name, linear)
        self.take(name + ".g", norm.weight, gain=True)
        self.take(name + ".n", norm.bias)

    def layer(self, name, layer):
        self.take(name + ".norm1.g", layer.norm1.weight, gain=True)
        self.take(name + ".norm1.b", layer.norm1.bias)
        self.take(name + ".qkv.W", layer.self_attn.in_proj_weight, transposed=True)
        self.take(name + ".qkv.b", layer.self_attn.in_proj_bias)
        self.take(name + ".mix.W", layer.self_attn.out_proj.weight, transposed=True)
        self.take(name + ".mix.b", layer.self_attn.out_proj.bias)
        self.take(name + ".norm2.g", layer.norm2.weight, gain=True)
        self.take(name + ".norm2.b", layer.norm2.bias)
        self.take(name + ".ffn1.W", layer.linear1.weight, transposed=True)
        self.take(name + ".ffn1.b", layer.linear1.bias)
        self.take(name + ".ffn2.W", layer.linear2.weight, transposed=True)
        self.take(name + ".ffn2.b", layer.linear2.bias)


def stack():
    layer = nn.TransformerEncoderLayer(D, HEADS, 4 * D, dropout=0.0, batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, LAYERS)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rebuild = nn.Linear(C, D), nn.Linear(D, C)
        self.encoder, self.decoder = stack(), stack()
        self.narrow = nn.ModuleList([nn.Linear(P * D, 2 * D), nn.LayerNorm(2 * D), nn.Linear(2 * D, D), nn.LayerNorm(D)])
        self.latent = nn.Linear(D, L)
        self.widen = nn.ModuleList([nn.Linear(L, D), nn.LayerNorm(D), nn.Linear(D, 2 * D), nn.LayerNorm(2 * D)])
        self.unfold = nn.Linear(2 * D, P * D)
        position = torch.arange(P).unsqueeze(1)
        rate = torch.exp(torch.arange(0, D, 2) * (-math.log(10000.0) / D))
        self.code = torch.zeros(P, D)
        self.code[:, 0::2], self.code[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)

    @staticmethod
    def blocks(part, x):
        x = torch.relu(part[1](part[0](x)))
        return torch.relu(part[3](part[2](x)))

    def forward(self, x):
        h = self.encoder(self.embed(x) + self.code)
        z = nn.functional.normalize(self.latent(self.blocks(self.narrow, h.flatten(1))), dim=1)
        h = self.decoder(self.unfold(self.blocks(self.widen, z)).reshape(-1, P, D) + self.code)
        return z, self.rebuild(h)


def mean_cosine(z):
    cosine = nn.functional.cosine_similarity(z.unsqueeze(0), z.unsqueeze(1), dim=2)
    return cosine[~torch.eye(len(z), dtype=torch.bool)].mean()


def nt_xent(z):
    similarity = (z @ z.t() / TEMPERATURE).masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf)
    other = (torch.arange(len(z)) + len(z) // 2) % len(z)
    return nn.functional.cross_entropy(similarity, other)


def bars(n):
    """Made-up bars, each opening where the one before closed."""
    close = 100 + draw("close", n, 1).reshape(-1) * 16
    open_ = torch.cat([torch.tensor([100.0]), close[:-1]])
    wick, volume = draw("wick", n, 2).abs(), 1 + draw("volume", n, 1).reshape(-1).abs() * 8
    return open_, torch.maximum(open_, close) + wick[:, 0], torch.minimum(open_, close) - wick[:, 1], close, volume


def window(market, last):
    """[P, 6]: prices by the first close and half the range, log volume by the median, average of the last ten closes."""
    open_, high, low, close, volume = market
    at = slice(last + 1 - P, last + 1)
    base, half = close[last + 1 - P], (high[at].max() - low[at].min()) / 2
    average = torch.stack([close[t - 9 : t + 1].mean() for t in range(last + 1 - P, last + 1)])
    prices = [(series - base) / half for series in (open_[at], high[at], low[at], close[at])]
    median = volume[at].median()  # P is odd
    # What enters a network is float32.
    return torch.stack(prices + [torch.log((volume[at] + median) / (2 * median)), (average - base) / half], 1).float().double()


def twin(f):
    """The encoder under two supervised heads, on windows of bars."""
    n, dense, last = 24, 6, [13, 14, 15, 19, 23]
    label = torch.tensor([[1.0, 0], [0, 0], [1, 1], [0, 1], [0, 0]])
    model, of = Autoencoder(), Gradients()
    head = nn.Sequential(nn.Linear(L, dense), nn.ReLU(), nn.Linear(dense, 2))
    of.affine("embed", model.embed)
    for i, layer in enumerate(model.encoder.layers):
        of.layer(f"encoder{i}", layer)
    of.block("narrow1", *model.narrow[:2]), of.block("narrow2", *model.narrow[2:])
    of.affine("latent", model.latent), of.affine("dense", head[0]), of.affine("head", head[2])
    x = torch.stack([window(bars(n), t) for t in last])
    h = model.encoder(model.embed(x) + model.code)
    logits = head(nn.functional.normalize(model.latent(model.blocks(model.narrow, h.flatten(1))), dim=1))
    loss = nn.functional.binary_cross_entropy_with_logits(logits, label)
    loss.backward()
    f.write("twin transformer\n")
    f.write(f"config steps={P} width={D} heads={HEADS} layers={LAYERS} latent={L} rows={n} dense={dense}\n")
    numbers(f, "number", "last", torch.tensor(last, dtype=torch.float64))
    numbers(f, "number", "label", label)
    numbers(f, "number", "loss", loss.reshape(1))
    numbers(f, "number", "logits", logits)
    for tensor, parameter, transposed in of.of:
        numbers(f, "gradient", tensor, parameter.grad.t() if transposed else parameter.grad)
    f.write("end\n")


def numbers(f, kind, name, values):
    v = values.detach()
    rows, cols = (1, v.numel()) if v.dim() < 2 else (v.shape[0], v.numel() // v.shape[0])
    f.write(" ".join([kind, name, str(rows), str(cols)] + ["%.13g" % x for x in v.reshape(-1).tolist()]) + "\n")


def main():
    with open(OUT, "w") as f:
        f.write("# made by make_transformer.py\n")
        for name, contrast in (("mean_cosine", mean_cosine), ("nt_xent", nt_xent)):
            model, of = Autoencoder(), Gradients()
            of.affine("embed", model.embed)
            for side, layers in (("encoder", model.encoder), ("decoder", model.decoder)):
                for i, layer in enumerate(layers.layers):
                    of.layer(f"{side}{i}", layer)
            of.affine("rebuild", model.rebuild)
            of.block("narrow1", *model.narrow[:2]), of.block("narrow2", *model.narrow[2:])
            of.affine("latent", model.latent)
            of.block("widen1", *model.widen[:2]), of.block("widen2", *model.widen[2:])
            of.affine("unfold", model.unfold)
            x = draw("x", N * P, C).reshape(N, P, C) * 4
            z, y = model(x)
            r, c = nn.functional.mse_loss(y, x), contrast(z)
            (r + WEIGHT * c).backward()
            f.write(f"case {name}\n")
            f.write(f"config steps={P} channels={C} width={D} heads={HEADS} layers={LAYERS} latent={L} n={N}\n")
            numbers(f, "number", "settings", torch.tensor([WEIGHT, TEMPERATURE]))
            numbers(f, "number", "loss", torch.stack([r, c]))
            if name == "mean_cosine":
                numbers(f, "number", "z", z)
                numbers(f, "number", "rebuilt", y.flatten(1))
            for tensor, parameter, transposed in of.of:
                if name == "mean_cosine" or not tensor.startswith(("decoder", "rebuild", "unfold", "widen")):
                    numbers(f, "gradient", tensor, parameter.grad.t() if transposed else parameter.grad)
            f.write("end\n")
        twin(f)


main()
