"""What ordinary text may lose over a run: measured on trial weights before a step is applied, never overdrawn."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from workbench.editing.editor import Editor
from workbench.editing.events import Spending
from workbench.editing.shift import Shift
from workbench.errors import NonFinite
from workbench.evaluation.batching import Watch
from workbench.evaluation.reading import read_answers
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

Shifts = dict[str, Shift]

_BORROWING = 2.0  # how many times its even share of what is left a step may take
_FIRST_SHARE = 0.25  # of a step's allowance that its first pass may take: later ones teach what is harder
_WATCHED = 1.0  # of a step's allowance: a shift that may take more is measured before the next pass
_CAUTION = 1.5  # a predicted loss counts so many times
_TRIES, _ROOM = (
    8,
    0.9,
)  # measurements until a shift fits, and the share of the allowance that it is made to fit
_LITTLE = 0.2  # of a step's allowance: with less left, a pass that had to be shortened is the last
_QUICKER, _SLOWER, _FASTEST, _SLOWEST = 2.0, 0.5, 1e3, 1e-4  # factors on the step size
_SLOW_PASS = 0.05  # of the loss: a pass that lowers it by less was too short


@dataclass(frozen=True, slots=True)
class OrdinaryText:
    """What the budget is measured on, and how the unedited model reads each form; nats per token."""

    forms: tuple[tuple[Encoded, ...], ...]  # plain, and replies in the chat where there is one
    unedited: tuple[float, ...]
    sharing: Callable[[], AbstractContextManager[None]]  # what each reading is done within

    @classmethod
    def read(
        cls,
        loaded: LoadedModel,
        forms: Sequence[Sequence[Encoded]],
        watch: Watch,
        sharing: Callable[[], AbstractContextManager[None]],
    ) -> "OrdinaryText":
        """With the unedited weights in the model. Raises Cancelled, OutOfMemory."""
        kept = tuple(tuple(texts) for texts in forms if texts)
        with sharing():
            return cls(kept, tuple(_mean_loss(loaded, texts, watch) for texts in kept), sharing)

    @property
    def tokens(self) -> int:
        return sum(len(e.answer) for texts in self.forms for e in texts)

    def loss(self, loaded: LoadedModel, watch: Watch) -> float:
        """How much more than unedited, in the form that lost most; infinite where the model gives no numbers."""
        with self.sharing():
            return max(
                _mean_loss(loaded, texts, watch) - before
                for texts, before in zip(self.forms, self.unedited, strict=True)
            )


def _mean_loss(loaded: LoadedModel, texts: Sequence[Encoded], watch: Watch) -> float:
    found = read_answers(loaded, texts, watch)
    return float(-found.log_prob.sum() / found.tokens.sum())


class ChangeBudget:
    """Of one run: how much is allowed and spent, and how a shift's loss is predicted from its length."""

    def __init__(self, editor: Editor, text: OrdinaryText, watch: Watch, spending: Spending) -> None:
        self._editor, self._text, self._watch = editor, text, watch
        self.spending = spending

    @classmethod
    def opened(
        cls, editor: Editor, text: OrdinaryText, watch: Watch, before: Spending | None
    ) -> "ChangeBudget":
        """``before``: as the run left it, where it continues; else what the model's weights have spent is measured."""
        allowed = math.log(editor.recipe.budget)
        if before is not None:
            return cls(editor, text, watch, replace(before, allowed=allowed))
        spent = text.loss(editor.loaded, watch) if editor.model.is_edited else 0.0
        return cls(editor, text, watch, Spending(allowed, spent, tokens=text.tokens))

    def allowance(self, facts: int, left: int) -> float:
        """The level up to which a step of ``facts`` out of ``left`` may spend, nats."""
        spent = self.spending.spent
        return spent + max(self.spending.allowed - max(spent, 0.0), 0.0) * min(1, _BORROWING * facts / left)

    def measure(self, shifts: Shifts) -> float:
        """What is spent with the shifts in the weights; infinite where they break the model."""
        with self._editor.model.trying(shifts):
            try:
                found = self._text.loss(self._editor.loaded, self._watch)
            except NonFinite:
                return math.inf
        length = self._editor.model.relative_length(shifts)
        if math.isfinite(found) and length > 0:
            ratio = max(found - self.spending.spent, 0.0) / length**2
            self.spending = replace(self.spending, ratio=ratio)
        return found

    def predicted(self, shifts: Shifts) -> float:
        """Cautiously; infinite where nothing was measured yet."""
        if math.isnan(self.spending.ratio):
            return math.inf
        length = self._editor.model.relative_length(shifts)
        return self.spending.spent + _CAUTION * self.spending.ratio * length**2

    def pace(self, factor: float) -> None:
        """The step size times ``factor`` from here on."""
        pace = min(max(self.spending.pace * factor, _SLOWEST), _FASTEST)
        self.spending = replace(self.spending, pace=pace)

    def heed(self, before: float, after: float) -> None:
        """Mean losses of facts that have not taken, before a pass and after it."""
        if not after <= before:
            self.pace(_SLOWER)
        elif after > before * (1 - _SLOW_PASS):
            self.pace(_QUICKER)

    def close_step(self, spent: float, cut: float) -> None:
        self.spending = replace(self.spending, spent=spent, cut=cut)


