"""Starts the built platform as a process, and ends it."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT_SETTINGS = {"BONFIRE_CACHE", "BONFIRE_LLAMA_SERVER"}
START_PATIENCE_S = 300
STOP_PATIENCE_S = 15


@dataclass(frozen=True)
class Platform:
    base_url: str
    api_key: str


def run_platform(folder: Path) -> Iterator[Platform]:
    api_key = secrets.token_hex(32)
    environment = {name: value for name, value in os.environ.items() if name in KEPT_SETTINGS or not is_setting(name)}
    environment |= {"BONFIRE_HOME": str(folder / "home"), "BONFIRE_PORT": "0", "BONFIRE_BOOTSTRAP_KEY": api_key}
    output, log = folder / "stdout", folder / "stderr"
    command = ["node", str(ROOT / "packages" / "cli" / "bin" / "bonfire.js"), "up"]
    with output.open("w") as stdout, log.open("w") as stderr:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)

    def printed_base_url() -> str | None:
        if process.poll() is not None:
            pytest.fail(f"The platform ended with code {process.returncode} instead of starting:\n{log.read_text()}")
        found = re.search(r"^Base URL +(\S+)$", output.read_text(), re.MULTILINE)
        return found[1] if found else None

    try:
        yield Platform(until(printed_base_url, START_PATIENCE_S), api_key)
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_PATIENCE_S) == 0, log.read_text()
    finally:
        # What it started ends with it.
        process.kill()
        process.wait()


def is_setting(name: str) -> bool:
    return name.startswith("BONFIRE_") or name == "DATABASE_URL"


def until(condition: Callable[[], str | None], patience_s: float) -> str:
    """What the condition gives, once it gives something."""
    deadline = time.monotonic() + patience_s
    while (value := condition()) is None:
        assert time.monotonic() < deadline, f"This took longer than {patience_s} s: {condition.__name__}"
        time.sleep(0.02)
    return value
