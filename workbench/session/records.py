"""What a session tells of its runs, as values."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch

from workbench.editing.events import Floats, Report
from workbench.editing.recipe import Recipe
from workbench.errors import SessionError, SettingError
from workbench.evaluation.scores import FactScores, Scores
from workbench.models.loaded import LoadedModel
from workbench.session.factors import MOST_THREADS
from workbench.session.tensor_files import KeptFile

INTERRUPTED = "interrupted"  # besides the reasons of RunEnded: nobody could tell the end


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model it was, wherever it lies now."""

    source: str  # as the person gave it
    sha256: str  # of the weights as they were read
    architecture: str = ""
    dtype: str = ""  # "float32"
    weights: str = ""  # fingerprint of the modules that a run edits, before it

    @classmethod
    def of(cls, loaded: LoadedModel, weights: str = "") -> "ModelIdentity":
        dtype = str(loaded.dtype).removeprefix("torch.")
        return cls(loaded.source, loaded.sha256, loaded.architecture, dtype, weights)


@dataclass(frozen=True, slots=True)
class Environment:
    """What rounding depends on."""

    device: str
    threads: int  # when the run began; each step has its own
    torch: str
    machine: str

    @classmethod
    def of(cls, loaded: LoadedModel) -> "Environment":
        device = (
            torch.cuda.get_device_name(loaded.device) if loaded.device.type == "cuda" else loaded.device.type
        )
        return cls(device, torch.get_num_threads(), torch.__version__, f"{platform.machine()}-{os.name}")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a run: after step ``step`` of the warm-up, or of the edits. Step 0: before the first of its kind."""

    editing: bool
    step: int

    @property
    def kind(self) -> str:
        return "edit" if self.editing else "warmup"


@dataclass(frozen=True, slots=True)
class RunRecord:
    id: int
    name: str
    note: str
    recipe: Recipe
    modules: tuple[str, ...]
    model: ModelIdentity
    environment: Environment
    facts: int  # how many it was given
    warmup: int
    parent: int | None  # the run that it branched from, after editing step ``parent_step``
    parent_step: int | None
    minibatch: int
    started: str  # ISO 8601, UTC
    ended: str | None
    reason: str | None  # an EndReason or "interrupted"; None while it runs
    message: str
    seconds: float
    # of the editing steps that are kept, those before a branch included
    steps_done: int
    facts_done: int


@dataclass(frozen=True, slots=True)
class StepRecord:
    run: int
    position: Position
    first_fact: int  # index into the run's facts, or its warm-up facts
    facts: int
    rows: int  # answer tokens
    file: KeptFile
    fingerprint: str  # of the state after it
    kept: str  # ISO 8601, UTC
    report: Report | None = field(repr=False)  # None where the run ended before it was told

    @property
    def skipped(self) -> bool:
        """Not finite, and left out: no fact is without answer tokens."""
        return self.rows == 0


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    run: int
    position: Position
    pinned: bool  # never thinned out
    file: KeptFile


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    run: int
    step: int  # 0: the unedited model
    scores: Scores
    per_fact: FactScores = field(repr=False)
    retention: Floats = field(repr=False)  # (step,)


def as_json(value: Any) -> str:
    """Of a frozen dataclass of plain values."""
    return json.dumps(asdict(value), ensure_ascii=False)


def recipe_from(text: str) -> Recipe:
    """Raises SessionError for settings that this version does not know or allow."""
    values = _values(text)
    unknown = values.keys() - {f.name for f in fields(Recipe)}
    if unknown:
        raise SessionError(
            f"The run has the settings {', '.join(sorted(unknown))}, which this version does not know: update it."
        )
    try:
        return Recipe.of_record(values)
    except (SettingError, TypeError) as error:
        raise SessionError(f"The settings of a run in the session are damaged ({error}).") from error


def model_from(text: str) -> ModelIdentity:
    return ModelIdentity(**_texts(text, ModelIdentity))


def environment_from(text: str) -> Environment:
    values = _texts(text, Environment)
    return Environment(**values | {"threads": max(1, min(int(values.get("threads", "1")), MOST_THREADS))})  # type: ignore[arg-type]


def _texts(text: str, kind: type) -> dict[str, str]:
    values = _values(text)
    return {f.name: str(values.get(f.name, "")) for f in fields(kind)}


def _values(text: str) -> Mapping[str, Any]:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise SessionError("A run in the session is not described as it should be: it is damaged.")
    return values
