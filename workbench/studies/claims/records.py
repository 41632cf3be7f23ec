"""One run of the comparison, as it is kept on the disk."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact
from workbench.plain import plain
from workbench.studies.files import number, read_json, write_json

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel

FORMAT = 1
SCORES = ("es", "gs", "exact", "preference", "locality_kept", "perplexity")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Lists by step are of the steps that the run edited; ``first_step`` is the number of the first of them."""

    variant: str
    seed: int
    step_size: float
    first_step: int  # from 1
    success: tuple[float, ...]  # ES of each step's facts right after it
    success_first: tuple[float, ...]  # ES of the first edited step's facts, after each step
    shift_norms: dict[str, tuple[float, ...]]  # module → ‖Δ_t‖_F by step
    cosines: dict[str, tuple[float, ...]]  # module → cosine between Δ_t and Δ_{t−1}; NaN at the first
    drifts: dict[str, tuple[float, ...]]  # module → ‖W_t − W_0‖_F / ‖W_0‖_F
    perplexities: tuple[tuple[int, float], ...]  # (step, perplexity); step 0 is the unedited model
    unedited: dict[str, float]  # score → value on the facts that the run edits
    scores: dict[str, float]  # after the last step, on all facts that the run edited
    failed: str = ""  # why it ended early: the model's numbers are no longer finite
    seconds: float = 0.0


def key_of(
    loaded: "LoadedModel",
    variant: str,
    seed: int,
    recipe: Recipe,
    facts: Sequence[Fact],
    warmup: Sequence[Fact],
    texts: Sequence[str],
) -> str:
    """Equal for runs that would come out the same: 16 hexadecimal digits."""
    content = [
        FORMAT,
        loaded.sha256,
        str(loaded.dtype),
        variant,
        seed,
        asdict(recipe),
        [asdict(f) for f in facts],
        [asdict(f) for f in warmup],
        list(texts),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def path_of(folder: Path, variant: str, seed: int, key: str) -> Path:
    return folder / "runs" / f"seed{seed}-{variant}-{key}.json"


def keep(path: Path, record: RunRecord) -> None:
    write_json(path, record_json(record))


def kept(path: Path) -> RunRecord | None:
    """None where there is none, or it was not written by this program."""
    data = read_json(path)
    try:
        return record_from(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def record_json(record: RunRecord) -> dict[str, Any]:
    found: dict[str, Any] = plain(asdict(record))
    return found


def record_from(data: dict[str, Any]) -> RunRecord:
    values = {f.name: data[f.name] for f in fields(RunRecord)}
    for name in ("success", "success_first"):
        values[name] = _numbers(data[name])
    for name in ("shift_norms", "cosines", "drifts"):
        values[name] = {module: _numbers(by_step) for module, by_step in data[name].items()}
    for name in ("unedited", "scores"):
        values[name] = {score: number(value) for score, value in data[name].items()}
    values["perplexities"] = tuple((int(step), number(value)) for step, value in data["perplexities"])
    return RunRecord(**values)


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(map(number, values))
