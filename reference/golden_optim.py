"""Goldens of ten steps of Adam, AdamW, and Adam with clipped gradients.

Per case and parameter i <case>.param.<i>, the initial value, <case>.grad.<i> and
<case>.value.<i> [steps,...], <case>.exp_avg.<i> and <case>.exp_avg_sq.<i> after
the last step; <case>.norm [steps], of all gradients before clipping.
"""

from dataclasses import asdict, dataclass
from math import inf
from typing import Any

import torch
from torch import Tensor, nn

STEPS = 10
SHAPES = ((4, 3), (5,), (2, 3, 2))


@dataclass(frozen=True)
class Settings:
    """Of one case; decoupled is AdamW, clip_norm 0 is off."""

    learning_rate: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False
    clip_norm: float = 0.0


CASES = {
    "adam": Settings(),
    "adam_decay": Settings(weight_decay=0.1),
    "adamw": Settings(weight_decay=0.1, decoupled=True),
    "adam_clip": Settings(clip_norm=1.0),
}


def run(case: Settings) -> dict[str, Tensor]:
    """The tensors of one case."""
    params = [nn.Parameter(torch.randn(shape)) for shape in SHAPES]
    kind = torch.optim.AdamW if case.decoupled else torch.optim.Adam
    optimizer = kind(
        params,
        lr=case.learning_rate,
        betas=case.betas,
        eps=case.eps,
        weight_decay=case.weight_decay,
        fused=True,
    )
    tensors = {f"param.{i}": p.detach().clone() for i, p in enumerate(params)}
    norms, grads, values = [], [], []
    for step in range(STEPS):
        for p in params:  # growing: the first few are below the norm to clip to
            p.grad = 0.05 * 1.5**step * torch.randn_like(p)
        grads.append([p.grad.clone() for p in params if p.grad is not None])
        norms.append(nn.utils.clip_grad_norm_(params, case.clip_norm or inf))
        optimizer.step()
        values.append([p.detach().clone() for p in params])
    tensors["norm"] = torch.stack(norms)
    for i, p in enumerate(params):
        tensors[f"grad.{i}"] = torch.stack([g[i] for g in grads])
        tensors[f"value.{i}"] = torch.stack([v[i] for v in values])
        for name in ("exp_avg", "exp_avg_sq"):
            tensors[f"{name}.{i}"] = optimizer.state[p][name]
    return tensors


def make() -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the settings of all cases."""
    tensors: dict[str, Tensor] = {}
    for name, case in CASES.items():
        tensors |= {f"{name}.{key}": tensor for key, tensor in run(case).items()}
    return tensors, {name: asdict(case) for name, case in CASES.items()}
