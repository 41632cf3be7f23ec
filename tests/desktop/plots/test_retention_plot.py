"""The map of retention: what its cells say, keys, clicks, and how it follows a run that goes back."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from tests.desktop.plots.looking import MakeRun, show
from tests.desktop.plots.made_up import evaluated, retention
from workbench.desktop.plots import PlotGrid
from workbench.desktop.plots.plot import XAxis
from workbench.desktop.plots.retention import Matrix, RetentionPlot, grouped, matrix_of, pixels_of
from workbench.desktop.series import RunSeries

Key = Qt.Key


@pytest.fixture
def plot(grid: PlotGrid, make_run: MakeRun) -> RetentionPlot:
    """Of 30 steps, scored after every fifth, alone in the grid and with the keyboard."""
    show(grid, make_run(30))
    made = grid.plots["retention"]
    assert isinstance(made, RetentionPlot)
    grid.fill(made)
    made.setFocus()
    return made


def read(plot: RetentionPlot) -> str:
    return plot.accessibleDescription()


def press(plot: RetentionPlot, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(plot, key)


def on_screen(plot: RetentionPlot, x: float, y: float) -> QPoint:
    at = plot.canvas.view.mapViewToScene(QPointF(x, y))
    found: QPoint = plot.canvas.mapFromScene(at)
    return found


def test_a_cell_is_read_in_words_against_its_own_step(plot: RetentionPlot) -> None:
    press(plot, Key.Key_Up, Key.Key_Up, Key.Key_Up, Key.Key_Left)
    assert "scored after step 25" in read(plot)
    assert f"facts of step 3 ES {retention(25)[2]:.2f}" in read(plot)
    assert "age 22 steps" in read(plot)
    assert plot.run is not None
    assert f"right after their step ES {plot.run.values('success')[2]:.2f}" in read(plot)
    assert "unedited model" in read(plot)


def test_a_step_still_to_come_has_no_facts_to_ask_for(plot: RetentionPlot) -> None:
    asked: list[int] = []
    plot.facts_wanted.connect(asked.append)
    press(plot, *[Key.Key_Left] * 6, *[Key.Key_Up] * 7)
    assert "facts of step 7 still to come" in read(plot)
    press(plot, Key.Key_Return)
    press(plot, Key.Key_Down, Key.Key_Down, Key.Key_Return)
    assert asked == [5]


def test_a_click_asks_the_grid_for_the_facts_of_the_cell(
    plot: RetentionPlot, grid: PlotGrid, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(grid.facts_wanted) as wanted:
        QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=on_screen(plot, 12, 7.5))
    assert wanted.args == [8]
    assert "scored after step 15" in read(plot)


def test_return_without_a_cell_fills_the_grid_as_elsewhere(plot: RetentionPlot, grid: PlotGrid) -> None:
    press(plot, Key.Key_Return)
    assert grid.filled is None


def test_other_plots_move_the_column_only(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30))
    grid.plots["shift-norm"].set_cursor(20, announce=True)
    assert grid.plots["retention"].crosshair == 20


def test_before_the_first_scoring_it_says_what_will_come(grid: PlotGrid, make_run: MakeRun) -> None:
    plot = grid.plots["retention"]
    grid.set_large(["retention"])
    show(grid, make_run(3))
    texts = [label.text() for label in plot.findChildren(QLabel) if label.isVisible()]
    assert plot.empty in texts
    assert not plot.canvas.isVisible()


def test_one_step_is_told_in_words_and_the_second_makes_a_map(grid: PlotGrid, make_run: MakeRun) -> None:
    maps = [grid.plots[key] for key in ("retention", "heat-map")]
    grid.set_large([plot.key for plot in maps])
    show(grid, make_run(1, evaluate_every=1))
    said = [label.text() for plot in maps for label in plot.findChildren(QLabel) if label.isVisible()]
    assert f"ES of its facts {retention(1)[0]:.2f}" in said[0]
    assert re.search(r"largest shift norm [\d.]+ \(layer 18\), smallest [\d.]+ \(layer 21\)", said[1])
    assert not any(plot.canvas.isVisible() for plot in maps)
    show(grid, make_run(2, evaluate_every=1))
    assert all(plot.canvas.isVisible() for plot in maps)


def test_a_run_that_goes_back_shows_no_later_scoring(make_run: MakeRun) -> None:
    run = make_run(30)
    run.rewind(12)
    assert matrix_of(run, XAxis.STEP).steps.tolist() == [5, 10]
    run.add(evaluated(12))
    matrix = matrix_of(run, XAxis.STEP)
    assert matrix.steps.tolist() == [5, 10, 12]
    assert matrix.values.shape == (12, 3)
    assert np.array_equal(matrix.values[:, 2], retention(12))


def test_another_run_takes_the_old_cell_away(plot: RetentionPlot, grid: PlotGrid, make_run: MakeRun) -> None:
    press(plot, *[Key.Key_Up] * 20)
    show(grid, make_run(5))
    assert plot.crosshair is None
    press(plot, Key.Key_Up)
    assert "facts of step 1 " in read(plot)


def test_columns_end_at_facts_where_the_axis_counts_them(make_run: MakeRun) -> None:
    assert matrix_of(make_run(10), XAxis.FACTS).ends.tolist() == [500, 1_000]
    assert not len(matrix_of(RunSeries(), XAxis.FACTS).ends)


def test_cells_to_come_are_clear_and_the_others_in_their_colours() -> None:
    values = np.array([[0.0, 1.0], [np.nan, 0.5]])
    pixels = pixels_of(Matrix(values, np.array([1, 2]), np.array([1.0, 2.0])))
    assert pixels.shape[0] == 2
    left, right = pixels[:, 0], pixels[:, -1]
    assert left[1, 3] == 0
    assert left[0, 3] == right[0, 3] == 255
    assert left[0, 2] > left[0, 0]  # cividis begins blue and ends yellow
    assert right[0, 0] > right[0, 2]


@given(st.integers(1, 200), st.integers(1, 60))
def test_many_steps_are_averaged_without_losing_any(steps: int, most: int) -> None:
    random = np.random.default_rng(steps)
    values = random.random((steps, 2))
    values[random.random((steps, 2)) < 0.3] = np.nan
    rows = grouped(values, most)
    assert len(rows) == min(steps, most)
    known = values[~np.isnan(values)]
    if known.size:
        assert np.nanmin(rows) >= known.min() - 1e-12
        assert np.nanmax(rows) <= known.max() + 1e-12
    assert np.isnan(rows).all(axis=0).tolist() == np.isnan(values).all(axis=0).tolist()


def test_the_table_has_a_row_for_each_step_and_a_column_for_each_scoring(
    plot: RetentionPlot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "retention"), ""))
    plot.commands.csv.trigger()
    with (tmp_path / "retention.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert rows[7]["facts of step"] == "8"
    assert rows[7]["after step 5"] == ""
    assert float(rows[7]["after step 10"]) == pytest.approx(retention(10)[7])
    plot.commands.png.trigger()
    plot.commands.svg.trigger()
    assert all((tmp_path / f"retention.{kind}").stat().st_size > 1_000 for kind in ("png", "svg"))
