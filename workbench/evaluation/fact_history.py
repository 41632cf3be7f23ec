"""What became of each fact of a run: its scores before and now, and whether it held. Needs no torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from workbench.evaluation.scores import FACT_SCORES, FactScores, Floats

TAKEN = 0.999  # share of the target's tokens from which a fact counts as answered
UNEDITED = 0  # the step of the scores before any edit

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


class Fate(Enum):
    """``value``: the word for it."""

    NEW = "new"  # no step has touched it
    SKIPPED = "skipped"  # its step was not finite
    EDITED = "edited"  # not scored since its step
    KEPT = "kept"
    LOST = "lost"  # it was answered after its step, or nothing tells whether it was; now it is not
    MISSED = "missed"  # never answered since its step


FATES = tuple(Fate)


@dataclass(frozen=True, slots=True)
class Moment:
    """One fact after one step, by teacher forcing; NaN for what was not read."""

    step: int
    es: float  # 0 to 1
    loss: float  # mean over the target's tokens, nats

    @property
    def taken(self) -> bool:
        return self.es >= TAKEN


@dataclass(frozen=True, slots=True)
class FactRecord:
    fate: Fate
    step: int  # that edited it, or was to; 0: none yet
    before: Mapping[str, float]  # of the unedited model; empty where it was not scored
    after: Mapping[str, float]  # at the last evaluation; empty where that did not reach the fact
    after_step: int  # the step of that evaluation; 0: none
    at_edit: Moment | None  # right after its own step
    trace: tuple[Moment, ...]  # unedited, right after its step, then every evaluation; steps ascend

    @property
    def lost_between(self) -> tuple[int, int] | None:
        """The last step after which it was answered and the next look, after which it was not."""
        since = [m for m in self.trace if m.step >= self.step > 0 and not math.isnan(m.es)]
        for earlier, later in zip(reversed(since[:-1]), reversed(since[1:]), strict=True):
            if earlier.taken and not later.taken:
                return earlier.step, later.step
        return None


@dataclass(frozen=True, slots=True)
class _Step:
    first: int  # index of its first fact in the run
    facts: int
    success: Floats | None  # (facts,) or (0,); None where the step was skipped
    loss: Floats

    def at(self, place: int, step: int) -> Moment | None:
        if self.success is None or not len(self.success):
            return None
        return Moment(step, float(self.success[place]), float(self.loss[place]))


@dataclass(slots=True)
class FactHistory:
    """Of one run; fed with what its events tell, and taken back with ``forget_after``."""

    before: FactScores | None = None
    after: FactScores | None = None
    after_step: int = 0
    _steps: dict[int, _Step] = field(default_factory=dict)
    _scored: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)  # step → ES and loss, (facts,)

    def add_step(self, step: int, first: int, facts: int, success: Floats, loss: Floats) -> None:
        """``success`` and ``loss`` right after it, (facts,), or empty where they are not known."""
        self._drop_from(step)
        kept = success if len(success) == facts else np.empty(0)
        losses = loss if len(loss) == len(kept) else np.full(len(kept), np.nan)
        self._steps[step] = _Step(first, facts, kept, losses)

    def add_skipped(self, step: int, first: int, facts: int) -> None:
        self._drop_from(step)
        self._steps[step] = _Step(first, facts, None, np.empty(0))

    def add_scores(self, step: int, scores: FactScores) -> None:
        """Of all facts up to ``step``; UNEDITED: of all facts of the run before it."""
        if step == UNEDITED:
            self.before = scores
            return
        self._scored = {s: held for s, held in self._scored.items() if s < step}
        self._scored[step] = scores.es.astype(np.float32), scores.loss.astype(np.float32)
        self.after, self.after_step = scores, step

    def forget_after(self, step: int) -> None:
        """For a run that was taken back to this step."""
        self._steps = {s: held for s, held in self._steps.items() if s <= step}
        self._scored = {s: held for s, held in self._scored.items() if s <= step}
        if self.after_step > step:
            self.after, self.after_step = None, 0

    def _drop_from(self, step: int) -> None:
        if self._steps and step <= max(self._steps):
            self.forget_after(step - 1)

    @property
    def done(self) -> int:
        """How many of the run's facts a step has touched."""
        return max((s.first + s.facts for s in self._steps.values()), default=0)

    def facts_of(self, step: int) -> range:
        """Places in the run of a step's facts; empty for a step that is not known."""
        held = self._steps.get(step)
        return range(0) if held is None else range(held.first, held.first + held.facts)

    def fates(self) -> Codes:
        """(done,) index into FATES of each fact."""
        done = self.done
        found = np.full(done, FATES.index(Fate.NEW), np.uint8)
        told, taken = np.zeros(done, np.bool_), np.zeros(done, np.bool_)
        for held in self._steps.values():
            here = slice(held.first, held.first + held.facts)
            found[here] = FATES.index(Fate.SKIPPED if held.success is None else Fate.EDITED)
            if held.success is not None and len(held.success):
                told[here], taken[here] = True, held.success >= TAKEN
        for es, _ in self._scored.values():
            taken[: len(es)] |= es[:done] >= TAKEN
        self._judge(found, told, taken)
        return found

    def _judge(self, found: Codes, told: Bools, taken: Bools) -> None:
        """Those that the last evaluation reached."""
        if not self._scored:
            return
        now = self._scored[max(self._scored)][0][: len(found)]
        scored = np.flatnonzero(found[: len(now)] == FATES.index(Fate.EDITED))
        missed = told[scored] & ~taken[scored]
        lost = np.where(missed, FATES.index(Fate.MISSED), FATES.index(Fate.LOST))
        found[scored] = np.where(now[scored] >= TAKEN, FATES.index(Fate.KEPT), lost)

    def of(self, place: int) -> FactRecord:
        """The fact at this place in the run."""
        step = next((n for n, s in self._steps.items() if s.first <= place < s.first + s.facts), 0)
        held = self._steps.get(step)
        at_edit = held.at(place - held.first, step) if held is not None else None
        after = _values(self.after, place) if held is not None else {}
        after_step = self.after_step if after else 0
        trace = self._trace(place, at_edit)
        fate = self._fate(place, held, at_edit, trace)
        return FactRecord(fate, step, _values(self.before, place), after, after_step, at_edit, trace)

    def _fate(
        self, place: int, held: _Step | None, at_edit: Moment | None, trace: tuple[Moment, ...]
    ) -> Fate:
        """As ``fates`` has it, without looking at all facts."""
        if held is None or held.success is None:
            return Fate.NEW if held is None else Fate.SKIPPED
        if not self._scored or place >= len(self._scored[max(self._scored)][0]):
            return Fate.EDITED
        if trace[-1].taken:
            return Fate.KEPT
        since = [moment for moment in trace if moment.step != UNEDITED]
        missed = at_edit is not None and not any(moment.taken for moment in (at_edit, *since))
        return Fate.MISSED if missed else Fate.LOST

    def _trace(self, place: int, at_edit: Moment | None) -> tuple[Moment, ...]:
        found: dict[int, Moment] = {}
        if self.before is not None and place < len(self.before.es):
            before = self.before
            found[UNEDITED] = Moment(UNEDITED, float(before.es[place]), float(before.loss[place]))
        if at_edit is not None:
            found[at_edit.step] = at_edit
        for step, (es, loss) in self._scored.items():
            if place < len(es):
                found[step] = Moment(step, float(es[place]), float(loss[place]))
        return tuple(found[step] for step in sorted(found))


def _values(scores: FactScores | None, place: int) -> dict[str, float]:
    """By the score's name, the loss among them; empty where the fact was not scored."""
    if scores is None or place >= len(scores.es):
        return {}
    return {name: float(getattr(scores, name)[place]) for name in (*FACT_SCORES, "loss")}
