"""Golden integrated gradients in PyTorch, float64: python3 tests/golden/make_integrated.py

Weights and windows are sines of their place (tests/models/test_integrated.c has the same), so that nothing but the answers is stored.
The midpoint rule is that of models/api/integrated.c: 32 points, doubled until the sum is the logit's difference to 1e-3."""
from pathlib import Path

import torch

T, F, H, A, D = 5, 3, 4, 3, 3


def sines(i, *shape):
    n = 1
    for k in shape:
        n *= k
    j = torch.arange(n, dtype=torch.float64)
    return (.6 * torch.sin(1.3 * j + .7 * i + .9)).float().double().reshape(shape)


def lstm(x, w):
    """x [N, T, F]; w: W, U, b; gates i, f, c, o. → states [N, T, H]"""
    h = c = torch.zeros(len(x), H, dtype=torch.float64)
    states = []
    for t in range(T):
        i, f, g, o = (x[:, t] @ w[0] + h @ w[1] + w[2]).split(H, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states.append(h)
    return torch.stack(states, 1)


def gru(x, w):
    """w: W, U, b, m; columns r, z, n."""
    h = torch.zeros(len(x), H, dtype=torch.float64)
    for t in range(T):
        a, u = (x[:, t] @ w[0] + w[2]).split(H, 1), (h @ w[1]).split(H, 1)
        r, z = torch.sigmoid(a[0] + u[0]), torch.sigmoid(a[1] + u[1])
        n = torch.tanh(a[2] + r * (u[2] + w[3]))
        h = (1 - z) * n + z * h
    return h


def head(context, w):
    return torch.relu(context @ w[0] + w[1]) @ w[2] + w[3]


def weights(*shapes):
    return [sines(i, *shape) for i, shape in enumerate(shapes)]


def none():
    w = weights((F, 4 * H), (H, 4 * H), (4 * H,), (H, D), (D,), (D, 2), (2,))
    return lambda x: head(lstm(x, w)[:, -1], w[3:])


def bahdanau():
    w = weights((F, 4 * H), (H, 4 * H), (4 * H,), (H, A), (H, A), (A, 1), (2 * H, D), (D,), (D, 2), (2,))

    def logits(x):
        h = lstm(x, w)
        q = h[:, -1]
        a = torch.softmax((torch.tanh((q @ w[3])[:, None] + h @ w[4]) @ w[5])[..., 0], 1)
        return head(torch.cat([(a[..., None] * h).sum(1), q], 1), w[6:])
    return logits


def recurrent():
    w = weights((F, 3 * H), (H, 3 * H), (3 * H,), (H,), (H, D), (D,), (D, 2), (2,))
    return lambda x: head(gru(x, w), w[4:])


def integrated(logits, x, gate):
    ends = logits(torch.stack([x, torch.zeros_like(x)]))[:, gate]
    steps = 32
    while True:
        part = (torch.arange(steps, dtype=torch.float64) + .5) / steps
        line = (part[:, None, None] * x).requires_grad_()
        logits(line)[:, gate].sum().backward()
        value = x * line.grad.sum(0) / steps
        if abs(value.sum() - ends[0] + ends[1]) <= 1e-3 * abs(ends[0] - ends[1]) or steps == 8192:
            return steps, value
        steps *= 2


def main():
    x = 3 * sines(9, T, F)
    with open(Path(__file__).parent / "integrated.txt", "w") as out:
        for name, model in (("none", none), ("bahdanau", bahdanau), ("gru", recurrent)):
            for gate in range(2):
                steps, value = integrated(model(), x, gate)
                print(name, gate, steps, *(f"{v:.9e}" for v in value.flatten().tolist()), file=out)


main()
