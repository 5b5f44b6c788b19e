"""The child process of peer.py: a request per line in, an answer per line out.

Run as python -m bench.worker. What libraries print goes to stderr.
"""

import json
import os
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from bench import inference_torch, lightning_loop, loops, lstm_torch
from bench.recipe import Recipe

TRAINING = {
    "plain": loops.plain,
    "compiled": loops.compiled,
    "lightning": lightning_loop.train,
}


class Worker:
    """Keeps the recipes that it has read."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}

    def recipe(self, run: str) -> Recipe:
        """That of a run folder."""
        if run not in self.recipes:
            self.recipes[run] = Recipe(Path(run))
        return self.recipes[run]

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Does what is asked for."""
        task, threads = request["task"], request.get("threads")
        if threads:
            torch.set_num_threads(threads)
        if task == "versions":
            return {name: version(name) for name in ("torch", "pytorch-lightning")}
        if task == "lstm":
            return lstm_torch.passes(request["seconds"])
        recipe = self.recipe(request["run"])
        if task == "train":
            train = TRAINING[request["loop"]]
            return train(recipe, request["epochs"], request["batches"]).figures()
        if task == "cut":
            recipe.write_vectors(Path(request["path"]))
            return {}
        if task == "label":
            corpus = Path(request["corpus"])
            return {"seconds": inference_torch.label(recipe, corpus, request["batch"])}
        if task == "latencies":
            return {"ms": inference_torch.latencies(recipe, request["texts"])}
        raise ValueError(f"task {task!r} is unknown")


def main() -> None:
    """Answers until there are no more requests."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker()
    for request in sys.stdin:
        try:
            answer = worker.answer(json.loads(request))
        except Exception as error:  # the measuring process tells the user
            traceback.print_exc()
            words = str(error).strip().splitlines() or [""]
            answer = {"failed": f"{type(error).__name__}: {words[0]}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
