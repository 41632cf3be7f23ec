"""Tensor files that are whole, durable and checked: written beside, flushed, renamed; hashed, then read."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from workbench.errors import DiskFull, SessionError
from workbench.models.files import is_disk_full
from workbench.session.paths import require_kept_name
from workbench.storage.partials import whole_file

_TURNED = ".T"  # ends the name of a matrix stored by its columns: products round by the order in memory


@dataclass(frozen=True, slots=True)
class KeptFile:
    name: str
    bytes: int
    sha256: str


def keep_tensors(folder: Path, name: str, tensors: Mapping[str, Tensor]) -> KeptFile:
    """On the disk, file and folder, when it returns. Raises DiskFull or SessionError and leaves nothing then."""
    try:
        folder.mkdir(exist_ok=True)
        with whole_file(folder / name) as partial:
            save_file(_stored(tensors), partial)
            with partial.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                return KeptFile(name, os.fstat(stream.fileno()).st_size, digest)
    except (OSError, SafetensorError) as error:
        if is_disk_full(error):
            raise DiskFull(
                f"There is no space left in {folder} for {name}: nothing was lost; make room and go on."
            ) from error
        raise SessionError(f"{folder / name} cannot be written ({error}): check the folder.") from error


def read_tensors(folder: Path, kept: KeptFile) -> dict[str, Tensor]:
    """In the order in memory that they had. Raises SessionError where the file is not what was written."""
    path = folder / require_kept_name(kept.name, folder.parent)
    try:
        _require_same(path, kept)
        stored = load_file(path)
    except FileNotFoundError as error:
        raise SessionError(f"{path} is missing: restore the session from a copy.") from error
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise SessionError(f"{path} cannot be read ({error}): restore the session from a copy.") from error
    return dict(_restored(name, tensor) for name, tensor in stored.items())


def _require_same(path: Path, kept: KeptFile) -> None:
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(path)
    with path.open("rb") as stream:
        same_size = os.fstat(stream.fileno()).st_size == kept.bytes
        if not same_size or hashlib.file_digest(stream, "sha256").hexdigest() != kept.sha256:
            raise SessionError(
                f"{path} is not the file that was written (its SHA-256 differs): restore the session from a copy."
            )


def _stored(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    stored = {}
    for name, tensor in tensors.items():
        turned = tensor.dim() == 2 and not tensor.is_contiguous() and tensor.T.is_contiguous()
        key, value = (f"{name}{_TURNED}", tensor.T) if turned else (name, tensor.contiguous())
        stored[key] = value.detach().cpu()
    return stored


def _restored(name: str, tensor: Tensor) -> tuple[str, Tensor]:
    """A copy: the file's own memory is aligned differently, which products may round by."""
    if name.endswith(_TURNED):
        return name.removesuffix(_TURNED), tensor.clone().T
    return name, tensor.clone()
