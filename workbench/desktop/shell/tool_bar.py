"""The one tool bar: what a person does, in the order of doing it."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QWidget

from workbench.desktop.shell.action_button import ActionButton

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


class ToolBar(QToolBar):
    """``actions_by_name`` holds all of ORDER."""

    def __init__(self, actions_by_name: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("Tool bar", parent)
        self.setObjectName("tool-bar")
        self.setMovable(False)
        self.buttons: dict[str, ActionButton] = {}
        for name in ORDER:
            if not name:
                self.addSeparator()
            elif name == "<>":
                self.addWidget(_stretch())
            else:
                self.buttons[name] = ActionButton(actions_by_name[name], f"tool-{name}")
                self.addWidget(self.buttons[name])

    def set_primary(self, name: str) -> None:
        """One at most."""
        for other, button in self.buttons.items():
            button.set_primary(other == name)


def _stretch() -> QWidget:
    widget = QWidget()
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return widget
