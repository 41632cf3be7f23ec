"""What the plots read of a run: columns that grow by one step at a time. No Qt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.editing.events import (
    Evaluated,
    Event,
    ModuleStep,
    RunStarted,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.editing.fact_events import tell
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.retention import Retention
from workbench.evaluation.scores import SCORES

Array = npt.NDArray[Any]

# Fields of StepApplied and of ModuleStep that are kept for every step; of an evaluation, every score.
STEP_FIELDS = (
    "loss",
    "success",
    "success_before",
    "success_first",
    "success_random",
    "seconds",
    "memory_bytes",
)
MODULE_FIELDS = (
    "shift_norm",
    "weight_drift",
    "cosine_previous",
    "cosine_sum",
    "floored_share",
    "condition",
)
SPREAD_FIELDS = ("cosine_previous", "cosine_sum")  # also kept as lowest, median, highest over modules
SPECTRA_KEPT = 64  # per module, besides the latest


class GrowingArray:
    """Columns appended one by one into a buffer that doubles. ``rows`` None: a vector, else (rows, length)."""

    def __init__(
        self, rows: int | None = None, dtype: npt.DTypeLike = np.float64, capacity: int = 64
    ) -> None:
        self._buffer: Array = np.empty(capacity if rows is None else (rows, capacity), dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> Array:
        """A view, valid until the next append."""
        return self._buffer[..., : self._length]

    def append(self, column: npt.ArrayLike) -> None:
        if self._length == self._buffer.shape[-1]:
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)], axis=-1)
        self._buffer[..., self._length] = column
        self._length += 1

    def replace(self, place: int, column: npt.ArrayLike) -> None:
        self._buffer[..., place] = column

    def truncate(self, length: int) -> None:
        self._length = min(length, self._length)


@dataclass(slots=True)
class Spectrum:
    """Eigenvalues of one module's Σ̂ at one step, descending; ``rows`` and ``d_out`` are n and d_v."""

    step: int
    eigenvalues: Array
    floor: float
    floored_share: float
    rows: int
    d_out: int

    @property
    def mean(self) -> float:
        """Over all directions, from the evenly picked ones: each end stands for half an interval."""
        weights = np.ones(len(self.eigenvalues))
        if len(weights) < self.d_out:
            weights[[0, -1]] = 0.5
        return float(np.average(self.eigenvalues, weights=weights))


@dataclass(slots=True)
class SpectrumHistory:
    """The latest spectrum of a module and an evenly thinned past, oldest first."""

    latest: Spectrum
    past: list[Spectrum] = field(default_factory=list)
    stride: int = 1  # steps between two of the past
    seen: int = 0

    def add(self, spectrum: Spectrum) -> None:
        if self.seen % self.stride == 0:
            self.past.append(spectrum)
        self.seen += 1
        self.latest = spectrum
        if len(self.past) > SPECTRA_KEPT:
            self.past, self.stride = self.past[::2], self.stride * 2


