"""Attention and gradient × input of the golden models, by PyTorch's autograd.

Reads the variants of models/testdata/article.json with their weights and batches
(golden_models.py) and writes to FILE, per variant: .class [B,A], the most likely;
.gradient [B,A,T], gradient × input of that logit less the mean of all; and, where
positions have a weight, .attention [B,A,T].
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from compare import load_model

TESTDATA = Path(__file__).resolve().parent.parent / "models" / "testdata"


def attention(weights: Tensor, lengths: Tensor, options: dict[str, Any]) -> Tensor:
    """Softmax weights [B,T] or [B,N,Q,T], averaged to what the pool reads: [B,T]."""
    if options["kind"] == "additive":
        return weights
    weights, rows = weights.mean(dim=1), torch.arange(len(lengths))
    if options["pool"] == "last":
        return weights[rows, lengths - 1]
    if options["pool"] == "mean":
        return torch.stack([w[:n].mean(dim=0) for w, n in zip(weights, lengths)])
    return weights[:, -1]  # last_padded, and the one row of query


def explain(config: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """class, gradient and attention of a variant."""
    prefix = f"{config['name']}.weight."
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
    model = load_model(config, weights)
    tokens, lengths = (tensors[f"{config['name']}.{x}"] for x in ("tokens", "lengths"))

    seen, softmax = [], torch.softmax
    torch.softmax = lambda *x, **y: seen.append(softmax(*x, **y)) or seen[-1]
    vectors = model.embedding(tokens).detach().requires_grad_()
    ngrams = None
    if "ngrams" in config:
        ngrams = tuple(tensors[f"{config['name']}.{x}"] for x in ("ngrams", "ngram_bounds"))
    logits = model.parts(vectors, lengths, ngrams)[0][0]
    torch.softmax = softmax

    chosen = logits.argmax(dim=-1)
    scores = logits.gather(-1, chosen[..., None])[..., 0] - logits.mean(dim=-1)
    parts = []
    for a in range(scores.size(1)):
        (g,) = torch.autograd.grad(scores[:, a].sum(), vectors, retain_graph=True)
        parts.append((g * vectors).sum(dim=-1))
    result = {"class": chosen, "gradient": torch.stack(parts, dim=1)}
    if seen and config["attention"]["pool"] != "max":
        list_ = [attention(w, lengths, config["attention"]) for w in seen]
        result["attention"] = torch.stack(list_, dim=1)
    return {name: x.detach().contiguous() for name, x in result.items()}


def main() -> None:
    """Writes the file given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    to = parser.parse_args().file
    torch.set_num_threads(1)
    tensors, results = load_file(TESTDATA / "article.safetensors"), {}
    for config in json.loads((TESTDATA / "article.json").read_text()):
        for name, tensor in explain(config, tensors).items():
            results[f"{config['name']}.{name}"] = tensor
    save_file(results, to)


if __name__ == "__main__":
    main()
