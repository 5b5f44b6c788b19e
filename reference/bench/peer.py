"""A child process that works with PyTorch, seen from the one that measures."""

import json
import os
import select
import subprocess
import sys
from typing import Any

from bench.corpus import ROOT
from bench.rounds import Failed


class Peer:
    """Starts worker.py when it is first asked, and again after it was ended.

    One peer serves one way of training: each keeps its data and caches, and none
    runs while another one is asked.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.refused = ""  # why it is not to be measured

    def ask(self, task: str, limit: float, **details: Any) -> dict[str, Any]:
        """Has the worker do a task; raises Failed if it cannot or takes too long."""
        if self.refused:
            raise Failed(self.refused)
        process = self.process or self.start()
        assert process.stdin and process.stdout
        request = {"task": task} | details
        process.stdin.write(json.dumps(request, default=str).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], limit)[0]:
            self.close()
            raise Failed(f"not done after {limit:.0f} s")
        answer = process.stdout.readline()
        if not answer:
            self.close()
            raise Failed(f"the PyTorch process ended: exit status {process.returncode}")
        reply: dict[str, Any] = json.loads(answer)
        if "failed" in reply:
            raise Failed(reply["failed"])
        return reply

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the child."""
        path = os.pathsep.join([str(ROOT / "reference"), os.getenv("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )
        return self.process

    def close(self) -> None:
        """Ends the child."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None
