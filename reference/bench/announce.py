"""Runs a Python program and says on stderr when its first step is done.

Example: python -m bench.announce reference/train.py --train ...
"""

import runpy
import sys
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook


def main() -> None:
    """The program's flags follow its name."""

    def done(*_: Any) -> None:
        hook.remove()
        print("first step is done", file=sys.stderr, flush=True)

    hook = register_optimizer_step_post_hook(done)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
