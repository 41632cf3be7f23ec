"""The plots as a person meets them: through widgets, keys and the mouse."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.plots.looking import FULL, MakeRun, curves, follow_button, show, wheel, x_range
from tests.desktop.plots.made_up import step_event
from workbench.desktop.plots import Plot, PlotGrid
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import DARK, LIGHT, Theme


def test_empty_plots_say_what_will_appear(grid: PlotGrid) -> None:
    show(grid, RunSeries())
    for plot in grid.plots.values():
        grid.set_large([plot.key])
        assert plot._message.isVisibleTo(plot)
        assert plot._message.text().endswith(("step.", "evaluation.", "whitening."))
        assert not plot.canvas.isVisibleTo(plot)


def test_a_run_fills_every_plot(grid: PlotGrid, make_run: MakeRun) -> None:
    grid.resize(700, 2_000)
    show(grid, make_run(30))
    for plot in grid.plots.values():
        assert plot.canvas.isVisible(), plot.key


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
    grid.resize(300, 400)
    run.add(step_event(np.random.default_rng(1), 11, run.modules))
    grid.refresh()
    assert len(curves(grid, "memory")._items["memory"].x) == 10  # below the fold
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    QApplication.processEvents()
    assert len(curves(grid, "memory")._items["memory"].x) == 11


def test_panning_freezes_and_the_button_resumes_as_wide(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(100)
    grid.set_large(["weight-drift"])
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
    grid.set_large(["weight-drift"])
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
    grid.set_large(["shift-norm"])
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
    grid.set_large(["orthogonality"])
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
    grid.set_large(["shift-norm"])
    show(grid, make_run(10))
    plot = grid.plots["shift-norm"]
    for expected in (plot, None):
        QTest.mouseDClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton)
        assert grid.filled is expected


def test_two_plots_are_large_and_the_others_a_strip_below(grid: PlotGrid) -> None:
    assert grid.large() == ["edit-success", "locality"]
    for width, rows in ((700, 2), (1_300, 1)):
        grid.resize(width, 700)
        large = [grid.plots[key].geometry() for key in grid.large()]
        small = [plot.geometry() for key, plot in grid.plots.items() if key not in grid.large()]
        assert len({place.top() for place in large}) == rows
        assert min(place.height() for place in large) > 2 * max(place.height() for place in small)
        assert min(place.top() for place in small) > max(place.bottom() for place in large)
        assert min(place.top() for place in small) < 700


def test_a_small_plot_comes_up_by_mouse_and_by_key(grid: PlotGrid, make_run: MakeRun, qtbot: QtBot) -> None:
    show(grid, make_run(10))
    small = grid.plots["perplexity"]
    assert "in place of “Generalisation and locality”" in small.toolTip()
    with qtbot.waitSignal(grid.layout_changed):
        QTest.mouseClick(small, Qt.MouseButton.LeftButton)
    assert grid.large() == ["edit-success", "perplexity"]
    assert small.canvas.left_axis.isVisible()
    assert not grid.plots["locality"].canvas.left_axis.isVisible()
    grid.plots["loss"].setFocus()
    QTest.keyClick(grid.plots["loss"], Qt.Key.Key_Return)
    assert grid.large() == ["loss", "perplexity"]
    grid.set_chosen(["memory", "loss"])
    assert set(grid.large()) == {"memory", "loss"}
    grid.set_chosen(list(grid.plots))
    assert grid.large() == ["loss", "perplexity"]


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(100))
    grid.resize(500, 400)
    plot, page = grid.plots["edit-success"], grid.verticalScrollBar()
    before = x_range(plot)
    for key, by in (("edit-success", -240), ("locality", 240)):
        where = page.value()
        wheel(grid.plots[key], Qt.KeyboardModifier.NoModifier, by)
        assert (page.value() - where) * by < 0
    assert x_range(plot) == before
    wheel(plot)
    assert x_range(plot) != before
    assert page.value() == 0


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
    assert grid.chosen() == list(grid.plots)
    assert not invitation.isVisible()


def test_a_plot_hides_itself_from_its_menu(grid: PlotGrid) -> None:
    hide = next(a for a in grid.plots["loss"].actions() if a.text() == "Hide this plot")
    hide.trigger()
    assert "loss" not in grid.chosen()


def test_the_theme_restyles_plots_that_are_open(grid: PlotGrid, make_run: MakeRun, theme: Theme) -> None:
    show(grid, make_run(10))
    plot = curves(grid, "shift-norm")
    assert plot._items[FULL.format(18)].pen.color().name() == DARK.curves[0]
    theme.set_mode("light")
    QApplication.processEvents()
    assert plot._items[FULL.format(18)].pen.color().name() == LIGHT.curves[0]
    assert grid.grab().toImage().pixelColor(4, 40).name() == LIGHT.plot


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
    grid.set_large(["shift-norm"])
    show(grid, make_run(100))
    wheel(grid.plots["shift-norm"])
    show(grid, make_run(10))
    assert grid.plots["shift-norm"].following
    assert x_range(grid.plots["shift-norm"])[1] < 11
