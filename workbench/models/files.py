"""Hashes, free space, and folders that appear whole or not at all."""

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import DiskFull
from workbench.models.progress import Watch
from workbench.storage import places
from workbench.storage.durable import make_folder, take_name
from workbench.storage.partials import partial_beside, whole_file

GIB = 1 << 30
_CHUNK = 1 << 22  # bytes hashed between two looks at the cancel event
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def weights_sha256(files: Sequence[Path], watch: Watch, hash_again: bool = False) -> str:
    """Of one file its SHA-256; of several the SHA-256 of their ``sha256sum`` lines, by name. ``hash_again``: no
    remembered hash counts."""
    total = sum(file.stat().st_size for file in files)
    hashes, done = {}, 0
    for file in sorted(files, key=lambda f: f.name):
        hashes[file.name] = _file_sha256(file, done, total, watch, hash_again)
        done += file.stat().st_size
    if len(hashes) == 1:
        return hashes.popitem()[1]
    lines = "".join(f"{value}  {name}\n" for name, value in hashes.items())
    return hashlib.sha256(lines.encode()).hexdigest()


def _file_sha256(file: Path, done: int, total: int, watch: Watch, hash_again: bool) -> str:
    """Remembered by path and status, since hashing gigabytes at every start is slow."""
    key, known = _key(file), _known_hashes()
    if hash_again or key not in known:
        known[key] = _computed_sha256(file, done, total, watch)
        _remember(known)
    return known[key]


def remembered_sha256(file: Path) -> str | None:
    """The SHA-256 of a file hashed before and not changed since; nothing is read but its status."""
    return _known_hashes().get(_key(file))


def _key(file: Path) -> str:
    """A file written over keeps neither inode nor change time, whatever its modification time was set to."""
    status = file.stat()
    return "|".join(
        str(part)
        for part in (file.resolve(), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    )


def _computed_sha256(file: Path, done: int, total: int, watch: Watch) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            watch.report("hashing the weights", done, total)
    return digest.hexdigest()


def _known_hashes() -> dict[str, str]:
    try:
        known = json.loads((places.cache_folder() / "hashes.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(known: dict[str, str]) -> None:
    """Best effort: a cache that cannot be written costs time, nothing else."""
    with suppress(OSError):
        file = places.cache_folder() / "hashes.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as partial:
            partial.write_text(json.dumps(known, indent=1), "utf-8")


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raises DiskFull with figures where ``needed`` bytes do not fit beside what ``folder`` holds."""
    existing = next(p for p in [folder, *folder.parents] if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise DiskFull(
            f"{what} needs {needed / GIB:.2f} GiB and {free / GIB:.2f} GiB are free in {existing}: "
            "make room or choose another place."
        )


def is_disk_full(error: BaseException) -> bool:
    """Also for the errors of Rust libraries, which carry the number only in their text."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(f"(os error {code})" in str(error) for code in _FULL)


@contextmanager
def whole_folder(destination: Path, what: str) -> Iterator[Path]:
    """Yields a temporary sibling that becomes ``destination``, flushed, at the end; on any error it is removed.

    Raises DiskFull where space ran out. ``destination`` must not exist, or be an empty folder.
    """
    created = make_folder(destination.parent)
    try:
        with partial_beside(destination) as partial:
            yield partial
            open_to_others(partial)
            take_name(partial, destination)
    except BaseException as error:
        for parent in created:
            with suppress(OSError):
                parent.rmdir()
        if is_disk_full(error):
            free = shutil.disk_usage(next(p for p in destination.parents if p.exists())).free
            raise DiskFull(
                f"{what} ran out of space in {destination.parent} ({free / GIB:.2f} GiB are free now) "
                "and was removed: make room or choose another place."
            ) from error
        raise


def open_to_others(folder: Path) -> None:
    """Weights come out of safetensors readable by their owner only: give them the mode of other new files."""
    mode = folder.stat().st_mode & 0o666
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(mode)
