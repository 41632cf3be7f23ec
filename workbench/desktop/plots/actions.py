"""What a person can do with a plot: its menu, keys and header buttons, exports included."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from workbench.desktop.plots import export
from workbench.desktop.theme import icon
from workbench.storage.partials import whole_file

if TYPE_CHECKING:
    from workbench.desktop.plots.plot import Plot

FILL, BACK = "Fill the grid (F or double click)", "Back to all plots (Esc or double click)"


class PlotActions(QObject):
    """The keys work while the plot has the focus."""

    def __init__(self, plot: "Plot") -> None:
        super().__init__(plot)
        self._plot = plot
        self.fill = self.add("Fill the grid", "F", plot.fill_requested.emit, "expand")
        self.legend = self.add("Legend", "L", plot.open_legend, "legend")
        self.follow = self.add("Follow the newest steps", "Space", plot.toggle_follow, "follow")
        self.whole = self.add("Show the whole run", "Home", plot.show_whole_run, "run")
        self.copy = self.add("Copy picture", "Ctrl+C", self.copy_picture, "copy")
        self.png = self.add("Export PNG…", "", self.export_png, "export")
        self.svg = self.add("Export SVG…", "", self.export_svg, "export")
        self.csv = self.add("Export CSV…", "", self.export_csv, "export")
        self.legend.setVisible(plot.has_legend)
        self.follow.setVisible(plot.steps_along_x)
        self.whole.setVisible(plot.steps_along_x)
        self._add_buttons()

    def add(self, text: str, shortcut: str, slot: Callable[[], object], picture: str) -> QAction:
        action = QAction(icon(picture), text, self._plot)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        if shortcut:
            action.setShortcut(shortcut)
        action.triggered.connect(slot)
        self._plot.addAction(action)
        return action

    def show_filled(self, filled: bool) -> None:
        """What the button and the action say: fill the grid, or back to all."""
        picture = "collapse" if filled else "expand"
        self.fill.setIcon(icon(picture))
        self.fill.setText("Back to all plots" if filled else "Fill the grid")
        self._fill_button.setIcon(icon(picture, "dim"))
        self._fill_button.setToolTip(BACK if filled else FILL)
        self._fill_button.setAccessibleName(BACK if filled else FILL)

    def menu(self) -> QMenu:
        """With what others added to the plot's actions at the end."""
        menu = QMenu(self._plot)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.follow.setText("Freeze the view" if self._plot.following else "Follow the newest steps")
        for action in self._plot.actions():
            menu.addAction(action)
            if action in (self.whole, self.csv):
                menu.addSeparator()
        return menu

    @Slot()
    def open_menu(self) -> None:
        self.menu().popup(self._plot.mapToGlobal(self._plot.header.geometry().bottomRight()))

    def _add_buttons(self) -> None:
        header = self._plot.header
        if self._plot.has_legend:
            header.add_button("legend", "Legend (L)").clicked.connect(self._plot.open_legend)
        header.add_button("more", "Export and more").clicked.connect(self.open_menu)
        self._fill_button = header.add_button("expand", FILL)
        self._fill_button.clicked.connect(self._plot.fill_requested)

    @Slot()
    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(export.image(self._plot))

    @Slot()
    def export_png(self) -> None:
        self._export("PNG picture (*.png)", ".png", export.write_png)

    @Slot()
    def export_svg(self) -> None:
        self._export("SVG drawing (*.svg)", ".svg", export.write_svg)

    @Slot()
    def export_csv(self) -> None:
        self._export("CSV table (*.csv)", ".csv", export.write_csv)

    def _export(self, kinds: str, suffix: str, write: export.Writer) -> None:
        plot = self._plot
        title = f"Export {plot.title.lower()}"
        chosen, _ = QFileDialog.getSaveFileName(plot, title, f"{plot.key}{suffix}", kinds)
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix else path.with_suffix(suffix)
        try:
            with whole_file(path) as partial:
                write(plot, partial)
        except OSError as error:
            reason = error.strerror or str(error)
            plot.export_failed.emit(f"{path.name} could not be written: {reason}. Choose another place.")
        else:
            plot.exported.emit(str(path))
