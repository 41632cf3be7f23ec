"""Files and folders that appear whole or not at all, with every failure in a sentence."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from workbench.errors import DiskFull, ExportError
from workbench.models.export import require_free
from workbench.models.files import GIB, is_disk_full, open_to_others, require_space, whole_folder
from workbench.storage.durable import make_folder
from workbench.storage.partials import whole_file


def require_new_file(destination: Path) -> None:
    """Raises ExportError where something is already there."""
    if destination.is_dir():
        raise ExportError(f"{destination} is a folder: give the name of a new file.")
    if destination.exists() or destination.is_symlink():
        raise ExportError(f"{destination} exists already: choose another name.")


@contextmanager
def new_file(destination: Path, needed: int, what: str) -> Iterator[Path]:
    """Yields a temporary sibling that becomes ``destination``; on any error nothing of it is left.

    ``needed``: bytes, asked for first. Raises ExportError and DiskFull."""
    destination = destination.expanduser().absolute()
    require_new_file(destination)
    require_space(destination, needed, what)
    created = list[Path]()
    try:
        created = make_folder(destination.parent)
        with whole_file(destination) as partial:
            yield partial
            open_to_others(partial.parent)
            require_new_file(destination)
    except BaseException as error:
        for parent in created:
            with suppress(OSError):
                parent.rmdir()
        if (said := _in_words(error, destination, what)) is not None:
            raise said from error
        raise


@contextmanager
def new_folder(destination: Path, needed: int, what: str) -> Iterator[Path]:
    """As ``new_file``; an empty folder may be there already."""
    destination = destination.expanduser().absolute()
    require_free(destination)
    require_space(destination, needed, what)
    try:
        with whole_folder(destination, what) as partial:
            yield partial
    except (OSError, SafetensorError) as error:
        if (said := _in_words(error, destination, what)) is not None:
            raise said from error
        raise


def _in_words(error: BaseException, destination: Path, what: str) -> ExportError | DiskFull | None:
    if is_disk_full(error):
        free = shutil.disk_usage(next(p for p in destination.parents if p.exists())).free
        return DiskFull(
            f"{what} ran out of space in {destination.parent} ({free / GIB:.2f} GiB are free now) and was removed: "
            "make room or choose another place."
        )
    if isinstance(error, OSError):
        return ExportError(
            f"{destination} cannot be written ({error.strerror or error}): choose another place."
        )
    if isinstance(error, SafetensorError):
        return ExportError(f"{destination} cannot be written ({error}): choose another place.")
    return None
