"""What a screen reader meets, through Qt's own tree: every control has a role and a name."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface, QImage
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from tests.desktop.geometry import is_shown
from tests.desktop.shell.test_geometry import PANELS
from tests.desktop.shell.walker import Walker
from workbench.desktop.main_window import MainWindow
from workbench.desktop.theme import Theme, contrast

R = QAccessible.Role
CONTROLS = {
    R.Button, R.ButtonMenu, R.CheckBox, R.RadioButton, R.ComboBox, R.EditableText, R.SpinBox, R.Slider, R.Table,
    R.Tree, R.List, R.PageTab, R.MenuItem, R.ProgressBar, R.Dialog,
}  # fmt: skip
DEEPEST = 40


def nameless(top: QWidget) -> list[str]:
    """Controls on the screen without a name, and focusable widgets without a role."""
    return sorted(set(_walk(QAccessible.queryAccessibleInterface(top), 0)))


def _walk(item: QAccessibleInterface | None, depth: int) -> Iterator[str]:
    if item is None or not item.isValid() or depth > DEEPEST or item.state().invisible:
        return
    role, name = item.role(), item.text(QAccessible.Text.Name)
    owner = item.object()
    said = f"{role.name} {owner.objectName() if owner else ''} ({type(owner).__name__})"
    takes_focus = item.state().focusable
    if (role in CONTROLS or takes_focus) and not name.strip():
        yield f"{said} has no name"
    if takes_focus and role is R.NoRole:
        yield f"{said} has no role"
    if role in (R.Table, R.Tree, R.List):
        return  # cells speak for themselves
    for i in range(item.childCount()):
        yield from _walk(item.child(i), depth + 1)


def test_every_control_of_the_window_has_a_name_and_a_role(walker: Walker) -> None:
    window = walker.window
    found = {}
    for dock, panel in PANELS:
        window.docks[dock].show_panel(panel)
        QApplication.processEvents()
        found[panel] = nameless(window)
    window.show_welcome()
    found["welcome"] = nameless(window)
    assert {where: lines for where, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "action",
    ["palette", "preferences", "shortcuts", "about", "method-help", "calibrate", "claims", "load-model"],
)
def test_every_control_of_a_dialog_has_a_name_and_a_role(walker: Walker, action: str) -> None:
    window: MainWindow = walker.window
    found: list[list[str]] = []

    def look() -> None:
        for dialog in [d for d in window.findChildren(QDialog) if d.isVisible()]:
            found.append(nameless(dialog))
            dialog.close()

    QTimer.singleShot(300, window, look)
    window.actions_by_name[action].trigger()
    walker.wait(lambda: found, action)
    assert found == [[]]


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_text_on_the_screen_stands_off_its_ground(walker: Walker, theme: Theme, mode: str) -> None:
    """As drawn: the pixel that stands off most, against the commonest one."""
    window = walker.window
    theme.set_mode(mode)
    faint = {}
    for dock, panel in PANELS:
        window.docks[dock].show_panel(panel)
        QApplication.processEvents()
        image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        for part in window.findChildren(QWidget):
            if is_shown(part, window) and part.isEnabled() and _says(part) and not part.hasFocus():
                seen = part.visibleRegion().boundingRect().translated(part.mapTo(window, QPoint()))
                inside = seen if isinstance(part, QLabel) else seen.adjusted(4, 4, -4, -4)  # without its edge
                measured = contrast_within(image.copy(inside))
                if measured < 4.5:
                    faint[f"{part.objectName()} {_says(part)[:30]!r}"] = round(measured, 2)
    theme.set_mode("dark")
    assert faint == {}


def _says(part: QWidget) -> str:
    match part:
        case QLabel() | QPushButton():
            return part.text()
        case QLineEdit():
            return part.text() or part.placeholderText()
        case QPlainTextEdit():
            return part.toPlainText() or part.placeholderText()
    return ""


def contrast_within(image: QImage) -> float:
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    colours, counts = np.unique(pixels & 0xFFFFFF, return_counts=True)
    ground = f"#{colours[counts.argmax()]:06x}"
    return max(contrast(f"#{colour:06x}", ground) for colour in colours)
