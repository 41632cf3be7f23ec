"""A push button that is an action, so that it can be the primary one."""

from PySide6.QtCore import QEvent, Slot
from PySide6.QtGui import QAction, QEnterEvent, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from workbench.desktop.theme import icon, mark


class ActionButton(QPushButton):
    def __init__(self, action: QAction, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAutoDefault(True)  # Return does it too
        self.action = action
        self._primary = False
        action.changed.connect(self._show)
        self.clicked.connect(action.trigger)
        self._show()

    def set_primary(self, primary: bool) -> None:
        if primary != self._primary:
            self._primary = primary
            mark(self, primary=primary)
            self._show()

    @Slot()
    def _show(self) -> None:
        """Only what differs: every change of a property costs a repaint."""
        text = self.action.text().replace("&", "&&")
        if text != self.text():
            self.setText(text)
        self.setEnabled(self.action.isEnabled())
        self.setToolTip(self.action.toolTip())
        self.setAccessibleDescription(self.action.statusTip())
        name = str(self.action.property("icon-name") or "")
        if name:
            self.setIcon(icon(name, "on_accent" if self._primary and self.isEnabled() else "ink"))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._tell(self.action.statusTip())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._tell("")

    def _tell(self, sentence: str) -> None:
        QApplication.sendEvent(self.window(), QStatusTipEvent(sentence))
