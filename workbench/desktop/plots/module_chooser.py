"""The button in a plot's heading that says which module is shown."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from workbench.desktop.plots.modules import by_layer, short_names
from workbench.desktop.theme import CAPTION, interface_font


class ModuleChooser(QToolButton):
    """``all_text``: the first choice, for all modules together; empty where there is no such choice."""

    chosen = Signal()

    def __init__(self, all_text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._all_text = all_text
        self._modules: tuple[str, ...] = ("",)
        self.module = ""  # full name; empty: all
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip("Which module is shown (M)")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._choose)
        self.setMenu(self._menu)
        self.setFixedHeight(22)
        self.setFont(interface_font(CAPTION))
        self.hide()

    def set_modules(self, modules: Sequence[str]) -> None:
        """Keeps the choice where it still exists."""
        if tuple(modules) == self._modules:
            return
        self._modules = tuple(modules)
        if self.module not in modules:
            self.module = "" if self._all_text or not modules else modules[by_layer(modules)[0]]
        self._fill()
        self._name()
        self.setVisible(len(modules) > 1)

    def _fill(self) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        names = [self._modules[i] for i in by_layer(self._modules)]
        for module in ([""] if self._all_text else []) + names:
            action = QAction(module or self._all_text, group)
            action.setData(module)
            action.setCheckable(True)
            action.setChecked(module == self.module)
            self._menu.addAction(action)

    def _name(self) -> None:
        short = short_names(self._modules).get(self.module, self._all_text)
        text = f"Layer {short}" if short.isdigit() else short
        self.setText(f"{text} ▾")
        self.setAccessibleName(f"Module: {self.module or self._all_text}")

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self.module = str(action.data())
        self._name()
        self.chosen.emit()
