"""From one part of the window to the next by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.desktop.shell.dock import PanelDock

PANELS = (
    ("facts", "facts", "Facts"),
    ("facts", "warm-up", "Warm-up facts"),
    ("model", "model", "Model"),
    ("model", "method", "Method"),
    ("model", "run", "Run"),
    ("probe", "probe", "Probe"),
    ("probe", "ledger", "Ledger"),
    ("probe", "compare", "Compare"),
    ("probe", "log", "Log"),
)  # dock, panel, title; with Alt and a digit
ANSWERS = ("probe", "answers", "Before and after")
PLOTS = "plots"


class Navigation(QObject):
    """``actions``: one for each panel, which it brings to the front, and one for the plots."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.actions = [
            self._made(n, (dock, panel), title) for n, (dock, panel, title) in enumerate(PANELS, start=1)
        ]
        self.actions.append(self._made(len(PANELS) + 1, (PLOTS, PLOTS), "Plots"))
        self.actions.append(self._made(0, ANSWERS[:2], ANSWERS[2]))

    def _made(self, number: int, place: tuple[str, str], title: str) -> QAction:
        action = QAction(title, self._window)
        action.setObjectName(f"action-show-{place[1]}")
        action.setData(place)
        action.setShortcut(f"Alt+{number % 10}" if number else "Ctrl+Shift+B")
        action.setStatusTip(f"Bring {title.lower()} to the front")
        action.triggered.connect(self._show)
        return action

    def show_keys(self, docks: dict[str, PanelDock]) -> None:
        """On the tabs that they bring to the front."""
        for action in self.actions:
            dock, panel = action.data()
            if dock in docks:
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                docks[dock].title_tabs.tabs.setTabToolTip(docks[dock].names.index(panel), keys)

    @Slot()
    def _show(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        dock, panel = action.data()
        self._window.leave_welcome()
        if dock == PLOTS:
            self._focus_plots()
        else:
            self._window.docks[dock].show_panel(panel)
            _focus_first(self._window.docks[dock].current_panel())

    def go_on(self) -> None:
        """Facts, plots, model, probe and round again."""
        names = ("facts", PLOTS, "model", "probe")
        docks, focus = self._window.docks, self._window.focusWidget()
        held = [
            name for name in names if name != PLOTS and focus is not None and docks[name].isAncestorOf(focus)
        ]
        at = names.index(held[0]) if held else names.index(PLOTS)
        for step in range(1, len(names) + 1):
            name = names[(at + step) % len(names)]
            if name == PLOTS:
                self._focus_plots()
                return
            if docks[name].isVisible():
                _focus_first(docks[name].current_panel())
                return

    def _focus_plots(self) -> None:
        grid = self._window.plots
        shown = grid.chosen()
        if shown:
            grid.plots[shown[0]].setFocus(Qt.FocusReason.ShortcutFocusReason)


def _focus_first(panel: QWidget) -> None:
    """What the panel names as its focus proxy, or its first control that takes the keyboard."""
    wanted = panel.focusProxy()
    if wanted is not None and wanted.isVisible() and wanted.isEnabled():
        wanted.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return
    for widget in panel.findChildren(QWidget):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
