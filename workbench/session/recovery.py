"""What a crash left behind is put right when the session is next opened for writing."""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from workbench.errors import DiskFull
from workbench.session.paths import CHECKPOINTS, STEPS
from workbench.session.runs_table import RunsTable

_OURS = re.compile(
    r"run\d{4,}-(edit|warmup)\d{6,}-[0-9a-f]{16}\.safetensors"
    r"(\.partial(-[0-9a-f]{8})?)?"  # in the making; without digits: by an earlier version
    r"|\.tmp[A-Za-z0-9]{6}"  # by safetensors, which writes beside the file it was asked for
)


def recover(folder: Path, runs: RunsTable) -> int:
    """How many runs had been cut off. Half-written files and steps that never got a row are removed; files that no
    session writes are left alone. Only for whoever holds the lock."""
    for kept, place in zip(runs.files(), (STEPS, CHECKPOINTS), strict=True):
        for file in _own_files(folder / place):
            if file.name not in kept:
                _remove(file)
    with suppress(DiskFull):  # told again at the next opening
        return runs.mark_interrupted()
    return 0


def _own_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (file for file in list(folder.iterdir()) if _OURS.fullmatch(file.name))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
