"""Reading a delta that somebody else may have made: nothing in it is trusted before it was looked at."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from workbench.errors import InputError
from workbench.exports.delta import FORMAT, VERSION, tensors_sha256
from workbench.models.progress import Watch
from workbench.models.provenance import Provenance, ScoreLine

MOST_HEADER_BYTES = 16 << 20
_DTYPES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Delta:
    """What the header of a delta file says. Its tensors are not read yet."""

    path: Path
    base_sha256: str
    dtype: str  # "bfloat16": in which the base has to be loaded
    shapes: dict[str, tuple[int, ...]] = field(repr=False)  # by parameter name
    tensors_sha256: str
    provenance: Provenance = field(repr=False)


def open_delta(path: Path) -> Delta:
    """Raises InputError for a file that is none, is damaged, or is of a newer version."""
    path = path.expanduser()
    _require_header(path)
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            slices = {name: file.get_slice(name) for name in names}
            shapes = {name: tuple(part.get_shape()) for name, part in slices.items()}
            dtypes = {part.get_dtype() for part in slices.values()}
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _not_a_delta(path, f"it cannot be read, {error}") from error
    _require_ours(path, metadata)
    dtype = metadata.get("dtype", "")
    if not shapes or dtype not in _DTYPES or dtypes != {_DTYPES[dtype]}:
        raise _damaged(path, "its tensors are not what its header says")
    return Delta(
        path,
        _hash(path, metadata, "base_sha256"),
        dtype,
        shapes,
        _hash(path, metadata, "tensors_sha256"),
        _provenance(path, metadata.get("provenance", "")),
    )


def read_tensors(delta: Delta, watch: Watch) -> dict[str, Tensor]:
    """By parameter name, on the CPU. Raises InputError where they are not those that were written."""
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(delta.path, "pt") as file:
            for done, name in enumerate(delta.shapes):
                watch.report("reading the delta", done, len(delta.shapes), "modules")
                tensors[name] = file.get_tensor(name)
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _damaged(delta.path, str(error)) from error
    if tensors_sha256(tensors, watch) != delta.tensors_sha256:
        raise _damaged(delta.path, "its weights have another SHA-256 than when it was written")
    if not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
        raise _damaged(delta.path, "it holds weights that are not finite")
    return tensors


def _require_header(path: Path) -> None:
    """A header that claims more than a delta's is not read at all."""
    if not path.is_file():
        raise InputError(f"{path} is no file: name a delta file.")
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            opens = stream.read(1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be read ({reason}): name a delta file.") from error
    if size < 10 or length > min(size - 8, MOST_HEADER_BYTES) or opens != b"{":
        raise _not_a_delta(path, "it has no safetensors header that a delta could have")


def _require_ours(path: Path, metadata: dict[str, str]) -> None:
    if metadata.get("format") != FORMAT:
        raise _not_a_delta(path, "it holds tensors without saying which model they change")
    if metadata.get("version") != VERSION:
        raise InputError(
            f"{path} is a delta of version {metadata.get('version', '')[:20]!r} and this program reads {VERSION}: "
            "update the program."
        )


def _hash(path: Path, metadata: dict[str, str], name: str) -> str:
    value = metadata.get(name, "")
    if not _SHA256.fullmatch(value):
        raise _damaged(path, f"its {name} is no SHA-256")
    return value


def _provenance(path: Path, text: str) -> Provenance:
    try:
        values = json.loads(text)
        return Provenance(
            base=str(values["base"]),
            base_sha256=str(values["base_sha256"]),
            edits=int(values["edits"]),
            modules=[str(name) for name in values["modules"]],
            recipe={str(name): value for name, value in values["recipe"].items()},
            scores=[_score_line(line) for line in values["scores"]],
            warmup=str(values["warmup"]),
            notes=[str(note) for note in values["notes"]],
            created=str(values["created"]),
            workbench=str(values["workbench"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise _damaged(path, f"it does not state its origin as it should ({error})") from error


def _score_line(line: dict[str, Any]) -> ScoreLine:
    nan = float("nan")
    before, after = (nan if line[key] is None else float(line[key]) for key in ("before", "after"))
    return ScoreLine(str(line["name"]), str(line["protocol"]), before, after)


def _not_a_delta(path: Path, why: str) -> InputError:
    return InputError(f"{path} is no delta of this program ({why}): name a file that export wrote.")


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"{path} is damaged ({why}): fetch or write it again.")
