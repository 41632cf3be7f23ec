"""A dock whose title bar is its tabs."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QWidget,
)

from workbench.desktop.widgets import tool_button

Area = Qt.DockWidgetArea
AREAS = (
    (Area.LeftDockWidgetArea, "left"),
    (Area.RightDockWidgetArea, "right"),
    (Area.BottomDockWidgetArea, "bottom"),
)


class TitleTabs(QWidget):
    """Dragging it beside the tabs moves the dock."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tabs = QTabBar(drawBase=False, expanding=False)
        self.tabs.setObjectName(f"{name}-tabs")
        self.tabs.setAccessibleName(f"Tabs of {title}")
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(2)
        row.addWidget(self.tabs)
        row.addStretch(1)
        self.more = tool_button("more", f"{name}-dock-menu", "Move or close this dock")
        self.more.setIconSize(QSize(14, 14))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.more)


class PanelDock(QDockWidget):
    """``add_panel`` for each tab. ``title`` names it in the View menu and while it floats."""

    front_changed = Signal(str)  # name of the panel in front

    def __init__(self, name: str, title: str, parent: QMainWindow) -> None:
        super().__init__(title, parent)
        self.setObjectName(f"{name}-dock")
        self.names: list[str] = []
        self.pages = QStackedWidget()
        self.setWidget(self.pages)
        self.title_tabs = TitleTabs(name, title.lower())
        self.setTitleBarWidget(self.title_tabs)
        self.title_tabs.tabs.currentChanged.connect(self._show_page)
        self._fill_menu(parent)

    def add_panel(self, name: str, title: str, panel: QWidget) -> None:
        self.names.append(name)
        self.pages.addWidget(panel)
        self.title_tabs.tabs.addTab(title)

    def show_panel(self, name: str) -> None:
        """Brings the dock and the panel to the front."""
        self.title_tabs.tabs.setCurrentIndex(self.names.index(name))
        self.show()
        self.raise_()

    def current_panel(self) -> QWidget:
        panel = self.pages.currentWidget()
        assert panel is not None
        return panel

    def in_front(self) -> str:
        return self.names[self.title_tabs.tabs.currentIndex()]

    @Slot(int)
    def _show_page(self, number: int) -> None:
        if 0 <= number < self.pages.count():
            self.pages.setCurrentIndex(number)
            self.front_changed.emit(self.names[number])

    def _fill_menu(self, window: QMainWindow) -> None:
        menu = QMenu(self)
        self._window = window
        self._float = menu.addAction("Float")
        self._float.setCheckable(True)
        self._float.triggered.connect(self.setFloating)
        self.topLevelChanged.connect(self._float.setChecked)
        self._moves = [menu.addAction(f"Move to the {word}") for _, word in AREAS]
        for action, (area, _) in zip(self._moves, AREAS, strict=True):
            action.setData(area)
        menu.triggered.connect(self._moved)
        menu.addSeparator()
        menu.addAction("Close").triggered.connect(self.close)
        self.title_tabs.more.setMenu(menu)

    @Slot(QAction)
    def _moved(self, action: QAction) -> None:
        if action in self._moves:
            self.setFloating(False)
            self._window.addDockWidget(action.data(), self)
