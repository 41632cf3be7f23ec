"""What a run reports. Frozen, picklable, numpy and plain numbers only."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workbench.evaluation.scores import FactScores, Scores

Floats = npt.NDArray[np.float64]


class Phase(StrEnum):
    """What a ``Progressed`` event counts."""

    TEXT = "sampling ordinary text"
    PACE = "timing a few facts"
    PROTECTION = "reading ordinary text"
    BASELINE = "scoring the unedited model"
    WARMUP = "warming up"
    EDITING = "editing"
    EVALUATION = "scoring"
    RETURNING = "bringing the model back"


class EndReason(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"  # the person stopped it; the last whole step is kept
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunStarted:
    facts: int
    warmup_facts: int
    steps: int  # editing steps, without warm-up
    modules: tuple[str, ...]  # full names
    rows_needed: int  # answer tokens that full whitening needs before it starts: largest d_v + 2
    sizes: tuple[int, ...] = field(default=(), repr=False)  # (steps,) facts of each editing step
    # what a run that is continued has behind it
    steps_done: int = 0
    facts_done: int = 0
    warmup_done: int = 0  # facts
    form: str = "plain"  # that the facts are edited in: plain, chat or both


@dataclass(frozen=True, slots=True)
class Progressed:
    """``done`` of ``total`` units of one phase; emitted a few times a second at most."""

    phase: Phase
    done: int
    total: int
    unit: str  # "facts", "texts", "sequences"


@dataclass(frozen=True, slots=True)
class WarmupProgressed:
    """After each warm-up batch."""

    facts_done: int
    facts_total: int
    rows: int  # answer tokens seen by the statistics so far (the smallest over statistics objects)
    rows_needed: int
    loss: float  # mean over the batch's facts of each fact's mean token loss, nats
    seconds: float  # of this batch
    weights_changed: bool


@dataclass(frozen=True, slots=True)
class ModuleStep:
    """What one step did to one module; all without unit unless said."""

    shift_norm: float  # ‖Δ_t‖_F
    weight_drift: float  # ‖W_t − W_0‖_F / ‖W_0‖_F
    cosine_previous: float  # between Δ_t and Δ_{t−1}; NaN at the first step
    cosine_sum: float  # between Δ_t and Σ_{s<t} Δ_s; NaN at the first step
    eigenvalue_min: float  # of Σ̂ before flooring; NaN without whitening
    eigenvalue_max: float
    condition: float  # of the floored Σ̂
    floored_share: float  # share of directions at the floor, 0 to 1
    floor: float  # the eigenvalue below which directions are raised; NaN without whitening
    rows: int  # answer tokens behind the statistics
    d_out: int  # d_v
    spectrum: Floats = field(repr=False)  # (≤ 128,) eigenvalues of Σ̂, descending; empty without whitening


@dataclass(frozen=True, slots=True)
class Spending:
    """Where a run stands in its budget of change; nats per token of ordinary text."""

    allowed: float
    spent: float = 0.0  # mean loss now less that of the unedited model, in the form that lost most
    pace: float = 1.0  # factor on the recipe's step size
    ratio: float = float("nan")  # loss over squared relative length of a shift, as measured last
    cut: float = 1.0  # how much of what the last step wanted beyond its fair part was left, 0 to 1
    tokens: int = 0  # that it is measured on

    def in_words(self) -> str:
        """``× 1.031 of × 1.050``, as factors on perplexity."""
        return f"× {math.exp(self.spent):.3f} of × {math.exp(self.allowed):.3f}"


@dataclass(frozen=True, slots=True)
class StepApplied:
    """After each editing step, once the weights hold it."""

    step: int  # from 1
    facts_done: int
    facts_total: int
    first_fact: int  # index into the run's facts of the step's first
    facts: int  # how many facts the step holds
    rows: int  # answer tokens in the step
    loss: float  # before the shift: mean over facts of each fact's mean token loss, nats
    success: float  # ES of the step's own facts right after it, 0 to 1
    success_before: float  # ES of the same facts under the weights just before the step
    success_first: float  # ES of the first step's facts now
    success_random: float  # ES of one random earlier step's facts now; NaN at the first step
    random_step: int  # which step that was; 0 at the first
    modules: dict[str, ModuleStep]
    seconds: float  # trace, statistics, solve and apply; without the scoring above
    memory_bytes: int  # peak of the process (CPU) or of the device (GPU)
    # (facts,) of the step's own facts right after it; empty where the person stopped meanwhile
    fact_success: Floats = field(default_factory=lambda: np.empty(0), repr=False)  # ES, 0 to 1
    fact_loss: Floats = field(default_factory=lambda: np.empty(0), repr=False)  # mean token loss, nats
    spending: Spending | None = None  # with the step in the weights; None without a budget


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """In place of a step that came out not finite: weights and statistics are as before it."""

    step: int  # from 1 within its kind
    warming_up: bool
    facts_done: int  # the skipped ones included
    facts_total: int
    first_fact: int  # index into the run's facts, or its warm-up facts
    facts: int
    fact: str  # prompt of the fact that it showed at; empty where it showed in the shift of all
    module: str  # full name; empty where it showed in the loss
    message: str  # one sentence
    seconds: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """All scores on all facts edited so far, skipped ones included; step 0 is the unedited model on all facts."""

    step: int
    scores: Scores
    per_fact: FactScores
    retention: Floats = field(repr=False)  # (step,) ES of each step's facts now
    partial: bool = (
        False  # of the first step's facts, or without texts: the whole follows, and alone is kept of a step
    )


@dataclass(frozen=True, slots=True)
class PassDone:
    """Of the step in hand; its shifts are still on trial."""

    number: int  # from 1
    passes: int  # at most
    taken: int  # facts that need no further pass, in every form
    facts: int  # of the step


@dataclass(frozen=True, slots=True)
class MinibatchHalved:
    """Memory ran out; the work goes on with smaller minibatches and the same results."""

    minibatch: int


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Always the last event."""

    reason: EndReason
    facts_done: int
    steps_done: int
    seconds: float
    message: str = ""  # one sentence where it did not finish


Report = StepApplied | StepSkipped | WarmupProgressed

Event = (
    RunStarted
    | Progressed
    | WarmupProgressed
    | StepApplied
    | StepSkipped
    | PassDone
    | Evaluated
    | MinibatchHalved
    | RunEnded
)
