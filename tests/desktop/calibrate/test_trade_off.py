"""The trade-off plot: what is drawn, what is under the pointer, what is selected."""

import math

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.desktop.calibrate.plot import TradeOffPlot
from workbench.desktop.plots.dots import LARGEST, SMALLEST, Dot, Shape
from workbench.desktop.theme import Theme
from workbench.studies.calibration import Calibration


@pytest.fixture
def plot(theme: Theme, qtbot: QtBot, calibration: Calibration) -> TradeOffPlot:
    del theme
    made = TradeOffPlot()
    qtbot.addWidget(made)
    made.resize(720, 420)
    made.show()
    qtbot.waitExposed(made)
    made.set_points(calibration.points, calibration.front, calibration.chosen)
    return made


def on_canvas(plot: TradeOffPlot, index: int) -> QPointF:
    return plot.canvas.view.mapViewToScene(QPointF(*plot.place(index)))  # type: ignore[no-any-return]


def test_without_points_it_says_what_will_appear(theme: Theme, qtbot: QtBot) -> None:
    del theme
    empty = TradeOffPlot()
    qtbot.addWidget(empty)
    empty.redraw()
    assert empty.canvas.isHidden()


def test_points_that_were_given_up_are_not_drawn(plot: TradeOffPlot, calibration: Calibration) -> None:
    assert len(plot.shown()) == len(calibration.points) - 1
    assert all(not calibration.points[i].gave_up for i in plot.shown())


def test_every_point_that_matters_is_in_view(plot: TradeOffPlot, calibration: Calibration) -> None:
    view = plot.canvas.view.viewRect()
    for i in (*calibration.front, 0, 1):
        assert view.contains(QPointF(*plot.place(i)))


def test_a_click_selects_the_point_under_it_and_none_far_from_all(
    plot: TradeOffPlot, calibration: Calibration, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(plot.selected) as told:
        place = plot.canvas.mapFromScene(on_canvas(plot, 1))
        QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told.args == [1]
    assert plot.selection == 1
    assert plot.nearest(QPointF(-500, -500)) is None
    assert calibration.points[1].title == "Your settings"


def test_the_pointer_reads_the_nearest_point(plot: TradeOffPlot, calibration: Calibration) -> None:
    plot._pointed(on_canvas(plot, 1))
    read = {reading.label: reading.value for reading in plot.readings(0)}
    assert plot.x_name(0) == "Your settings"
    assert read["ES"] == "0.500"
    assert read["kept"] == "0.380"
    assert "1.11" in read["perplexity"]
    assert read["step size γ"] == f"{calibration.points[1].recipe.step_size:g}"


def test_the_arrow_keys_go_from_point_to_point(plot: TradeOffPlot) -> None:
    plot.select(plot.shown()[3])
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.selection == plot.shown()[4]
    QTest.keyClick(plot, Qt.Key.Key_Left)
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot.selection == plot.shown()[2]


def test_shape_says_the_kind_and_size_says_what_is_kept(plot: TradeOffPlot) -> None:
    assert plot.dot(0).shape is Shape.DIAMOND
    assert plot.dot(1).shape is Shape.SQUARE
    assert (plot.dot(0).words, plot.dot(5).words) == ("SmolLM2-135M", "")
    assert plot.dot(0).filled
    assert not plot.dot(1).filled
    colour = plot.dot(0).colour
    radii = [Dot(0, 0, kept, Shape.ROUND, colour, True).radius for kept in (math.nan, 0.0, 0.5, 1.0)]
    assert radii == [SMALLEST, SMALLEST, (SMALLEST + LARGEST) / 2, LARGEST]


def test_the_line_of_the_front_only_rises(plot: TradeOffPlot) -> None:
    edge = plot.edge()
    assert len(edge) > 2
    assert edge == sorted(edge)
    assert [y for _, y in edge] == sorted(y for _, y in edge)


def test_the_table_has_every_point_with_its_settings(plot: TradeOffPlot, calibration: Calibration) -> None:
    names, rows = plot.table()
    written = list(rows)
    assert len(written) == len(calibration.points)
    assert all(len(row) == len(names) for row in written)
