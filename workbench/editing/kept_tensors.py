"""Tensors that an unedited model gave, kept on disk by what they depend on, so that a second run need not ask again."""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.storage.partials import whole_file

ROOM = 2 << 30  # bytes of all files together; those that were not used for longest go first
_log = logging.getLogger(__name__)


def of_model(loaded: LoadedModel, modules: Sequence[EditableModule]) -> list[object]:
    """What every key begins with."""
    identity = [loaded.sha256, loaded.architecture, str(loaded.dtype), loaded.device.type]
    return [identity, [[m.name, m.d_in, m.d_out] for m in modules]]


class KeptTensors:
    """``key``: anything that JSON can say. Nothing is raised: what cannot be read or written is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, key: object) -> bool:
        """Something, whole or not."""
        return self._path(key).exists()

    def find(self, key: object) -> dict[str, Tensor] | None:
        path = self._path(key)
        try:
            found = load_file(path)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError) as error:
            _log.info("%s cannot be used: %s", path, error)
            with suppress(OSError):
                path.unlink()
            return None
        return found

    def keep(self, key: object, tensors: dict[str, Tensor]) -> None:
        size = sum(tensor.nbytes for tensor in tensors.values())
        if size > ROOM // 2:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(size)
            with whole_file(self._path(key)) as path:
                save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, path)
        except (OSError, SafetensorError) as error:
            _log.info("What the unedited model gave is not kept: %s", error)

    def _path(self, key: object) -> Path:
        return self._folder / f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}.safetensors"

    def _make_room(self, size: int) -> None:
        files = [(file.stat(), file) for file in self._folder.glob("*.safetensors")]
        over = sum(stat.st_size for stat, _ in files) + size - ROOM
        for stat, file in sorted(files, key=lambda found: found[0].st_mtime):
            if over <= 0:
                break
            file.unlink(missing_ok=True)
            over -= stat.st_size
