"""Ticking modules by mouse and keyboard."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.desktop.model.grid import ModuleGrid
from workbench.desktop.model.selection import Cell, Matrix
from workbench.models.modules import EditableModule

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NAMES = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


@pytest.fixture
def grid(qtbot: QtBot) -> ModuleGrid:
    made = ModuleGrid()
    qtbot.addWidget(made)
    found = [EditableModule(f"model.layers.{n}.{p}", n, p, 48, 32) for n in range(24) for p in NAMES]
    made.set_matrix(Matrix(found))
    made.resize(256, made.heightForWidth(256))
    made.show()
    return made


def at(grid: ModuleGrid, cell: Cell) -> QPoint:
    return grid.centre(cell).toPoint()


def click(grid: ModuleGrid, point: QPoint) -> None:
    QTest.mouseClick(grid, LEFT, NONE, point)


def test_click_ticks_and_unticks(qtbot: QtBot, grid: ModuleGrid) -> None:
    with qtbot.waitSignal(grid.changed):
        click(grid, at(grid, (2, 20)))
    assert grid.ticked == {(2, 20)}
    click(grid, at(grid, (2, 20)))
    assert grid.ticked == frozenset()


def test_drag_ticks_a_rectangle_and_shrinks_again(grid: ModuleGrid) -> None:
    QTest.mousePress(grid, LEFT, NONE, at(grid, (1, 3)))
    QTest.mouseMove(grid, at(grid, (2, 6)))
    assert grid.ticked == {(r, c) for r in (1, 2) for c in (3, 4, 5, 6)}
    QTest.mouseMove(grid, at(grid, (1, 4)))
    QTest.mouseRelease(grid, LEFT, NONE, at(grid, (1, 4)))
    assert grid.ticked == {(1, 3), (1, 4)}


def test_drag_from_a_ticked_cell_unticks(grid: ModuleGrid) -> None:
    grid.set_ticked({(2, c) for c in range(10)})
    QTest.mousePress(grid, LEFT, NONE, at(grid, (2, 2)))
    QTest.mouseMove(grid, at(grid, (2, 5)))
    QTest.mouseRelease(grid, LEFT, NONE, at(grid, (2, 5)))
    assert grid.ticked == {(2, c) for c in (0, 1, 6, 7, 8, 9)}


def test_headings_toggle_row_and_layer(grid: ModuleGrid) -> None:
    bands = grid.bands()
    x, y, wide, high = bands.projection_head(2, 1)
    click(grid, QPoint(int(x + wide / 2), int(y + high / 2)))
    assert grid.ticked == {(2, c) for c in range(24)}
    x, y, wide, high = bands.layer_head(20)
    click(grid, QPoint(int(x + wide / 2), int(y + high / 2)))
    assert {(0, 20), (1, 20)} < grid.ticked
    click(grid, QPoint(int(x + wide / 2), int(y + high / 2)))
    assert not grid.ticked & {(0, 20), (1, 20), (2, 20)}


def test_keys_move_and_tick(grid: ModuleGrid) -> None:
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_End)
    QTest.keyClick(grid, Qt.Key.Key_Up)
    QTest.keyClick(grid, Qt.Key.Key_Space)
    assert grid.ticked == {(1, 23)}
    QTest.keyClick(grid, Qt.Key.Key_Left, SHIFT)
    assert grid.ticked == {(1, 22), (1, 23)}
    QTest.keyClick(grid, Qt.Key.Key_Space, CONTROL)
    assert grid.ticked == {(0, 22), (1, 22), (2, 22), (1, 23)}
    QTest.keyClick(grid, Qt.Key.Key_Space, SHIFT)
    assert {(1, c) for c in range(24)} <= grid.ticked
    assert "model.layers.22.mlp.up_proj, ticked" in grid.accessibleDescription()


def test_tooltips_name_the_module_and_its_shape(grid: ModuleGrid) -> None:
    middle = at(grid, (2, 7))
    assert grid.tip_at(middle.x(), middle.y()) == "model.layers.7.mlp.down_proj\n48 inputs → 32 outputs"
    grid.lock("A run is going on.")
    assert grid.tip_at(middle.x(), middle.y()) == "A run is going on."


def test_a_locked_grid_changes_nothing(grid: ModuleGrid) -> None:
    grid.set_ticked({(2, 1)})
    grid.lock("A run is going on.")
    click(grid, at(grid, (2, 20)))
    assert grid.ticked == {(2, 1)}
    QTest.keyClick(grid, Qt.Key.Key_Space)
    assert grid.ticked == {(2, 1)}
    grid.lock("")
    click(grid, at(grid, (2, 20)))
    assert grid.ticked == {(2, 1), (2, 20)}


def test_height_follows_the_width(grid: ModuleGrid) -> None:
    assert grid.heightForWidth(256) > grid.heightForWidth(700)
    grid.set_matrix(Matrix(()))
    assert grid.heightForWidth(256) >= 0
    grid.grab()
