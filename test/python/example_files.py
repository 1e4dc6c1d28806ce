"""The programs in examples/: one test each."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def examples_of(folder: str) -> Any:
    """Marks a test that takes the path of an `example`."""
    files = sorted((EXAMPLES / folder).glob("*.py"))
    assert files, f"There are no examples in {folder}."
    return pytest.mark.parametrize("example", [pytest.param(file, id=f"{folder}-{file.stem}") for file in files])


def run_example(example: Path) -> None:
    """In this process, which has loaded the SDK already. It prints, and fails by raising."""
    runpy.run_path(str(example), run_name="__main__")
