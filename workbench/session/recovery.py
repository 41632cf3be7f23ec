"""What a crash left behind is put right when the session is next opened for writing."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from workbench.errors import DiskFull
from workbench.session.paths import CHECKPOINTS, PARTIAL, STEPS
from workbench.session.runs_table import RunsTable

_OURS = re.compile(rf"run\d{{4,}}-(edit|warmup)\d{{6,}}-[0-9a-f]{{16}}\.safetensors({re.escape(PARTIAL)})?")


def recover(folder: Path, runs: RunsTable) -> int:
    """How many runs had been cut off. Half-written files and steps that never got a row are removed; files that no
    session writes are left alone. Only for whoever holds the lock."""
    for kept, place in zip(runs.files(), (STEPS, CHECKPOINTS), strict=True):
        for file in _own_files(folder / place):
            if file.name not in kept:
                with suppress(OSError):
                    file.unlink()
    with suppress(DiskFull):  # told again at the next opening
        return runs.mark_interrupted()
    return 0


def _own_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (file for file in list(folder.iterdir()) if _OURS.fullmatch(file.name))
