"""A program watched from its start to its end."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.corpus import ROOT
from bench.rounds import Failed


@dataclass(frozen=True)
class Watched:
    """What a process printed and cost; first_step is None if its mark never came."""

    stdout: str
    seconds: float
    first_step: float | None  # seconds from its start
    peak_mib: float  # greatest resident memory of the process itself


def watch(
    command: Sequence[str | Path],
    limit: float,
    mark: str | None = None,
    environment: dict[str, str] | None = None,
) -> Watched:
    """Runs a command to its end; its stderr is a terminal, where progress shows.

    The mark is a pattern in stderr that shows that the first step is done.
    """
    ours, theirs = pty.openpty()
    heard = Listener(ours, mark)
    with tempfile.TemporaryFile() as stdout:
        begun = perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=theirs,
            env=os.environ | (environment or {}),
        )
        os.close(theirs)
        heard.start()
        over = threading.Timer(limit, process.kill)
        over.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - begun
        over.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        heard.join()
        stdout.seek(0)
        printed = stdout.read().decode()
    if process.returncode == -signal.SIGKILL and seconds >= limit:
        raise Failed(f"not done after {limit:.0f} s")
    if process.returncode:
        raise Failed(f"exit status {process.returncode}: {heard.last_words()}")
    first = None if heard.marked is None else heard.marked - begun
    return Watched(printed, seconds, first, usage.ru_maxrss / 1024)


class Conversation:
    """A process that answers each line with one line, over pipes."""

    def __init__(self, command: Sequence[str | Path], limit: float) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.over = threading.Timer(limit, self.process.kill)
        self.over.start()

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self.over.cancel()
        self.process.communicate()

    def ask(self, line: bytes) -> bytes:
        """Sends a line and waits for the answer."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin and stdout
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise Failed(f"it ended early: exit status {self.process.wait()}")
        return answer


class Listener(threading.Thread):
    """Reads a terminal until it closes and notes when the mark appears."""

    def __init__(self, terminal: int, mark: str | None) -> None:
        super().__init__(daemon=True)
        self.terminal = terminal
        self.mark = re.compile(mark.encode()) if mark else None
        self.heard = b""
        self.marked: float | None = None

    def run(self) -> None:
        """Ends when no process has the other side open any more."""
        with contextlib.suppress(OSError):
            while piece := os.read(self.terminal, 1 << 16):
                self.heard = (self.heard + piece)[-20000:]
                if self.mark and self.marked is None and self.mark.search(self.heard):
                    self.marked = perf_counter()
        os.close(self.terminal)

    def last_words(self) -> str:
        """The last line that was heard."""
        lines = self.heard.decode(errors="replace").split("\n")
        return next((text.strip() for text in reversed(lines) if text.strip()), "")
