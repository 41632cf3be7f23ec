"""What a study found, as JSON on the disk."""

import json
import math
from pathlib import Path
from typing import Any

from workbench.errors import DiskFull, InputError
from workbench.plain import plain
from workbench.storage.partials import whole_file


def write_json(path: Path, value: Any) -> None:
    """Whole or not at all: written beside and renamed. Raises DiskFull, and InputError for a place that
    cannot be written."""
    from workbench.models.files import is_disk_full, require_space  # brings torch

    text = json.dumps(plain(value), ensure_ascii=False, indent=1)
    require_space(path.parent, len(text.encode()), path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_text(text, "utf-8")
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                f"There is no space left in {path.parent} for {path.name}: make room and try again."
            ) from error
        raise InputError(f"{path} cannot be written ({error.strerror}): choose another place.") from error


def read_json(path: Path) -> Any:
    """None where there is no such file, or it is no JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def number(value: Any) -> float:
    """What ``plain`` wrote of a float."""
    return math.nan if value is None else float(value)
