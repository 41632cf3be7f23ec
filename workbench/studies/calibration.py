"""What a calibration is asked for and what it found, as values and as JSON."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from workbench.editing.recipe import Recipe
from workbench.evaluation.scores import PROTOCOLS
from workbench.plain import plain
from workbench.settings import check, setting
from workbench.studies.files import number
from workbench.studies.front import CHOICE_RULE, WORST_RATIO, Outcome

FORMAT = 1
REFERENCE = f"ES 0, locality kept 0, perplexity {WORST_RATIO:g} × that of the unedited model"


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    minutes: float = setting(
        10.0,
        "Time",
        "How long all of it may take. More finds better settings; your own are always measured, and the presets before "
        "the search.",
        unit="minutes",
        low=0,
        above=True,
        high=1440,
    )
    seed: int = setting(
        0,
        "Seed",
        "Fixes how the facts are split and the order of the search.",
        low=0,
        high=2**31 - 1,
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Settings to measure whatever the search does."""

    title: str
    kind: str  # "preset" or "choice"
    recipe: Recipe  # with its modules


@dataclass(frozen=True, slots=True)
class Point:
    """One setting measured: the edits part edited from the unedited model, scored at the end."""

    title: str
    kind: str  # "search", "grid", "preset" or "choice"
    recipe: Recipe
    success: float  # ES over all edits, after the last step
    kept: float
    perplexity: float
    ratio: float  # perplexity over the unedited model's
    seconds: float
    shift_norms: tuple[float, ...] = ()  # of the first step, in the order of the model's modules
    gave_up: str = ""  # why it was not run to its end; its figures are those of the first step then

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.success, self.kept, self.ratio)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out facts edited with a point's settings, which were not chosen on them."""

    point: int
    success: float
    generalisation: float
    kept: float
    perplexity: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``front``, ``chosen`` and ``held_out`` count in ``points``."""

    model: str
    sha256: str
    settings: CalibrationSettings
    grid: bool
    split: dict[str, int]
    borrowed_probes: bool
    unedited_success: float
    unedited_perplexity: float
    points: tuple[Point, ...]
    front: tuple[int, ...]
    chosen: int | None
    hypervolume: float
    held_out: tuple[HeldOut, ...]
    seconds: float
    stopped: bool  # by the person; what was measured until then is kept
    note: str = ""
    reference: str = field(default=REFERENCE)

    @property
    def chosen_point(self) -> Point | None:
        return None if self.chosen is None else self.points[self.chosen]

    def as_json(self) -> dict[str, Any]:
        scores = ("es", "gs", "locality_kept", "perplexity")
        found: dict[str, Any] = plain(
            {"format": FORMAT, **asdict(self), "choice_rule": CHOICE_RULE}
            | {"protocols": {name: PROTOCOLS[name] for name in scores}}
        )
        return found


def calibration_from(data: dict[str, Any]) -> Calibration:
    """What ``as_json`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}")
    values = {f.name: data[f.name] for f in fields(Calibration)}
    values["settings"] = CalibrationSettings(**data["settings"])
    values["points"] = tuple(_point(p) for p in data["points"])
    values["front"] = tuple(data["front"])
    values["held_out"] = tuple(_held_out(h) for h in data["held_out"])
    for name in ("unedited_success", "unedited_perplexity"):
        values[name] = number(data[name])
    return Calibration(**values)


def _point(data: dict[str, Any]) -> Point:
    numbers = {name: number(data[name]) for name in ("success", "kept", "perplexity", "ratio")}
    norms = tuple(map(number, data["shift_norms"]))
    return Point(**{**data, **numbers, "recipe": Recipe.of_record(data["recipe"]), "shift_norms": norms})


def _held_out(data: dict[str, Any]) -> HeldOut:
    numbers = {name: number(value) for name, value in data.items() if name != "point"}
    return HeldOut(int(data["point"]), **numbers)
