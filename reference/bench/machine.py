"""The machine that is measured on, and processes that keep it busy."""

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """Hardware, system, load and date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": field("/proc/cpuinfo", "model name") or platform.processor(),
        "vector_instructions": vector_instructions(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(
            int(field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1
        ),
        "system": distribution(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
    }


def distribution() -> str:
    """The name and version of the system's distribution."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def field(path: str, name: str) -> str:
    """The first value of a name in a file of /proc, empty where there is none."""
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def vector_instructions() -> str:
    """The widest vector instructions that the processor tells of."""
    flags = field("/proc/cpuinfo", "flags").split()
    known = ("avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16")
    return ", ".join(name for name in known if name in flags)


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keeps so many processes computing while the body runs."""
    spin = [sys.executable, "-c", "while True: pass"]
    neighbours = [subprocess.Popen(spin) for _ in range(processes)]
    try:
        yield
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
