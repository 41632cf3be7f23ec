"""The one tool bar: what a person does, in the order of doing it; what does not fit is in the menu at its end."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolBar, QWidget

from workbench.desktop.shell.fitting_row import FittingRow

ORDER = (
    "open-session",
    "import",
    "",
    "load-model",
    "warm-up",
    "edit",
    "pause",
    "stop",
    "discard",
    "<>",
    "export",
)
# Which leave a bar that is too narrow, first to last. The primary one stays.
LEAVING = ("open-session", "discard", "import", "export", "load-model", "warm-up", "pause", "stop", "edit")


class ToolBar(QToolBar):
    """``actions_by_name`` holds all of ORDER."""

    def __init__(self, actions_by_name: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("Tool bar", parent)
        self.setObjectName("tool-bar")
        self.setMovable(False)
        self.row = FittingRow(actions_by_name, ORDER, LEAVING, "tool")
        self.buttons = self.row.buttons
        self.more = self.row.more
        self.addWidget(self.row)

    def set_primary(self, name: str) -> None:
        """One at most."""
        for other, button in self.buttons.items():
            button.set_primary(other == name)
        if name != self.row.primary:
            self.row.fit(name)

    @property
    def holds_focus(self) -> bool:
        focus = self.window().focusWidget()
        return focus is self or (focus is not None and self.isAncestorOf(focus))

    def keep_focus(self) -> None:
        """At the next sensible action, or while work goes on at Pause."""
        button = self.buttons[self.row.primary or "pause"]
        (button if button.isEnabled() and button.isVisible() else self).setFocus()