class RunSeries:
    """One run, as plots need it. ``revision`` grows with every change."""

    def __init__(self, name: str = "", modules: Sequence[str] = ()) -> None:
        self.name = name
        self.revision = 0
        self.facts_total = 0
        self.steps_total = 0
        self._start(modules)

    def _start(self, modules: Sequence[str]) -> None:
        self.modules = tuple(modules)
        self.step, self.facts = GrowingArray(), GrowingArray()
        self.by_step = {name: GrowingArray() for name in STEP_FIELDS}
        self.by_module = {name: GrowingArray(len(self.modules), np.float32) for name in MODULE_FIELDS}
        self.spread = {name: GrowingArray(3) for name in SPREAD_FIELDS}
        self.spectra: dict[str, SpectrumHistory] = {}
        self.scored_step, self.scored_facts = GrowingArray(), GrowingArray()
        self.scores = {name: GrowingArray() for name in SCORES}
        self.retention, self.fact_history = Retention(), FactHistory()
        self.warmup_facts, self.warmup_rows, self.warmup_loss = GrowingArray(), GrowingArray(), GrowingArray()

    def __len__(self) -> int:
        return len(self.step)

    def add(self, event: Event) -> bool:
        """Takes what concerns the plots; False for an event that changes nothing here."""
        match event:
            case RunStarted():
                self.facts_total, self.steps_total = event.facts, event.steps
                if event.modules != self.modules:
                    self._start(event.modules)
                tell(self.fact_history, event)
            case WarmupProgressed():
                self._add_warmup(event)
            case StepApplied():
                self._add_step(event)
            case StepSkipped() if not event.warming_up:
                tell(self.fact_history, event)
            case Evaluated():
                self._add_scores(event)
            case _:
                return False
        self.revision += 1
        return True

    def rewind(self, step: int) -> None:
        """Forgets what came after ``step``, as when a run goes on from an earlier one."""
        kept = int(np.searchsorted(self.step.values, step, side="right"))
        scored = int(np.searchsorted(self.scored_step.values, step, side="right"))
        for column in self._step_columns():
            column.truncate(kept)
        for column in (self.scored_step, self.scored_facts, *self.scores.values()):
            column.truncate(scored)
        self._rewind_spectra(step)
        self.retention.forget_after(step)
        self.fact_history.forget_after(step)
        self.revision += 1

    def values(self, field_name: str) -> Array:
        """(steps,) of a step's field, (modules, steps) of a module's, (evaluations,) of a score."""
        for columns in (self.by_step, self.by_module, self.scores):
            if field_name in columns:
                return columns[field_name].values
        raise KeyError(field_name)

    def facts_per_second(self) -> Array:
        """(steps,) rate of each step: its facts over its seconds."""
        facts = np.diff(self.facts.values, prepend=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(facts / self.by_step["seconds"].values)

    def _add_warmup(self, event: WarmupProgressed) -> None:
        self.warmup_facts.append(event.facts_done)
        self.warmup_rows.append(event.rows)
        self.warmup_loss.append(event.loss)

    def _add_step(self, event: StepApplied) -> None:
        if len(self.step) and event.step <= self.step.values[-1]:
            self.rewind(event.step - 1)
        if not self.modules:
            self._start(tuple(event.modules))
        tell(self.fact_history, event)
        self.step.append(event.step)
        self.facts.append(event.facts_done)
        for name, column in self.by_step.items():
            column.append(getattr(event, name))
        steps = [event.modules.get(name) for name in self.modules]
        for name, column in self.by_module.items():
            column.append([np.nan if step is None else getattr(step, name) for step in steps])
        self._add_spread()
        for name, step in zip(self.modules, steps, strict=True):
            if step is not None and len(step.spectrum):
                self._add_spectrum(name, spectrum_of(event.step, step))

    def _step_columns(self) -> Iterator[GrowingArray]:
        yield from (self.step, self.facts)
        for columns in (self.by_step, self.by_module, self.spread):
            yield from columns.values()

    def _add_spread(self) -> None:
        for name, column in self.spread.items():
            column.append(_spread(self.by_module[name].values[:, -1]))

    def _add_spectrum(self, module: str, spectrum: Spectrum) -> None:
        self.spectra.setdefault(module, SpectrumHistory(spectrum)).add(spectrum)

    def _rewind_spectra(self, step: int) -> None:
        for module, history in list(self.spectra.items()):
            history.past = [spectrum for spectrum in history.past if spectrum.step <= step]
            if history.latest.step > step and history.past:
                history.latest = history.past[-1]
            elif history.latest.step > step:
                del self.spectra[module]

    def _add_scores(self, event: Evaluated) -> None:
        """The unedited model's come again: on more facts once the first step is in, and whenever a run is continued."""
        tell(self.fact_history, event)
        if event.step == 0 and len(self.scored_step) and self.scored_step.values[0] == 0:
            for name, column in self.scores.items():
                column.replace(0, getattr(event.scores, name))
            return
        if len(self.scored_step) and event.step <= self.scored_step.values[-1]:
            scored = int(np.searchsorted(self.scored_step.values, event.step))
            for column in (self.scored_step, self.scored_facts, *self.scores.values()):
                column.truncate(scored)
        if event.step:
            self.retention.forget_after(event.step)
            self.retention.add(event.step, event.retention)
        self.scored_step.append(event.step)
        self.scored_facts.append(event.scores.facts if event.step else 0)
        for name, column in self.scores.items():
            column.append(getattr(event.scores, name))

    @classmethod
    def from_record(
        cls,
        name: str,
        steps: Sequence[int],
        facts: Sequence[int],
        by_step: Mapping[str, Sequence[float]],
        by_module: Mapping[str, Mapping[str, Sequence[float]]],
        scored_steps: Sequence[int] = (),
        scored_facts: Sequence[int] = (),
        scores: Mapping[str, Sequence[float]] | None = None,
    ) -> "RunSeries":
        """A finished run. ``by_step``: field → (steps,); ``by_module``: module → field → (steps,); ``scores``: field →
        (evaluations,). Fields that are missing become NaN."""
        run = cls(name, tuple(by_module))
        _extend(run.step, steps)
        _extend(run.facts, facts)
        for field_name, column in run.by_step.items():
            _extend(column, by_step.get(field_name, [np.nan] * len(steps)))
        by_step_of_modules = {f: _columns(by_module, f, len(steps)) for f in MODULE_FIELDS}
        for i in range(len(steps)):
            for field_name, column in run.by_module.items():
                column.append(by_step_of_modules[field_name][:, i])
            run._add_spread()
        _extend(run.scored_step, scored_steps)
        _extend(run.scored_facts, scored_facts)
        for field_name, column in run.scores.items():
            _extend(column, (scores or {}).get(field_name, [np.nan] * len(scored_steps)))
        run.revision += 1
        return run


def spectrum_of(step: int, module: ModuleStep) -> Spectrum:
    eigenvalues = np.asarray(module.spectrum, np.float64)
    return Spectrum(step, eigenvalues, module.floor, module.floored_share, module.rows, module.d_out)


def _spread(values: Array) -> tuple[float, float, float]:
    """Lowest, median and highest of the finite values."""
    finite = sorted(float(v) for v in values if v == v)
    if not finite:
        return (np.nan, np.nan, np.nan)
    middle = (finite[len(finite) // 2] + finite[(len(finite) - 1) // 2]) / 2
    return (finite[0], middle, finite[-1])


def _columns(by_module: Mapping[str, Mapping[str, Sequence[float]]], field_name: str, steps: int) -> Array:
    """(modules, steps) of one field, NaN where a module lacks it."""
    missing = [np.nan] * steps
    rows = [record.get(field_name, missing) for record in by_module.values()]
    return np.array(rows, np.float32).reshape(len(rows), steps)


def _extend(column: GrowingArray, values: Iterable[npt.ArrayLike]) -> None:
    for value in values:
        column.append(value)
