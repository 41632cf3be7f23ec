"""The dock of facts: its title bar shows the tabs that the panel has itself."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QMainWindow, QWidget

from workbench.desktop.facts import FactsPanel
from workbench.desktop.shell.dock import PanelDock


class FactsDock(PanelDock):
    def __init__(self, panel: FactsPanel, parent: QMainWindow) -> None:
        super().__init__("facts", "Facts", parent)
        self.panel = panel
        self.names = ["facts", "warm-up"]
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(panel)
        panel.tabs.tabBar().hide()
        panel.tabs.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for number in range(panel.tabs.count()):
            self.title_tabs.tabs.addTab(panel.tabs.tabText(number))
        panel.tabs.currentChanged.connect(self.title_tabs.tabs.setCurrentIndex)
        for page in panel.pages:
            page.model.shown_changed.connect(self._copy_texts)
        self._copy_texts()

    def current_panel(self) -> QWidget:
        return self.panel.page

    @Slot(int)
    def _show_page(self, number: int) -> None:
        if 0 <= number < len(self.names):
            self.panel.tabs.setCurrentIndex(number)

    @Slot()
    def _copy_texts(self) -> None:
        for number in range(self.panel.tabs.count()):
            self.title_tabs.tabs.setTabText(number, self.panel.tabs.tabText(number))
