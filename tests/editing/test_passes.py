"""Further passes over a step's facts, and the memory of the warm-up."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.editing.test_run import RECIPE, editor_of, job, of_kind
from tests.tiny import tiny_model
from workbench.editing import control as control_module
from workbench.editing import solving
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, PassDone, Phase, Progressed, StepApplied
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced, trace
from workbench.errors import NonFinite

WEAK = RECIPE.with_(step_size=4e-3, memory=1.0)


def success(recipe: Recipe) -> float:
    events = list(Run(editor_of(tiny_model(), recipe), job()).events())
    return of_kind(events, Evaluated)[-1].scores.es


def test_facts_that_did_not_take_do_after_more_passes() -> None:
    assert success(WEAK.with_(passes=4)) > success(WEAK)


def test_every_pass_tells_how_many_facts_have_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more_takes(*given: Any, **options: Any) -> Traced:
        found = trace(*given, **options)
        right = torch.zeros_like(found.success)
        right[:1] = 1
        return replace(found, success=right)

    monkeypatch.setattr(solving, "trace", one_more_takes)
    events = list(Run(editor_of(tiny_model(), WEAK.with_(passes=8)), job(4)).events())
    told = of_kind(events, PassDone)
    assert [(e.number, e.taken) for e in told] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert {(e.passes, e.facts) for e in told} == {(8, 4)}


def test_a_step_that_took_whole_is_as_with_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def took(*given: Any, **options: Any) -> Traced:
        found = trace(*given, **options)
        return replace(found, success=torch.ones_like(found.success))

    monkeypatch.setattr(solving, "trace", took)
    moved = []
    for passes in (1, 3):
        editor = editor_of(tiny_model(), WEAK.with_(passes=passes))
        list(Run(editor, job(8)).events())
        moved.append(editor.model.delta())
    for name, tensor in moved[0].items():
        assert torch.equal(tensor, moved[1][name])


def test_a_step_that_fails_in_a_later_pass_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = editor_of(tiny_model(), WEAK.with_(passes=3))
    run = Run(editor, job())
    events = run.events()
    while not isinstance(next(events), StepApplied):
        pass
    before = {name: tensor.clone() for name, tensor in editor.model.delta().items()}
    weights = {name: p.detach().clone() for name, p in editor.loaded.model.named_parameters()}
    inverses = {name: p.inverse.clone() for name, p in editor.precisions.items()}
    rows, real, calls = editor.rows, Editor.shifts, []

    def fail(self: Editor, *given: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise NonFinite("The shift is not finite.")
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Editor, "shifts", fail)
    with pytest.raises(NonFinite):
        list(events)
    assert len(calls) == 2
    assert editor.rows == rows
    for name, tensor in editor.model.delta().items():
        assert torch.equal(tensor, before[name])
    for name, parameter in editor.loaded.model.named_parameters():
        assert torch.equal(parameter, weights[name])
    for name, precision in editor.precisions.items():
        assert torch.equal(precision.inverse, inverses[name])


def test_warm_up_memory_holds_shifts_away_from_the_warm_ups_keys() -> None:
    """The prior holds each warm-up row with its weight: P = λI + η₀ Σ hhᵀ before the first edit."""
    weight = 3.0
    editor = editor_of(tiny_model(), RECIPE.with_(warmup_memory=weight))
    run = Run(editor, job(0))
    keys: dict[str, list[torch.Tensor]] = {}
    real = editor.observe

    def observe(traced: object) -> None:
        for name, rows in traced.keys.items():  # type: ignore[attr-defined]
            keys.setdefault(name, []).append(rows)
        real(traced)  # type: ignore[arg-type]

    editor.observe = observe  # type: ignore[method-assign]
    list(run.events())
    assert not any(bool(tensor.any()) for tensor in editor.model.delta().values())
    for name, precision in editor.precisions.items():
        rows = torch.cat(keys[name]).double()
        expected = torch.eye(rows.shape[1], dtype=torch.float64) * RECIPE.ridge + weight * rows.T @ rows
        product = precision.inverse.double() @ expected
        assert float((product - torch.eye(len(product))).abs().max()) <= 1e-3


def test_a_sum_of_shifts_is_the_sum_of_what_they_add() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (
        Shift(torch.randn(n, 5, generator=generator), torch.randn(n, 3, generator=generator)) for n in (2, 4)
    )
    dense = Shift(None, torch.randn(5, 3, generator=generator))
    torch.testing.assert_close(a.plus(b).dense(), a.dense() + b.dense())
    torch.testing.assert_close(a.plus(dense).dense(), a.dense() + dense.dense())
    torch.testing.assert_close(dense.plus(b).dense(), dense.dense() + b.dense())


def test_a_step_tells_how_far_it_is_over_all_its_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_module, "REPORT_INTERVAL", 0.0)
    told: list[Progressed] = []
    run = Run(editor_of(tiny_model(), WEAK.with_(passes=3, step_size=1e-6)), job(4), Control(told.append))
    list(run.events())
    shares = [p.done / p.total for p in told if p.phase is Phase.EDITING]
    assert shares == sorted(shares)
    assert shares[0] < 1 / 3
    assert shares[-1] == 1


def test_some_facts_of_a_trace_have_the_rows_of_a_trace_of_them_alone() -> None:
    run = Run(editor_of(tiny_model(), WEAK), job(6))
    facts, names = run.evaluator.facts.prompts, [fact.prompt for fact in run.job.facts]

    def traced(places: list[int]) -> Traced:
        chosen = [facts[i] for i in places], [names[i] for i in places]
        loaded, modules = run.editor.loaded, run.editor.modules
        return trace(loaded, modules, *chosen, per_edit=True, minibatch=2, control=Control())

    some, alone = traced(list(range(6))).of(torch.tensor([0, 1, 0, 1, 1, 0]).bool()), traced([1, 3, 4])
    assert torch.equal(some.facts, alone.facts)
    assert torch.equal(some.success, alone.success)
    torch.testing.assert_close(some.losses, alone.losses)
    torch.testing.assert_close(some.keys, alone.keys)
    torch.testing.assert_close(some.values, alone.values)
