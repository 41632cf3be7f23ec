"""The legend: a popup with one check box per curve."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workbench.desktop.theme import mark

SWATCH = QSize(24, 12)
ROWS = 12  # per column


def swatch(pen: QPen, scale: float) -> QIcon:
    """A piece of the curve."""
    picture = QPixmap(SWATCH * scale)
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    wide = QPen(pen)
    wide.setWidthF(1.8)
    painter.setPen(wide)
    painter.drawLine(QPointF(0, SWATCH.height() / 2), QPointF(SWATCH.width(), SWATCH.height() / 2))
    painter.end()
    return QIcon(picture)


class Legend(QFrame):
    """``entries``: key, name and pen of each curve; emits the keys that are hidden."""

    hidden_changed = Signal(object)  # frozenset[str]

    def __init__(
        self, entries: Sequence[tuple[str, str, QPen]], hidden: frozenset[str], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Legend")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        mark(self, role="card")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(6)
        self._boxes: dict[str, QCheckBox] = {}
        for i, (key, name, pen) in enumerate(entries):
            box = self._box(name, pen, key not in hidden)
            self._boxes[key] = box
            grid.addWidget(box, i % ROWS, i // ROWS)
        column.addLayout(grid)
        column.addLayout(self._buttons())

    def _box(self, name: str, pen: QPen, checked: bool) -> QCheckBox:
        box = QCheckBox(name.replace("&", "&&"), self)
        box.setIcon(swatch(pen, self.devicePixelRatioF()))
        box.setIconSize(SWATCH)
        box.setChecked(checked)
        box.toggled.connect(self._announce)
        return box

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        for text, slot in (("Show all", self._show_all), ("Hide all", self._hide_all)):
            button = QPushButton(text, self)
            mark(button, quiet=True)
            button.clicked.connect(slot)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def open_below(self, anchor: QWidget) -> None:
        """Right edges aligned, kept on the screen."""
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height()))
        screen = anchor.screen().availableGeometry()
        x = min(max(corner.x(), screen.left()), max(screen.left(), screen.right() - self.width()))
        y = min(max(corner.y(), screen.top()), max(screen.top(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        if self._boxes:
            next(iter(self._boxes.values())).setFocus(Qt.FocusReason.PopupFocusReason)

    def _announce(self) -> None:
        hidden = frozenset(key for key, box in self._boxes.items() if not box.isChecked())
        self.hidden_changed.emit(hidden)

    def _show_all(self) -> None:
        self._set_all(True)

    def _hide_all(self) -> None:
        self._set_all(False)

    def _set_all(self, checked: bool) -> None:
        for box in self._boxes.values():
            box.blockSignals(True)
            box.setChecked(checked)
            box.blockSignals(False)
        self._announce()
