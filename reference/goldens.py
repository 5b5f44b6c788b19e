"""Writes the goldens that the Go tests compare with.

    python goldens.py --torch internal/torch/testdata --models models/testdata \\
        --trainer trainer/testdata

ops.safetensors, optim.safetensors, article.safetensors and schedule.json are
described in golden_ops.py, golden_optim.py, golden_models.py and
golden_schedule.py. The first two hold in the metadata key "cases" what each case
is; article.json holds the models' configs.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

import golden_models
import golden_ops
import golden_optim
import golden_schedule


def write(path: Path, tensors: dict[str, Tensor], cases: dict[str, Any]) -> None:
    """Saves tensors; one metadata key alone, as several come in any order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    copies = {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    path.write_bytes(save(copies, {"cases": json.dumps(cases)} if cases else None))


def main() -> None:
    """Writes the files; a second run writes the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch", type=Path, help="folder for the operations")
    parser.add_argument("--models", type=Path, help="folder for the models")
    parser.add_argument("--trainer", type=Path, help="folder for the trainer")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if folder := arguments.torch:
        for name, goldens in (("ops", golden_ops), ("optim", golden_optim)):
            torch.manual_seed(1)
            write(folder / f"{name}.safetensors", *goldens.make())
    if folder := arguments.models:
        torch.manual_seed(1)
        tensors, configs = golden_models.make()
        write(folder / "article.safetensors", tensors, {})
        (folder / "article.json").write_text(json.dumps(configs, indent=1) + "\n")
    if folder := arguments.trainer:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(golden_schedule.make(), indent=1, allow_nan=False)
        (folder / "schedule.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
