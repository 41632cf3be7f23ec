"""What studies report while they go on. Frozen, picklable, plain values."""

from dataclasses import dataclass

from workbench.studies.calibration import Calibration, Point


@dataclass(frozen=True, slots=True)
class CalibrationPlanned:
    """Before anything takes long."""

    split: dict[str, int]  # facts by part, as many as there is time for
    seconds: float  # until the first point, as estimated
    note: str  # sentences


@dataclass(frozen=True, slots=True)
class CalibrationBegan:
    split: dict[str, int]  # facts by part
    layers: int  # candidate modules
    trials: int  # that are known to come: the grid's, or the candidates'
    unedited_success: float
    unedited_perplexity: float
    note: str  # one sentence, or nothing


@dataclass(frozen=True, slots=True)
class PointMeasured:
    point: Point
    done: int
    total: int  # 0 where the budget decides
    seconds_left: float  # of the budget; NaN for a grid
    on_front: tuple[int, ...]  # the front so far, counted in the points so far
    chosen: int | None


@dataclass(frozen=True, slots=True)
class HoldingOut:
    """The search is over: facts that no trial edited are edited with the points worth it."""

    facts: int


@dataclass(frozen=True, slots=True)
class CalibrationEnded:
    """Always the last event, also after a stop."""

    calibration: Calibration


CalibrationEvent = CalibrationPlanned | CalibrationBegan | PointMeasured | HoldingOut | CalibrationEnded