@contextmanager
def all_or_nothing(budget: ChangeBudget | None) -> Iterator[None]:
    """Where the step fails within it, the budget is again what it was."""
    before = None if budget is None else budget.spending
    try:
        yield
    except BaseException:
        if budget is not None and before is not None:
            budget.spending = before
        raise


class Growth:
    """The shifts of one step as its passes add to them; without a budget nothing holds them back."""

    def __init__(self, budget: ChangeBudget | None, facts: int, left: int) -> None:
        self._budget = budget
        self._fitting: Shifts = {}  # measured and within the allowance
        self._added: Shifts = {}  # since then
        self._cut = 1.0
        self.full = False  # nothing more fits
        if budget is not None:
            self._start = self._spent = budget.spending.spent
            self._limit = budget.allowance(facts, left)

    @property
    def shifts(self) -> Shifts:
        return _sum(self._fitting, self._added)

    def paced(self, shifts: Shifts) -> Shifts:
        """What a pass found, with the step size that the budget has come to."""
        return shifts if self._budget is None else _scaled(shifts, self._budget.spending.pace)

    def add(self, more: Shifts) -> None:
        """A pass that takes too much slows those that follow."""
        if self._budget is None:
            self._added = _sum(self._added, more)
            return
        first = not self._fitting and not self._added
        self._added = _sum(self._added, more)
        share = _FIRST_SHARE if first else 1.0
        limit = self._start + share * (self._limit - self._start)
        if self._budget.predicted(self.shifts) > self._start + _WATCHED * (limit - self._start):
            kept = self._settle(limit)
            self._budget.pace(kept if first else max(kept, _SLOWER))
            little_left = self._limit - self._spent < _LITTLE * (self._limit - self._start)
            self.full = not first and kept < 1 and little_left
            self._cut = kept if self.full else 1.0

    def close(self) -> Shifts:
        """The step's shifts, measured where there is a budget."""
        if self._budget is not None:
            if self._added:
                self._cut *= self._settle(self._limit)
            self._budget.close_step(self._spent, self._cut)
        return self.shifts

    def _settle(self, limit: float) -> float:
        """Measures, and shortens what was added until it fits; the factor by which it was."""
        assert self._budget is not None
        factor, trial, room = 1.0, self.shifts, limit - self._spent
        measured = self._budget.measure(trial)
        tries = _TRIES if room > 0 else 0
        while measured > limit and tries:
            factor *= _shorter(_ROOM * room, measured - self._spent)
            trial, tries = _sum(self._fitting, _scaled(self._added, factor)), tries - 1
            measured = self._budget.measure(trial)
        if measured > limit:
            factor, measured = 0.0, self._spent
            trial = self._fitting or _scaled(self._added, 0.0)
        self._fitting, self._added, self._spent = trial, {}, measured
        return factor


def _shorter(wanted: float, found: float) -> float:
    """The factor on a shift whose loss should be ``wanted``, as if it grew with the square of the length."""
    return min(max(math.sqrt(wanted / found), 0.02), 0.8) if math.isfinite(found) else 0.05


def _sum(shifts: Shifts, more: Shifts) -> Shifts:
    return shifts | {name: shifts[name].plus(s) if name in shifts else s for name, s in more.items()}


def _scaled(shifts: Shifts, factor: float) -> Shifts:
    return shifts if factor == 1 else {name: shift.scaled(factor) for name, shift in shifts.items()}
