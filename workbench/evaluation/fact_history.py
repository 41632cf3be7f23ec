"""What became of each fact of a run: its scores before and now, what the model wrote, and whether it holds. Needs no
torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from workbench.evaluation.holding import TAKEN, Bools, Codes, Hold, holds
from workbench.evaluation.scores import FACT_NUMBERS, FactScores, Floats

UNEDITED = 0  # the step of the scores before any edit


class Fate(Enum):
    """``value``: the word for it."""

    NEW = "new"  # no step has touched it
    SKIPPED = "skipped"  # its step was not finite
    EDITED = "edited"  # not scored since its step
    SAID = "says it"  # the model writes its target, in every form that the run was made for
    FORCED = "only when forced"  # teacher forcing finds its target; the model was not seen to write it
    LOST = "lost"  # it held after its step, or nothing tells whether it did; now it does not
    MISSED = "missed"  # it never held since its step


FATES = tuple(Fate)
HELD = {Hold.SAID: Fate.SAID, Hold.FORCED: Fate.FORCED}


@dataclass(frozen=True, slots=True)
class Moment:
    """One fact after one step; NaN for what was not read."""

    step: int
    es: float  # 0 to 1, in the form that the run asks in between
    loss: float  # mean over the target's tokens, nats
    hold: Hold | None = None  # None right after its own step, when only ``es`` is read

    def held_until(self, later: "Moment") -> bool:
        """Whether the fact held here and does not any more."""
        if later.hold is not Hold.NOT:
            return False
        if self.hold is None:
            return self.es >= TAKEN > later.es
        return self.hold is not Hold.NOT


@dataclass(frozen=True, slots=True)
class Wrote:
    """What the model wrote, None where that was not kept."""

    plain: str | None = None
    chat: str | None = None


@dataclass(frozen=True, slots=True)
class FactRecord:
    fate: Fate
    step: int  # that edited it, or was to; 0: none yet
    before: Mapping[str, float]  # of the unedited model; empty where it was not scored
    after: Mapping[str, float]  # at the last evaluation; empty where that did not reach the fact
    after_step: int  # the step of that evaluation; 0: none
    wrote_before: Wrote
    wrote: Wrote  # at the last evaluation
    at_edit: Moment | None  # right after its own step
    trace: tuple[Moment, ...]  # unedited, right after its step, then every evaluation; steps ascend

    @property
    def lost_between(self) -> tuple[int, int] | None:
        """The last step after which it held and the next look, after which it did not."""
        since = [m for m in self.trace if m.step >= self.step > 0 and not math.isnan(m.es)]
        for earlier, later in zip(reversed(since[:-1]), reversed(since[1:]), strict=True):
            if earlier.held_until(later):
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


@dataclass(frozen=True, slots=True)
class _Scored:
    es: Floats  # (facts,) as that of a Moment
    loss: Floats
    hold: Codes

    def at(self, place: int, step: int) -> Moment:
        return Moment(step, float(self.es[place]), float(self.loss[place]), Hold(self.hold[place]))


@dataclass(slots=True)
class FactHistory:
    """Of one run; fed with what its events tell, and taken back with ``forget_after``."""

    form: str = "plain"  # that the run was made for; to be known before any scores
    before: FactScores | None = None
    after: FactScores | None = None
    after_step: int = 0
    _steps: dict[int, _Step] = field(default_factory=dict)
    _unedited: _Scored | None = None
    _scored: dict[int, _Scored] = field(default_factory=dict)  # by step

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
            self.before, self._unedited = scores, self._judged(scores)
            return
        self._scored = {s: held for s, held in self._scored.items() if s < step}
        self._scored[step] = self._judged(scores)
        self.after, self.after_step = scores, step

    def _judged(self, scores: FactScores) -> _Scored:
        es = scores.es_chat if self.form == "chat" else scores.es
        return _Scored(es.astype(np.float32), scores.loss.astype(np.float32), holds(scores, self.form))

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
        told, answered = np.zeros(done, np.bool_), np.zeros(done, np.bool_)
        for held in self._steps.values():
            here = slice(held.first, held.first + held.facts)
            found[here] = FATES.index(Fate.SKIPPED if held.success is None else Fate.EDITED)
            if held.success is not None and len(held.success):
                told[here], answered[here] = True, held.success >= TAKEN
        if self._scored:
            self._judge(found, told, answered)
        return found

    def _judge(self, found: Codes, told: Bools, answered: Bools) -> None:
        """Those that the last evaluation reached; ``answered`` right after their step, where that was ``told``."""
        ever = np.zeros(len(found), np.bool_)
        for scored in self._scored.values():
            ever[: len(scored.hold)] |= scored.hold[: len(found)] > Hold.NOT
        last = self._scored[max(self._scored)]
        now = last.hold[: len(found)]
        edited = np.flatnonzero(found[: len(now)] == FATES.index(Fate.EDITED))
        lost = ever[edited] | ~told[edited] | (answered[edited] & (last.es[edited] < TAKEN))
        fates = np.where(lost, FATES.index(Fate.LOST), FATES.index(Fate.MISSED))
        for hold, fate in HELD.items():
            fates[now[edited] == hold] = FATES.index(fate)
        found[edited] = fates

    def of(self, place: int) -> FactRecord:
        """The fact at this place in the run."""
        step = next((n for n, s in self._steps.items() if s.first <= place < s.first + s.facts), 0)
        held = self._steps.get(step)
        at_edit = held.at(place - held.first, step) if held is not None else None
        after = _values(self.after, place) if held is not None else {}
        after_step = self.after_step if after else 0
        trace = self._trace(place, at_edit)
        fate = self._fate(place, held, at_edit, trace)
        return FactRecord(
            fate,
            step,
            _values(self.before, place),
            after,
            after_step,
            _wrote(self.before, place),
            _wrote(self.after, place) if after else Wrote(),
            at_edit,
            trace,
        )

    def _fate(
        self, place: int, held: _Step | None, at_edit: Moment | None, trace: tuple[Moment, ...]
    ) -> Fate:
        """As ``fates`` has it, without looking at all facts."""
        if held is None or held.success is None:
            return Fate.NEW if held is None else Fate.SKIPPED
        if not self._scored or place >= len(self._scored[max(self._scored)].hold):
            return Fate.EDITED
        now = trace[-1]
        if now.hold in HELD:
            return HELD[now.hold]
        since = [moment for moment in trace if moment.step != UNEDITED]
        moments = [at_edit, *since] if at_edit is not None else since
        lost = at_edit is None or any(moment.held_until(now) for moment in moments)
        return Fate.LOST if lost else Fate.MISSED

    def _trace(self, place: int, at_edit: Moment | None) -> tuple[Moment, ...]:
        found: dict[int, Moment] = {}
        if self._unedited is not None and place < len(self._unedited.hold):
            found[UNEDITED] = self._unedited.at(place, UNEDITED)
        if at_edit is not None:
            found[at_edit.step] = at_edit
        for step, scored in self._scored.items():
            if place < len(scored.hold):
                found[step] = scored.at(place, step)
        return tuple(found[step] for step in sorted(found))


def _values(scores: FactScores | None, place: int) -> dict[str, float]:
    """By the score's name, the loss among them; empty where the fact was not scored."""
    if scores is None or place >= len(scores.es):
        return {}
    return {name: float(getattr(scores, name)[place]) for name in FACT_NUMBERS}


def _wrote(scores: FactScores | None, place: int) -> Wrote:
    if scores is None:
        return Wrote()
    plain, chat = (
        texts[place] if place < len(texts) else None for texts in (scores.wrote, scores.wrote_chat)
    )
    return Wrote(plain, chat)
