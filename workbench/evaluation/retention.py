"""How well each step's facts are remembered as the run goes on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.evaluation.scores import Floats

Ints = npt.NDArray[np.int64]  # not from reading.py: the window needs this before torch is there


def by_step(success: Floats, steps: Ints | Sequence[int], count: int | None = None) -> Floats:
    """Mean success of each step's facts, (count,); NaN where a step has none.

    ``success`` (F,), NaNs left out; ``steps`` (F,) the step of each fact, from 1.
    """
    steps = np.asarray(steps, dtype=np.int64)
    count = int(steps.max(initial=0)) if count is None else count
    known = ~np.isnan(success) & (steps >= 1) & (steps <= count)
    place = steps[known] - 1
    sums = np.bincount(place, success[known], count)
    facts = np.bincount(place, minlength=count)
    found: Floats = np.divide(sums, facts, out=np.full(count, np.nan), where=facts > 0)
    return found


class Retention:
    """Collects ``by_step`` after some of the steps. Age 0 is the score right after a step's own edit."""

    def __init__(self) -> None:
        self._rows: dict[int, Floats] = {}  # step of the evaluation → (step,) success of each earlier step
        self.revision = 0  # grows with every change

    def add(self, step: int, success: Floats) -> None:
        """``success`` (≤ step,): what ``by_step`` gave after this step; replaces what this step held. Empty where that
        was not read."""
        if not len(success):
            return
        if len(success) > step:
            raise ValueError(f"{len(success)} steps are scored after step {step}")
        self._rows[step] = np.array(success, dtype=np.float64)
        self.revision += 1

    def forget_after(self, step: int) -> None:
        """For a run that was taken back to this step."""
        self._rows = {s: row for s, row in self._rows.items() if s <= step}
        self.revision += 1

    @property
    def evaluated(self) -> Ints:
        """(E,) the steps after which there was a score, ascending."""
        return np.array(sorted(self._rows), dtype=np.int64)

    def matrix(self) -> Floats:
        """(steps, E): success of each step's facts at each evaluation, NaN before their edit."""
        evaluated = self.evaluated
        found = np.full((int(evaluated.max(initial=0)), len(evaluated)), np.nan)
        for column, step in enumerate(evaluated.tolist()):
            found[: len(self._rows[step]), column] = self._rows[step]
        return found

    def by_age(self) -> Floats:
        """(steps, ages): success of each step's facts so long after their edit, NaN where not scored."""
        last = max(self._rows, default=0)
        found = np.full((last, last), np.nan)
        for step, row in self._rows.items():
            edited = np.arange(1, len(row) + 1)
            found[edited - 1, step - edited] = row
        return found

    def mean_by_age(self) -> Floats:
        """(ages,): the mean over steps; NaN at ages that were never scored."""
        last = max(self._rows, default=0)
        sums, counts = np.zeros(last), np.zeros(last)
        for step, row in self._rows.items():
            known = ~np.isnan(row)
            ages = step - np.arange(1, len(row) + 1)[known]
            sums[ages] += row[known]
            counts[ages] += 1
        found: Floats = np.divide(sums, counts, out=np.full(last, np.nan), where=counts > 0)
        return found
