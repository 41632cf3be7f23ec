"""A budget in minutes: what is made smaller for a first point to come within it, and what it cuts."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.studies.test_calibrate import WARMUP, ended
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.events import Phase, Progressed
from workbench.editing.texts import Texts
from workbench.studies import calibrate
from workbench.studies.calibrate import Calibrator
from workbench.studies.calibration import CalibrationSettings, Candidate
from workbench.studies.events import CalibrationEvent, CalibrationPlanned, PointMeasured
from workbench.studies.pace import Pace, Plan
from workbench.studies.split import split_facts
from workbench.studies.traces import Traces

LARGE = split_facts(facts(1_063), 100, 0)
LONG = Texts(tuple(f"text {i}" for i in range(100)), tuple(f"other {i}" for i in range(100)))
RECIPE = recipe_of(tiny_model(), passes=8)


def plan(fact: float, budget: float) -> Plan:
    return Plan.within(budget, Pace(fact, 1.0), LARGE, LONG, RECIPE)


def test_a_budget_that_is_long_enough_changes_nothing() -> None:
    assert (plan(0.03, 600).split, plan(0.03, 600).texts) == (LARGE, LONG)


def test_in_one_minute_less_is_edited_so_that_the_first_point_comes_within_it() -> None:
    found = plan(0.03, 60)
    assert 12 <= len(found.split.edits) < len(LARGE.edits)
    assert len(found.split.held_out) == len(found.split.edits)
    assert found.seconds <= 36
    assert found.seconds == Pace(0.03, 1.0).seconds(found.split, found.texts, RECIPE)


def test_a_slow_computer_still_gets_enough_facts_to_say_anything() -> None:
    found = plan(1.0, 60)
    assert [len(found.split.statistics), len(found.split.edits)] == [100, 12]
    assert [len(found.texts.protection), len(found.texts.perplexity)] == [12, 12]
    assert found.seconds > 60


def test_one_minute_is_enough_for_the_starter_on_two_cores() -> None:
    """A fact takes about 0.1 s there, whitening needs the rows of some 200, and the preset makes ten passes."""
    recipe = recipe_of(tiny_model(), passes=10)
    found = Plan.within(60, Pace(0.1, 1.0, statistics=203), LARGE, LONG, recipe)
    assert found.seconds < 60


def test_statistics_are_never_too_few_for_whitening() -> None:
    """With fewer rows a diagonal would stand in for it: other settings than the person's would be measured."""
    found = Plan.within(60, Pace(1.0, 1.0, statistics=400), LARGE, LONG, RECIPE)
    assert len(found.split.statistics) == 400
    loaded = tiny_model()
    few = facts(4)
    wide = [replace(m, d_out=1_200) for m in loaded.modules[:1]]
    pace = Pace.measured(loaded, wide, few, replace(RECIPE, normalisation="whitening"), Control())
    assert pace.statistics > 100
    assert (
        Pace.measured(loaded, wide, few, replace(RECIPE, normalisation="none"), Control()).statistics == 100
    )


def calibrator(minutes: float, control: Control | None = None) -> Calibrator:
    """The person's own settings and a preset, which stands first in the list."""
    loaded = tiny_model()
    start = recipe_of(loaded, warmup_facts=100)
    candidates = (
        Candidate("Preset", "preset", start.with_(step_size=start.step_size / 2)),
        Candidate("Your settings", "choice", start),
    )
    settings = CalibrationSettings(minutes=minutes)
    return Calibrator(
        loaded,
        WARMUP,
        start,
        settings,
        control,
        candidates=candidates,
        ordinary_text=TEXTS,
        perplexity_text=TEXTS,
    )


def test_a_budget_too_short_for_a_point_is_said_before_anything_takes_long() -> None:
    events = list(calibrator(1e-6).events())
    first = events[0]
    assert isinstance(first, CalibrationPlanned)
    assert "until the first point" in first.note
    assert "longer than the time of 1 s" in first.note
    assert [p.kind for p in ended(events).points] == ["choice"]


def test_what_precedes_the_first_point_is_told_with_how_far_it_is() -> None:
    told: list[Progressed] = []
    for event in calibrator(1e-6, Control(told.append)).events():
        if isinstance(event, PointMeasured):
            break
    phases = list(dict.fromkeys(at.phase for at in told))
    assert phases == [
        Phase.PACE,
        Phase.BASELINE,
        Phase.WARMUP,
        Phase.PROTECTION,
        Phase.EDITING,
        Phase.EVALUATION,
    ]
    assert all(max(at.done / at.total for at in told if at.phase is phase) == 1 for phase in phases)


def test_in_a_short_budget_the_model_writes_few_texts_where_none_are_at_hand(tmp_path: Path) -> None:
    loaded = tiny_model()
    start = recipe_of(loaded, warmup_facts=100)

    def written(minutes: float) -> int:
        told: list[Progressed] = []
        settings = CalibrationSettings(minutes=minutes)
        made = Calibrator(loaded, WARMUP, start, settings, Control(told.append), text_cache=tmp_path)
        next(made.events())
        return max((at.total for at in told if at.phase is Phase.TEXT), default=0)

    assert written(1) == 60
    assert written(10) == 200
    assert written(1) == 0  # they are at hand now


def test_time_that_runs_out_within_a_trial_ends_the_search_with_what_was_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, hours = calibrator(10), 0.0
    before = {name: tensor.clone() for name, tensor in made.loaded.model.state_dict().items()}

    def clock() -> float:
        nonlocal hours
        hours += 0.02 if made._points else 0.0
        return time.monotonic() + 3600 * hours

    monkeypatch.setattr(calibrate, "time", SimpleNamespace(monotonic=clock))
    events: list[CalibrationEvent] = list(made.events())
    result = ended(events)
    assert [p.kind for p in result.points] == ["choice"]
    assert not result.stopped
    assert sum(isinstance(event, PointMeasured) for event in events) == 1
    assert all(torch.equal(before[k], v) for k, v in made.loaded.model.state_dict().items())


def test_statistics_end_early_where_their_share_of_the_time_is_spent() -> None:
    loaded = tiny_model()
    recipe = replace(recipe_of(loaded), batch=4, warmup_facts=100)
    traces = Traces(loaded, loaded.modules[:1], WARMUP, facts(4))
    asked: list[int] = []

    def enough(done: int) -> bool:
        asked.append(done)
        return done >= 8

    chunks = traces.warmups(recipe, Control(), enough=enough)
    assert asked == [4, 8]
    assert (len(chunks), traces.warmup) == (2, WARMUP[:8])
    assert traces.warmups(recipe, Control()) is chunks
