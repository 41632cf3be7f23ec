"""What stands where it should not: outside its window, cut, or over something else."""

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QLabel,
    QMainWindow,
    QRadioButton,
    QTabBar,
    QToolButton,
    QWidget,
)

from workbench.desktop.plots.follow_button import FollowButton
from workbench.desktop.plots.header import Caption
from workbench.desktop.plots.readout import Readout
from workbench.desktop.shell.notices import NoticeBar
from workbench.desktop.widgets import ElidedLabel

FLOATING = (NoticeBar, FollowButton, Readout)  # they lie over other things by design
MARKED = 24  # logical pixels beside the text of a check box or a radio button


def faults(window: QWidget) -> list[str]:
    """One line for each."""
    shown = [widget for widget in window.findChildren(QWidget) if is_shown(widget, window)]
    texts = [line for widget in shown for line in cut(widget)]
    return [*outside(shown, window), *texts, *overlapping([window, *shown])]


def is_shown(widget: QWidget, window: QWidget) -> bool:
    """Qt's handles between panes lie over their edges by design."""
    handle = widget.objectName().startswith(("qt_qmainwindow_extended_splitter", "qt_splithandle"))
    return (
        widget.isVisible()
        and widget.window() is window
        and not handle
        and not widget.visibleRegion().isEmpty()
    )


def outside(shown: list[QWidget], window: QWidget) -> Iterator[str]:
    """What scrolls may be beyond the edge."""
    for widget in shown:
        if not _scrolls(widget):
            place = QRect(widget.mapTo(window, QPoint()), widget.size())
            if not window.rect().contains(place):
                yield f"{_name(widget)} at {place.getRect()} is outside the window"


def cut(widget: QWidget) -> Iterator[str]:
    match widget:
        case ElidedLabel():
            return
        case QLabel() if widget.text() and widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + 1:
                yield f"{_name(widget)} is too low for {widget.text()!r}"
        case QLabel() if widget.text():
            yield from _too_narrow(widget, widget.text(), widget.contentsRect().width())
        case QToolButton() if not widget.text() or widget.toolButtonStyle().name == "ToolButtonIconOnly":
            return
        case QAbstractButton() if widget.text() and widget.layout() is None:
            beside = MARKED if isinstance(widget, QCheckBox | QRadioButton) else 0
            yield from _too_narrow(widget, widget.text().replace("&&", "&"), widget.width() - beside)
        case QTabBar():
            for i in range(widget.count()):
                yield from _too_narrow(widget, widget.tabText(i), widget.tabRect(i).width())
                if not widget.rect().contains(widget.tabRect(i)):
                    yield f"tab {widget.tabText(i)!r} of {_name(widget)} is cut"
        case Caption():
            if "…" in widget.shown_quantity() or widget.room() < 0:
                yield f"caption {widget.title!r} is cut"


def overlapping(parents: list[QWidget]) -> Iterator[str]:
    for parent in parents:
        children = [
            child
            for child in parent.children()
            if isinstance(child, QWidget) and is_shown(child, parent.window())
        ]
        laid = [child for child in children if not isinstance(child, FLOATING) and not child.size().isEmpty()]
        for one, other in combinations(laid, 2):
            if one.geometry().intersects(other.geometry()) and not isinstance(parent, QAbstractScrollArea):
                yield f"{_name(one)} and {_name(other)} overlap in {_name(parent)}"


def _too_narrow(widget: QWidget, text: str, room: int) -> Iterator[str]:
    needed = widget.fontMetrics().horizontalAdvance(text)
    if room < needed - 1:
        yield f"{_name(widget)} is {room} wide, {text!r} needs {needed}"


def _scrolls(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QMainWindow):
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def _name(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return widget.objectName() or f"{type(widget).__name__} in {parent.objectName() if parent else 'nothing'}"
