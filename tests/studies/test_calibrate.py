"""Calibration on a tiny model: what is measured, what is kept, when it stops."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.studies.made_up import TEXTS, down_projections, facts, recipe_of
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.recipe import Recipe
from workbench.errors import Cancelled, SettingError
from workbench.evaluation.batching import Watch
from workbench.models.loaded import LoadedModel
from workbench.studies.calibrate import Calibrator
from workbench.studies.calibration import (
    Calibration,
    CalibrationSettings,
    Candidate,
    Point,
    calibration_from,
)
from workbench.studies.events import (
    CalibrationBegan,
    CalibrationEnded,
    CalibrationEvent,
    HoldingOut,
    PointMeasured,
)
from workbench.studies.files import read_json, write_json
from workbench.studies.front import hypervolume
from workbench.studies.space import Space
from workbench.studies.study_run import Yardstick
from workbench.studies.trials import Trials

WARMUP = facts(40)


def calibrator(loaded: LoadedModel, control: Control | None = None, **changes: object) -> Calibrator:
    start = recipe_of(loaded, warmup_facts=100)
    named: dict[str, object] = {
        "candidates": (Candidate("Preset", "preset", start),),
        "ordinary_text": TEXTS,
        "perplexity_text": TEXTS,
    }
    settings = changes.pop("settings", CalibrationSettings(minutes=10, seed=3))
    return Calibrator(loaded, WARMUP, start, settings, control, **(named | changes))  # type: ignore[arg-type]


def ended(events: list[CalibrationEvent]) -> Calibration:
    assert isinstance(events[-1], CalibrationEnded)
    return events[-1].calibration


def after(points: int, control: Control, loaded: LoadedModel) -> list[CalibrationEvent]:
    """The events of a calibration that a person stops after so many points."""
    found: list[CalibrationEvent] = []
    for event in calibrator(loaded, control).events():
        found.append(event)
        if isinstance(event, PointMeasured) and event.done == points:
            control.stop()
    return found


def test_a_search_measures_the_candidates_first_and_then_draws_points_of_the_space() -> None:
    loaded = tiny_model()
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    events = after(5, Control(), loaded)
    began, result = events[1], ended(events)
    assert isinstance(began, CalibrationBegan)
    assert began.split == {"statistics": 24, "edits": 8, "held_out": 8, "left_out": 0}
    assert [p.kind for p in result.points] == ["preset", *["search"] * 4]
    assert result.stopped
    assert all(torch.equal(before[k], v) for k, v in loaded.model.state_dict().items())
    assert result.hypervolume == pytest.approx(hypervolume([result.points[i].outcome for i in result.front]))
    assert len({p.recipe for p in result.points}) == 5
    assert all(p.gave_up or not math.isnan(p.success) for p in result.points)


def test_the_same_seed_searches_the_same_points() -> None:
    first, second = (ended(after(4, Control(), tiny_model())) for _ in range(2))
    assert [p.recipe for p in first.points] == [p.recipe for p in second.points]
    assert [p.success for p in first.points] == [p.success for p in second.points]


def test_a_spent_budget_ends_the_search_and_keeps_candidates_and_held_out_scores() -> None:
    settings = CalibrationSettings(minutes=1e-6)
    events = list(calibrator(tiny_model(), settings=settings).events())
    result = ended(events)
    assert [p.kind for p in result.points] == ["preset"]
    assert events[-2] == HoldingOut(8)
    assert not result.stopped
    assert [h.point for h in result.held_out] == ([0] if result.chosen == 0 else [])


def test_the_held_out_facts_are_edited_with_the_point_that_is_taken() -> None:
    loaded = tiny_model()
    grid = calibrator(loaded, grid=True)
    grid.space = _Few(grid.space.start, grid.space.of_model, grid.space.modules)
    result = ended(list(grid.events()))
    assert [p.kind for p in result.points] == ["preset", "grid", "grid"]
    if result.chosen is not None:
        assert result.held_out[0].point == result.chosen
        own = Trials(
            grid._traces(grid.split.held_out),
            Yardstick.read(loaded, grid.split.held_out, TEXTS, Watch()),
        ).measure(result.points[result.chosen].recipe, Control())
        assert own.scores.es == result.held_out[0].success


class _Few(Space):
    def grid(self):  # type: ignore[no-untyped-def]
        for size in (1e-3, 1e-2):
            yield self.start.with_(step_size=size)


def test_stopping_before_the_first_point_gives_no_result() -> None:
    control = Control()
    control.stop()
    with pytest.raises(Cancelled):
        list(calibrator(tiny_model(), control).events())


def test_a_model_that_collapses_at_the_first_step_is_given_up_and_not_on_the_front() -> None:
    loaded = tiny_model()
    wild = recipe_of(loaded, step_size=1.0, ridge=1e-3)
    settings = CalibrationSettings(minutes=1e-6)
    made = calibrator(loaded, candidates=(Candidate("Wild", "choice", wild),), settings=settings)
    result = ended(list(made.events()))
    assert result.points[0].gave_up
    assert result.front == ()
    assert result.chosen is None


def test_a_result_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    result = ended(after(3, Control(), tiny_model()))
    write_json(tmp_path / "found.json", result.as_json())
    read = calibration_from(read_json(tmp_path / "found.json"))
    assert json.dumps(read.as_json()) == json.dumps(result.as_json())
    assert [p.recipe for p in read.points] == [p.recipe for p in result.points]
    assert list(tmp_path.iterdir()) == [tmp_path / "found.json"]


def test_points_of_the_space_are_found_again_in_it() -> None:
    loaded = tiny_model()
    space = Space.around(recipe_of(loaded), loaded.modules)
    assert [m.layer for m in space.modules] == [1, 2]
    for recipe in list(space.grid())[::7]:
        values = space.values(recipe)
        if recipe.ridge == 1:
            assert values is not None
            assert space.recipe(values).modules == recipe.modules
            assert space.recipe(values).protection == recipe.protection
    outside = (
        recipe_of(loaded, normalisation="diagonal"),
        recipe_of(loaded, ridge=7.0),
        recipe_of(loaded, step_size=0.9),
        recipe_of(loaded).with_(modules=down_projections(loaded, 0, 2)),
    )
    assert [space.values(recipe) for recipe in outside] == [None] * 4


def test_little_memory_leaves_out_the_lowest_layers_but_none_of_the_starting_recipe() -> None:
    loaded = tiny_model()
    space = Space.around(recipe_of(loaded, 2), loaded.modules)
    assert [m.layer for m in space.modules] == [1, 2]
    assert [m.layer for m in space.fitting(1 << 30, 100).modules] == [1, 2]
    assert [m.layer for m in space.fitting(1, 100).modules] == [2]


def test_facts_that_fit_into_one_step_are_told_of() -> None:
    loaded = tiny_model()
    one = Calibrator(loaded, WARMUP, recipe_of(loaded, batch=100), CalibrationSettings())
    assert "edit memory has no effect" in one.note
    assert calibrator(loaded).note == ""


def test_a_window_of_the_grid_is_never_measured_twice() -> None:
    loaded = tiny_model()
    grid = list(Space.around(recipe_of(loaded), loaded.modules).grid())
    assert len(grid) == len(set(grid))


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan")])
def test_a_budget_of_no_time_is_refused(minutes: float) -> None:
    with pytest.raises(SettingError, match="Time"):
        CalibrationSettings(minutes=minutes)


def test_a_point_keeps_what_could_not_be_measured(tmp_path: Path) -> None:
    point = Point("x", "search", Recipe(), math.nan, math.nan, math.inf, math.nan, 1.0, (), "NaN")
    assert point.outcome.gains() == (0, 0, 0)
    assert tmp_path.exists()
