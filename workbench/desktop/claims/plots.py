"""A claim's runs over their steps: a colour for each kind of run, a thin curve for each seed."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS
from workbench.evaluation.titles import TITLES
from workbench.studies.claims.records import RunRecord
from workbench.studies.claims.variants import BY_NAME, VARIANTS

_ES = (f"{TITLES['es']}: {PROTOCOLS['es']}",)
_SHORT = {"reference": "whitening", "none": "none", "diagonal": "diagonal", "memory": "memory"}


class ClaimPlot(CurvePlot):
    """``set_records``: runs of any seeds; only the named variants are drawn."""

    empty = "The curves appear when the first of these runs is finished."

    def __init__(self, variants: Sequence[str], parent: QWidget | None = None) -> None:
        self._variants, self._records = tuple(variants), tuple[RunRecord, ...]()
        super().__init__(parent)
        self.set_runs(RunSeries(""))

    def set_records(self, records: Sequence[RunRecord]) -> None:
        self._records = tuple(r for r in records if r.variant in self._variants)
        self.invalidate()

    def lines(self, run: RunSeries) -> list[Line]:
        del run
        return [self._line(record) for record in self._records]

    @abstractmethod
    def values(self, record: RunRecord) -> npt.NDArray[Any]:
        """(steps,) what the run's curve shows."""

    def _line(self, record: RunRecord) -> Line:
        variant = BY_NAME[record.variant]
        y = np.asarray(self.values(record), dtype=float)
        slot = [v.name for v in VARIANTS].index(variant.name)
        return Line(
            key=f"{variant.name}/{record.seed}",
            label=_SHORT.get(variant.name, variant.title.split(":")[-1].strip().lower()),
            x=np.arange(record.first_step, record.first_step + len(y)),
            y=y,
            slot=slot,
            dash=self._variants.index(variant.name),
            name=f"{variant.title}, seed {record.seed}",
        )


class SuccessPlot(ClaimPlot):
    key = "claim-success"
    title = "Edit success"
    quantities = ("ES of each step's facts right after it", "ES right after the step", "ES")
    protocols = _ES
    scale = Scale.SHARE

    def values(self, record: RunRecord) -> npt.NDArray[Any]:
        return np.array(record.success)


class FirstBatchPlot(ClaimPlot):
    key = "claim-first-batch"
    title = "First batch"
    quantities = (
        "ES of the first step's facts as later ones are edited",
        "ES of the first step's facts",
        "ES",
    )
    protocols = _ES
    scale = Scale.SHARE

    def values(self, record: RunRecord) -> npt.NDArray[Any]:
        return np.array(record.success_first)


class NormPlot(ClaimPlot):
    key = "claim-norm"
    title = "Shift norm"
    quantities = ("‖Δ‖, the largest over modules", "largest ‖Δ‖")
    scale = Scale.ZERO

    def values(self, record: RunRecord) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.array(list(record.shift_norms.values())).max(axis=0)
        return found


class CosinePlot(ClaimPlot):
    key = "claim-cosine"
    title = "Consecutive cosine"
    quantities = ("|cosine| between a shift and the one before, mean over modules", "mean |cosine|")
    scale = Scale.ZERO

    def values(self, record: RunRecord) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.abs(np.array(list(record.cosines.values()))).mean(axis=0)
        return found


PLOTS: dict[str, type[ClaimPlot]] = {
    "success": SuccessPlot,
    "success_first": FirstBatchPlot,
    "shift_norm": NormPlot,
    "cosine": CosinePlot,
}
