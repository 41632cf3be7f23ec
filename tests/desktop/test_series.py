"""The columns behind the plots."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desktop.plots.made_up import evaluated, module_names, run_events, step_event
from workbench.desktop.series import SPECTRA_KEPT, GrowingArray, RunSeries
from workbench.editing.events import EndReason, RunEnded, RunStarted, StepApplied, WarmupProgressed


def fed(steps: int, modules: int = 3, **more: int) -> RunSeries:
    run = RunSeries()
    for event in run_events(steps, modules, **more):
        run.add(event)
    return run


@given(st.lists(st.floats(allow_nan=False), max_size=300), st.integers(1, 5))
def test_growing_array_keeps_everything_it_was_given(values: list[float], rows: int) -> None:
    vector, matrix = GrowingArray(capacity=1), GrowingArray(rows, capacity=1)
    for value in values:
        vector.append(value)
        matrix.append([value] * rows)
    assert vector.values.tolist() == values
    assert matrix.values.tolist() == [values] * rows


def test_every_step_is_kept_per_module_and_per_run() -> None:
    events = list(run_events(7, 3))
    run = RunSeries()
    for event in events:
        run.add(event)
    steps = [event for event in events if isinstance(event, StepApplied)]
    assert run.step.values.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert run.facts.values.tolist() == [100 * s for s in range(1, 8)]
    assert run.values("loss").tolist() == [event.loss for event in steps]
    norms = [[event.modules[name].shift_norm for event in steps] for name in run.modules]
    assert run.values("shift_norm") == pytest.approx(np.array(norms), rel=1e-6)


def test_baseline_stands_at_step_0_and_no_facts() -> None:
    run = fed(5, evaluate_every=5)
    assert run.scored_step.values.tolist() == [0, 5]
    assert run.scored_facts.values.tolist() == [0, 500]
    assert run.values("perplexity")[0] == pytest.approx(107.6)


def test_spread_is_lowest_median_highest_over_modules() -> None:
    run = fed(4, modules=4)
    values = run.values("cosine_previous")
    assert np.isnan(run.spread["cosine_previous"].values[:, 0]).all()  # the first step has none
    expected = [values.min(axis=0), np.median(values, axis=0), values.max(axis=0)]
    assert run.spread["cosine_previous"].values[:, 1:] == pytest.approx(np.array(expected)[:, 1:], rel=1e-6)


def test_revision_moves_with_what_plots_show_only() -> None:
    run = fed(2)
    before = run.revision
    assert not run.add(RunEnded(EndReason.FINISHED, 200, 2, 1.0))
    assert run.revision == before
    assert run.add(WarmupProgressed(100, 1000, 180, 578, 5.0, 1.0, False))
    assert run.revision > before
    assert run.warmup_rows.values.tolist() == [180]


def test_a_repeated_step_replaces_what_came_after_it() -> None:
    run = fed(10, evaluate_every=5)
    again = dataclasses.replace(step_event(np.random.default_rng(9), 6, run.modules), loss=1.25)
    run.add(again)
    assert run.step.values.tolist() == [1, 2, 3, 4, 5, 6]
    assert run.values("loss")[-1] == 1.25
    assert run.scored_step.values.tolist() == [0, 5]
    assert run.spectra[run.modules[0]].latest.step == 6


def test_a_repeated_evaluation_replaces_the_old_one() -> None:
    run = fed(10, evaluate_every=5)
    run.add(evaluated(10))
    assert run.scored_step.values.tolist() == [0, 5, 10]


def test_spectra_are_thinned_evenly_and_the_latest_is_kept() -> None:
    run = fed(500, modules=1, evaluate_every=0)
    history = run.spectra[run.modules[0]]
    steps = [spectrum.step for spectrum in history.past]
    assert history.latest.step == 500
    assert len(steps) <= SPECTRA_KEPT + 1
    assert steps[0] == 1
    assert len(set(np.diff(steps).tolist())) == 1


def test_without_whitening_there_is_no_spectrum() -> None:
    names = module_names(1)
    event = step_event(np.random.default_rng(0), 1, names)
    bare = {names[0]: dataclasses.replace(event.modules[names[0]], spectrum=np.empty(0))}
    run = RunSeries()
    run.add(dataclasses.replace(event, modules=bare))
    assert run.spectra == {}
    assert len(run) == 1


def test_a_module_that_a_step_lacks_is_a_gap() -> None:
    names = module_names(2)
    run = RunSeries()
    run.add(RunStarted(100, 0, 1, names, 578))
    event = step_event(np.random.default_rng(0), 1, names)
    run.add(dataclasses.replace(event, modules={names[1]: event.modules[names[1]]}))
    assert np.isnan(run.values("shift_norm")[0, 0])
    assert np.isfinite(run.values("shift_norm")[1, 0])


def test_a_record_gives_the_same_curves_as_the_events() -> None:
    run = fed(6, modules=2, evaluate_every=3)
    record = RunSeries.from_record(
        "again",
        run.step.values.tolist(),
        run.facts.values.tolist(),
        {"loss": run.values("loss").tolist()},
        {m: {"shift_norm": run.values("shift_norm")[i].tolist()} for i, m in enumerate(run.modules)},
        run.scored_step.values.tolist(),
        run.scored_facts.values.tolist(),
        {"es": run.values("es").tolist()},
    )
    assert record.modules == run.modules
    assert record.values("shift_norm").tolist() == run.values("shift_norm").tolist()
    assert record.values("loss").tolist() == run.values("loss").tolist()
    assert record.values("es").tolist() == run.values("es").tolist()
    assert np.isnan(record.values("weight_drift")).all()


def test_rate_is_each_steps_facts_over_its_seconds() -> None:
    run = fed(3, batch=50)
    assert run.facts_per_second() == pytest.approx(50 / run.values("seconds"))


def test_a_long_run_of_16_modules_stays_small() -> None:
    run = RunSeries()
    names = module_names(16)
    event = step_event(np.random.default_rng(0), 1, names)
    for step in range(1, 4_097):
        run.add(dataclasses.replace(event, step=step, facts_done=step))
    held = sum(int(column._buffer.nbytes) for column in run._step_columns())
    assert held <= 4_096 * (16 * 6 * 4 + 20 * 8)  # bytes: float32 per module and field, float64 per step
