"""What a test of the claims reports while it goes on, and what it found. Frozen, picklable, plain values."""

from dataclasses import asdict, dataclass
from typing import Any

from workbench.editing.recipe import Recipe
from workbench.evaluation.scores import PROTOCOLS
from workbench.plain import plain
from workbench.studies.claims.records import SCORES, RunRecord, record_json
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.variants import VARIANTS
from workbench.studies.claims.verdicts import ClaimResult

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunProgressed:
    """Before and during a run: ``done`` of ``total`` runs are finished, ``step`` of ``steps`` of this one."""

    variant: str
    title: str
    seed: int
    done: int
    total: int
    step: int
    steps: int
    success: float  # ES of the last step's facts; NaN before the first
    seconds_left: float  # of the whole study; NaN while nothing is known


@dataclass(frozen=True, slots=True)
class RunFinished:
    record: RunRecord
    from_disk: bool
    done: int
    total: int
    claims: tuple[ClaimResult, ...]  # as far as they can be decided


@dataclass(frozen=True, slots=True)
class Claims:
    """What the study found."""

    model: str
    sha256: str
    settings: ClaimsSettings
    reference: Recipe
    warmup_facts: int
    matched_step_sizes: dict[int, float]  # seed → γ of the run without normalisation
    runs: tuple[RunRecord, ...]
    claims: tuple[ClaimResult, ...]
    stopped: bool
    seconds: float

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = plain(
            {
                "format": FORMAT,
                "model": {"source": self.model, "sha256": self.sha256},
                "settings": asdict(self.settings),
                "reference": asdict(self.reference),
                "warmup_facts": self.warmup_facts,
                "matched_step_sizes": self.matched_step_sizes,
                "stopped": self.stopped,
                "seconds": self.seconds,
                "claims": [{**asdict(c), "sentence": c.sentence} for c in self.claims],
                "variants": [asdict(variant) for variant in VARIANTS],
                "runs": [record_json(run) for run in self.runs],
                "protocols": {name: PROTOCOLS[name] for name in SCORES},
            }
        )
        return found


@dataclass(frozen=True, slots=True)
class ClaimsEnded:
    """Always the last event, also after a stop."""

    result: Claims


ClaimsEvent = RunProgressed | RunFinished | ClaimsEnded
