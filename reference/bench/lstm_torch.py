"""The packed bidirectional LSTM of PyTorch."""

from statistics import median
from time import perf_counter

import torch
from torch.nn.utils.rnn import PackedSequence, pack_sequence

WARM_UP = 5  # passes


def passes(seconds: float) -> dict[str, float]:
    """Milliseconds of a forward and backward pass; see lstm.py for the sizes."""
    torch.manual_seed(1)
    lstm = torch.nn.LSTM(100, 128, num_layers=2, bidirectional=True)
    packed = pack_sequence([torch.randn(n, 100) for n in range(32, 0, -1)])
    tokens = packed.data.requires_grad_()
    weight = torch.randn(len(tokens), 256)  # of each output in the loss
    taken: list[float] = []
    begun = perf_counter()
    while perf_counter() - begun < seconds or len(taken) <= WARM_UP:
        started = perf_counter()
        states, _ = lstm(PackedSequence(tokens, packed.batch_sizes))
        (states.data * weight).sum().backward()
        taken.append(1000 * (perf_counter() - started))
    return {"ms": median(taken[WARM_UP:])}
