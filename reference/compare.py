"""Repeats in PyTorch what a test of the Go program did, for comparison.

Reads from FOLDER:
  config.json          aspects, polarities, hidden, layers, attention {kind, heads,
                       masked, shared, pool}, head {hidden, absent_class, presence},
                       ngrams {words, characters, buckets, scale}, class_weights
                       (one per class), reduction, presence_weight,
                       label_smoothing, learning_rate, eps, betas, steps,
                       trainable_embedding, threads
  model.safetensors    initial weights
  batches.safetensors  tokens.<i> [B,T], lengths.<i> [B] descending, and labels.<i>
                       [B,A], indices of polarities, -1 absent; i = 0..N-1; of
                       n-grams the rows ngrams.<i> [G], and ngram_bounds.<i> [B+1],
                       both empty without them

Writes reference.safetensors there: logits [B,A,C] (and presence [B,A]), loss and
grad.<parameter> of batch 0 at the initial weights, and losses [steps], each
before its update, of Adam over the batches in order, again from the first after
the last. Dropout is off.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from example import Config, Model, NGrams, mixed
from loss import Loss

Batch = tuple[Tensor, Tensor, Tensor, NGrams | None]  # tokens, lengths, labels, ngrams


def load_model(config: dict[str, Any], weights: dict[str, Tensor]) -> Model:
    """The model of a config.json with the given weights, without dropout."""
    vectors = torch.empty_like(weights["embedding.weight"])
    model = Model(Config.from_dict(config), vectors, config["trainable_embedding"])
    model.load_state_dict(weights)
    return model.eval()


def load_batches(path: Path) -> list[Batch]:
    """The batches of a batches.safetensors, in order."""
    tensors = load_file(path)
    count = sum(name.startswith("tokens.") for name in tensors)
    return [
        (
            tensors[f"tokens.{i}"],
            tensors[f"lengths.{i}"],
            tensors[f"labels.{i}"],
            (tensors[f"ngrams.{i}"], tensors[f"ngram_bounds.{i}"]),
        )
        for i in range(count)
    ]


def first_step(model: Model, loss_of: Loss, batch: Batch) -> dict[str, Tensor]:
    """Outputs, loss and gradients of one batch; weights are left as they are."""
    tokens, lengths, labels, ngrams = batch
    parts, presence = model.parts(model.embedding(tokens), lengths, ngrams)
    loss = loss_of(parts, presence, labels)
    model.zero_grad()
    loss.backward()
    result = {"logits": mixed(parts).detach(), "loss": loss.detach()}
    if presence is not None:
        result["presence"] = presence.detach()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            result[f"grad.{name}"] = parameter.grad.clone()
    return result


def train(
    model: Model, loss_of: Loss, batches: list[Batch], config: dict[str, Any]
) -> Tensor:
    """Losses [steps] of training, each before its update."""
    optimizer = torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad],
        lr=config["learning_rate"],
        betas=tuple(config["betas"]),
        eps=config["eps"],
        fused=True,
    )
    losses = []
    for step in range(config["steps"]):
        tokens, lengths, labels, ngrams = batches[step % len(batches)]
        optimizer.zero_grad()
        vectors = model.embedding(tokens)
        loss = loss_of(*model.parts(vectors, lengths, ngrams), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def main() -> None:
    """Compares on the folder given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    config = json.loads((folder / "config.json").read_text())
    if config["threads"]:
        torch.set_num_threads(config["threads"])

    model = load_model(config, load_file(folder / "model.safetensors"))
    loss_of = Loss.from_dict(config)
    batches = load_batches(folder / "batches.safetensors")
    result = first_step(model, loss_of, batches[0])
    result["losses"] = train(model, loss_of, batches, config)
    save_file(result, folder / "reference.safetensors")


if __name__ == "__main__":
    main()
