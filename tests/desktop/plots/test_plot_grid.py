"""The plots as a person meets them: through widgets, keys and the mouse."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.plots.made_up import step_event
from workbench.desktop.plots import Plot, PlotGrid
from workbench.desktop.plots.curve_plot import CurvePlot
from workbench.desktop.plots.legend import Legend
from workbench.desktop.plots.orthogonality import OrthogonalityPlot
from workbench.desktop.plots.spectrum import SpectrumPlot
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import DARK, LIGHT, Theme

MakeRun = Callable[..., RunSeries]
FULL = "model.layers.{}.mlp.down_proj"


def curves(grid: PlotGrid, key: str) -> CurvePlot:
    plot = grid.plots[key]
    assert isinstance(plot, CurvePlot)
    return plot


def show(grid: PlotGrid, run: RunSeries, *overlays: RunSeries) -> None:
    grid.set_runs(run, overlays)
    QApplication.processEvents()


def wheel(plot: Plot) -> None:
    """Zooms in at the middle of the view."""
    viewport = plot.canvas.viewport()
    middle = viewport.rect().center()
    event = QWheelEvent(
        QPointF(middle),
        QPointF(viewport.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def x_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[0]
    return float(low), float(high)


def y_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[1]
    return float(low), float(high)


def follow_button(plot: Plot) -> QPushButton:
    return next(button for button in plot.findChildren(QPushButton) if button.text() == "Follow")


def test_empty_plots_say_what_will_appear(grid: PlotGrid) -> None:
    show(grid, RunSeries())
    for plot in grid.plots.values():
        assert plot._message.isVisibleTo(plot)
        assert plot._message.text().endswith(("step.", "evaluation.", "whitening."))
        assert not plot.canvas.isVisibleTo(plot)


def test_a_run_fills_every_plot(grid: PlotGrid, make_run: MakeRun) -> None:
    grid.resize(700, 2_000)
    show(grid, make_run(30))
    for plot in grid.plots.values():
        assert plot.canvas.isVisible(), plot.key


def test_curves_stand_for_what_the_run_holds(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = curves(grid, "shift-norm")
    assert [line.label for line in plot.visible_lines()] == ["18", "19", "20", "21"]
    item = plot._items[FULL.format(19)]
    assert item.y == pytest.approx(run.values("shift_norm")[1])
    assert y_range(plot)[0] < 0 < run.values("shift_norm").max() < y_range(plot)[1]
    assert [line.label for line in curves(grid, "edit-success").visible_lines()] == [
        "this step", "first batch", "random earlier", "before step", "all so far",
    ]  # fmt: skip


def test_captions_are_whole_at_the_smallest_layout(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30, 16))
    for plot in grid.plots.values():
        assert "…" not in plot.header.caption.shown_quantity(), plot.key


def test_new_steps_appear_at_the_next_refresh_without_new_items(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(10)
    show(grid, run)
    plot = curves(grid, "shift-norm")
    before = len(plot.canvas.scene().items())
    run.add(step_event(np.random.default_rng(1), 11, run.modules))
    grid.refresh()
    assert len(plot._items[FULL.format(18)].x) == 11
    assert x_range(plot)[1] >= 11
    assert len(plot.canvas.scene().items()) == before


def test_only_plots_on_the_screen_draw(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(10)
    show(grid, run)
    assert curves(grid, "memory")._items == {}  # below the fold
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    QApplication.processEvents()
    assert len(curves(grid, "memory")._items["memory"].x) == 10


def test_panning_freezes_and_the_button_resumes_as_wide(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(100)
    show(grid, run)
    plot = grid.plots["weight-drift"]
    wheel(plot)
    assert not plot.following
    frozen = x_range(plot)
    assert frozen[1] - frozen[0] < 90
    assert follow_button(plot).isVisible()
    for step in range(101, 111):
        run.add(step_event(np.random.default_rng(step), step, run.modules))
    grid.refresh()
    assert x_range(plot) == frozen
    follow_button(plot).click()
    low, high = x_range(plot)
    assert high - low == pytest.approx(frozen[1] - frozen[0])
    assert high >= 110
    assert not follow_button(plot).isVisible()


def test_home_shows_the_whole_run_again(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(100))
    plot = grid.plots["weight-drift"]
    wheel(plot)
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Home)
    assert plot.following
    assert x_range(plot)[0] <= 0
    assert x_range(plot)[1] >= 100


def test_the_view_cannot_leave_the_run(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(50))
    plot = grid.plots["weight-drift"]
    plot.canvas.view.setXRange(400, 420, padding=0)
    plot.canvas.moved.emit()
    assert 45 < x_range(plot)[1] < 52


def test_the_crosshair_reads_every_curve_and_shows_in_the_other_plots(
    grid: PlotGrid, make_run: MakeRun
) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["shift-norm"]
    plot.canvas.hovered.emit(11.6)
    assert plot.crosshair == 12
    norms = run.values("shift_norm")[:, 11]
    spoken = plot.accessibleDescription()
    assert spoken.startswith("step 12 · 1,200 facts, 18 ")
    assert [float(part.split()[-1]) for part in spoken.split(", ")[1:]] == pytest.approx(norms, abs=0.01)
    assert grid.plots["weight-drift"].crosshair == 12
    assert grid.plots["spectrum"].crosshair is None
    plot.canvas.left.emit()
    assert plot.crosshair is None
    assert grid.plots["weight-drift"].crosshair is None


def test_arrow_keys_move_the_crosshair(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30))
    plot = grid.plots["edit-success"]
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot.crosshair == 30
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot.crosshair == 29
    QTest.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert plot.crosshair == 19
    for _ in range(4):
        QTest.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plot.crosshair == 30


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_Return])
def test_a_key_fills_the_grid_and_escape_returns(
    grid: PlotGrid, make_run: MakeRun, qtbot: QtBot, key: Qt.Key
) -> None:
    show(grid, make_run(10))
    plot = grid.plots["orthogonality"]
    plot.setFocus()
    with qtbot.waitSignal(grid.layout_changed):
        QTest.keyClick(plot, key)
    assert plot.size().width() == grid.viewport().width()
    assert not grid.plots["shift-norm"].isVisible()
    assert plot.commands.fill.text() == "Back to all plots"
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert grid.filled is None
    assert grid.plots["shift-norm"].isVisible()


def test_a_double_click_fills_and_returns(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(10))
    plot = grid.plots["shift-norm"]
    for expected in (plot, None):
        QTest.mouseDClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton)
        assert grid.filled is expected


def test_columns_follow_the_width_and_rows_are_whole(grid: PlotGrid) -> None:
    def rows() -> list[list[str]]:
        tops = sorted({plot.y() for plot in grid.plots.values()})
        return [[key for key, plot in grid.plots.items() if plot.y() == top] for top in tops]

    assert [len(row) for row in rows()] == [2, 2, 2, 2, 2]
    third = grid.plots["spectrum"].geometry()
    assert third.bottom() + 1 == grid.viewport().height()
    grid.resize(1_300, 900)
    assert [len(row) for row in rows()] == [3, 3, 3, 1]
    grid.resize(500, 700)
    assert {len(row) for row in rows()} == {1}


def test_the_person_chooses_the_plots(grid: PlotGrid, make_run: MakeRun, qtbot: QtBot) -> None:
    show(grid, make_run(10))
    grid.set_chosen(["perplexity", "loss", "no such plot"])
    assert grid.chosen() == ["perplexity", "loss"]
    assert [key for key, plot in grid.plots.items() if plot.isVisible()] == ["perplexity", "loss"]
    for action in grid.plot_actions:
        if action.isChecked():
            with qtbot.waitSignal(grid.layout_changed):
                action.trigger()
    invitation = next(b for b in grid.findChildren(QPushButton) if b.text() == "Show all plots")
    assert invitation.isVisible()
    invitation.click()
    assert len(grid.chosen()) == 10
    assert not invitation.isVisible()


def test_a_plot_hides_itself_from_its_menu(grid: PlotGrid) -> None:
    hide = next(a for a in grid.plots["loss"].actions() if a.text() == "Hide this plot")
    hide.trigger()
    assert "loss" not in grid.chosen()


def test_the_legend_toggles_curves(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(10))
    plot = curves(grid, "shift-norm")
    plot.open_legend()
    legend = plot.findChild(Legend)
    assert legend is not None
    box = next(box for box in legend.findChildren(QCheckBox) if box.text() == FULL.format(20))
    box.click()
    assert not plot._items[FULL.format(20)].isVisible()
    assert [line.label for line in plot.visible_lines()] == ["18", "19", "21"]
    box.click()
    assert plot._items[FULL.format(20)].isVisible()
    legend.close()


def test_facts_along_x(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30))
    facts = next(action for action in grid.axis_actions if action.text() == "Plot by facts")
    facts.trigger()
    QApplication.processEvents()
    assert x_range(grid.plots["shift-norm"])[1] >= 3_000
    grid.plots["shift-norm"].canvas.hovered.emit(1_210)
    assert grid.plots["shift-norm"].accessibleDescription().startswith("step 12 · 1,200 facts")


def test_an_earlier_run_lies_behind_with_its_name(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30), make_run(20, name="Ablation", seed=3))
    plot = curves(grid, "weight-drift")
    behind = plot._items["0/" + FULL.format(18)]
    assert behind.isVisible()
    assert behind.pen.color().alpha() < 255
    assert len(behind.pen.dashPattern()) == 4
    assert [label.text for label in plot._labels._labels].count("Ablation") == 1
    show(grid, make_run(30))
    assert "0/" + FULL.format(18) not in plot._items


def test_many_modules_are_averaged_and_their_range_is_shaded(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(400, 16, evaluate_every=0)
    show(grid, run)
    plot = curves(grid, "shift-norm")
    assert "range shaded" in plot.header.caption.shown_quantity()
    assert plot._backdrop.isVisible()
    bounds = plot._backdrop.boundingRect()
    assert bounds.bottom() == pytest.approx(run.values("shift_norm").max(), rel=1e-5)
    assert len(plot._labels.placed()) < 16
    placed = sorted(place for _, _, place in plot._labels.placed())
    assert min(np.diff(placed)) >= 13 - 1e-6


def test_perplexity_turns_logarithmic_when_it_spans_decades(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = curves(grid, "perplexity")
    grid.fill(plot)
    assert not plot.logarithmic
    run.scores["perplexity"].values[-1] = 90_000
    run.revision += 1
    grid.refresh()
    assert plot.logarithmic
    assert "log scale" in plot.header.caption.shown_quantity()
    assert y_range(plot)[1] == pytest.approx(np.log10(90_000), abs=0.5)


def test_the_spectrum_says_its_floor_and_rows(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["spectrum"]
    assert isinstance(plot, SpectrumPlot)
    grid.fill(plot)
    latest = run.spectra[FULL.format(18)].latest
    said = plot.header.caption.shown_quantity()
    assert f"{latest.floored_share:.0%}".replace("%", " % floored") in said
    assert f"n {latest.rows:,}, d_v 576" in said
    floor = next(line for line in plot.visible_lines() if line.key == "floor")
    assert floor.y[0] == pytest.approx(latest.floor / latest.mean)
    plot.chooser._menu.actions()[2].trigger()
    assert plot.chooser.module == FULL.format(20)


def test_orthogonality_of_one_module(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["orthogonality"]
    assert isinstance(plot, OrthogonalityPlot)
    assert plot.visible_lines()[0].low is not None
    plot.chooser._menu.actions()[1].trigger()
    assert plot.visible_lines()[0].low is None
    assert plot.visible_lines()[0].y == pytest.approx(run.values("cosine_previous")[0], nan_ok=True)


def test_the_theme_restyles_plots_that_are_open(grid: PlotGrid, make_run: MakeRun, theme: Theme) -> None:
    show(grid, make_run(10))
    plot = curves(grid, "shift-norm")
    assert plot._items[FULL.format(18)].pen.color().name() == DARK.curves[0]
    theme.set_mode("light")
    QApplication.processEvents()
    assert plot._items[FULL.format(18)].pen.color().name() == LIGHT.curves[0]
    assert grid.grab().toImage().pixelColor(4, 40).name() == LIGHT.plot


def test_exports(grid: PlotGrid, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["shift-norm"]
    wrote: list[str] = []
    grid.exported.connect(wrote.append)
    for suffix in ("png", "svg", "csv"):
        path = str(tmp_path / f"norms.{suffix}")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (path, ""))
        getattr(plot.commands, suffix).trigger()
    assert wrote == [str(tmp_path / f"norms.{suffix}") for suffix in ("png", "svg", "csv")]
    assert QImage(wrote[0]).size() == plot.size() * 2
    drawing = QSvgRenderer(wrote[1])
    assert drawing.isValid()
    assert drawing.viewBox().size() == plot.size()
    assert b"Shift norm" in Path(wrote[1]).read_bytes()
    with open(wrote[2], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 31)]
    assert rows[11]["facts"] == "1200"
    assert float(rows[11][FULL.format(20)]) == pytest.approx(run.values("shift_norm")[2, 11])


@pytest.mark.parametrize("key", ["edit-success", "spectrum", "heat-map", "perplexity", "orthogonality"])
def test_every_kind_of_plot_exports_its_table(
    grid: PlotGrid, make_run: MakeRun, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(grid, make_run(30))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "table"), ""))
    grid.fill(grid.plots[key])
    grid.plots[key].commands.csv.trigger()
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) > 5
    assert {len(row) for row in rows} == {len(rows[0])}


def test_an_export_that_cannot_be_written_says_so(
    grid: PlotGrid, make_run: MakeRun, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(grid, make_run(10))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.svg"), ""))
    with qtbot.waitSignal(grid.export_failed) as failed:
        grid.plots["loss"].commands.svg.trigger()
    assert failed.args is not None
    assert failed.args[0].startswith("x.svg could not be written: No such file")


def test_a_plot_below_the_fold_exports_its_data(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30))
    plot = grid.plots["heat-map"]
    plot.commands.copy_picture()
    copied = QApplication.clipboard().image()
    middle = copied.pixelColor(copied.width() // 2, copied.height() // 2)
    assert middle.name() != DARK.plot


def test_every_plot_is_reachable_and_named(grid: PlotGrid) -> None:
    reached = []
    grid.plots["shift-norm"].setFocus()
    for _ in grid.plots:
        focused = QApplication.focusWidget()
        assert isinstance(focused, Plot)
        reached.append(focused.key)
        assert focused.accessibleName().startswith(focused.title)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert sorted(reached) == sorted(grid.plots)


def test_a_new_run_starts_with_a_following_view(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(100))
    wheel(grid.plots["shift-norm"])
    show(grid, make_run(10))
    assert grid.plots["shift-norm"].following
    assert x_range(grid.plots["shift-norm"])[1] < 11
