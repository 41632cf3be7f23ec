"""A budget of change holds whatever the step size is, and costs nothing where it is not needed."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.editing.test_run import editor_of, of_kind
from tests.session.kept_runs import facts
from tests.tiny import ARCHITECTURES, tiny_model
from workbench.editing import texts
from workbench.editing.budget import ChangeBudget, Growth
from workbench.editing.events import Spending, StepApplied
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.errors import SettingError
from workbench.evaluation.encoded import encode_texts
from workbench.evaluation.evaluate import perplexity
from workbench.evaluation.sampling import sample_texts
from workbench.models.loaded import LoadedModel

RECIPE = Recipe(batch=4, minibatch=4, step_size=1e-2, passes=4, warmup_facts=0, shift_cap=0.0, budget=1.05)


@pytest.fixture(autouse=True)
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "SAMPLED_TEXTS", 40)


def run(loaded: LoadedModel, recipe: Recipe, count: int = 12, done: Done = Done()) -> list[StepApplied]:  # noqa: B008
    editor = editor_of(loaded, recipe)
    return of_kind(list(Run(editor, Job(facts(count)), done=done).events()), StepApplied)


@pytest.mark.parametrize("factor", [0.1, 1, 10, 100, 10_000])
@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_text_that_nobody_saw_keeps_its_perplexity_whatever_the_step_size(name: str, factor: float) -> None:
    loaded = tiny_model(name)
    unseen = encode_texts(loaded, sample_texts(loaded, seed=7, count=40))
    before = perplexity(loaded, unseen)
    steps = run(loaded, RECIPE.with_(step_size=min(1.0, 1e-2 * factor)))
    last = steps[-1].spending
    assert last is not None
    assert last.spent <= last.allowed == pytest.approx(math.log(1.05))
    assert perplexity(loaded, unseen) <= before * 1.10


def test_a_budget_that_is_not_needed_changes_nothing_but_is_shown() -> None:
    bounded, free = tiny_model(), tiny_model()
    with_budget = run(bounded, RECIPE.with_(step_size=1e-5, budget=50.0, passes=1))
    without = run(free, RECIPE.with_(step_size=1e-5, budget=0.0, passes=1))
    for a, b in zip(bounded.model.state_dict().values(), free.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert [step.spending for step in without] == [None] * 3
    assert all(step.spending is not None and step.spending.cut == 1 for step in with_budget)


def test_a_small_step_size_grows_and_a_large_one_shrinks() -> None:
    paces = {}
    for step_size in (1e-5, 1.0):
        last = run(tiny_model(), RECIPE.with_(step_size=step_size))[-1].spending
        assert last is not None
        paces[step_size] = last.pace
    assert paces[1e-5] > 1 > paces[1.0]


def test_what_earlier_runs_spent_counts() -> None:
    loaded = tiny_model()
    editor = editor_of(loaded, RECIPE.with_(step_size=0.1))
    first = of_kind(list(Run(editor, Job(facts(4))).events()), StepApplied)[-1].spending
    second = of_kind(list(Run(editor, Job(facts(4, 50))).events()), StepApplied)[-1].spending
    assert first is not None
    assert second is not None
    assert 0 < first.spent <= second.spent <= second.allowed


@pytest.mark.parametrize("value", [0.5, 1.0, -1.0])
def test_a_budget_below_one_is_refused(value: float) -> None:
    with pytest.raises(SettingError, match="Budget"):
        Recipe(budget=value)


class Valley(ChangeBudget):
    """Loss of a one-module model whose only weight is the sum of its shifts, steeper than the square."""

    def __init__(self, allowed: float, power: float) -> None:
        self.spending, self._power, self.readings = Spending(allowed), power, 0

    def measure(self, shifts: dict[str, Shift]) -> float:
        self.readings += 1
        length = float(sum(s.norm() for s in shifts.values()))
        found = length**self._power if length < 1e3 else math.inf
        self.spending = Spending(
            self.spending.allowed, self.spending.spent, self.spending.pace, found / (length**2 or 1)
        )
        return found

    def predicted(self, shifts: dict[str, Shift]) -> float:
        return (
            math.inf
            if math.isnan(self.spending.ratio)
            else self.spending.ratio * sum(s.norm() for s in shifts.values()) ** 2
        )


@settings(deadline=None)
@given(
    lengths=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=8),
    power=st.floats(1, 6),
    allowed=st.floats(1e-3, 1),
    left=st.integers(1, 10),
)
def test_no_step_takes_more_than_its_allowance(
    lengths: list[float], power: float, allowed: float, left: int
) -> None:
    budget = Valley(allowed, power)
    growth = Growth(budget, 1, left)
    for length in lengths:
        growth.add({"m": Shift(None, torch.tensor([[length]], dtype=torch.float64))})
        if growth.full:
            break
    shifts = growth.close()
    assert set(shifts) == {"m"}
    assert budget.measure(shifts) <= allowed * min(1, 2 / left) * (1 + 1e-9)
    assert budget.readings <= 10 * (len(lengths) + 1)
