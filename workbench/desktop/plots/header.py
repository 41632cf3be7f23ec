"""A plot's heading: the title in words, the quantity dimmed beside it, buttons that appear when wanted."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from workbench.desktop.theme import CAPTION, DARK, Tokens, icon, interface_font

HEIGHT, MARGIN, GAP = 26, 10, 7


class Caption(QWidget):
    """Falls back to the shorter quantity, then elides it; the title stays whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tokens: Tokens = DARK
        self.title, self._quantities = "", tuple[str, ...]()
        self.protocols: tuple[str, ...] = ()
        self.short = ""  # alone, in place of title and quantity
        self._title_font, self._font = interface_font(CAPTION, bold=True), interface_font(CAPTION)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)

    def set_text(self, title: str, *quantities: str) -> None:
        """``quantities``: the same thing said ever shorter."""
        if (title, quantities) != (self.title, self._quantities):
            self.title, self._quantities = title, quantities
            said = f"{title}: {quantities[0]}" if quantities[0] else title
            self.setToolTip("\n\n".join([said, *self.protocols]))
            self.update()

    def room(self) -> float:
        """For the quantity, in pixels; below 0 where the title itself is cut."""
        if self.short:
            return self.width() - QFontMetricsF(self._title_font).horizontalAdvance(self.short)
        return self.width() - QFontMetricsF(self._title_font).horizontalAdvance(self.title) - GAP

    def shown_quantity(self) -> str:
        """The longest that fits; elided only where not even the shortest does."""
        if self.short:
            return ""
        metrics, room = QFontMetricsF(self._font), self.room()
        for quantity in self._quantities:
            if metrics.horizontalAdvance(quantity) <= room:
                return quantity
        return metrics.elidedText(self._quantities[-1], Qt.TextElideMode.ElideRight, max(0.0, room))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(painter, QRectF(self.rect()))

    def draw(self, painter: QPainter, box: QRectF) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._title_font)
        painter.setPen(QColor(self.tokens.ink))
        painter.drawText(box, middle, self.short or self.title)
        if self.short:
            return
        width = QFontMetricsF(self._title_font).horizontalAdvance(self.title)
        painter.setFont(self._font)
        painter.setPen(QColor(self.tokens.dim))
        painter.drawText(box.adjusted(width + GAP, 0, 0, 0), middle, self.shown_quantity())


class Header(QWidget):
    """``always``: a button that stays, such as the choice of a module."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.caption = Caption(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, 4, 0)
        row.setSpacing(0)
        row.addWidget(self.caption, 1)
        self._row = row
        self._shy: list[QToolButton] = []
        self._choosers = QWidget(self)
        self._choosers_row = QHBoxLayout(self._choosers)
        self._choosers_row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._choosers)
        self._small = False

    def add_button(self, name: str, tooltip: str, shy: bool = True) -> QToolButton:
        """A shy button shows while the pointer is over the plot or the plot has the focus."""
        button = QToolButton(self)
        button.setIcon(icon(name, "dim"))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the plot has a key for each
        button.setFixedHeight(22)
        self._row.addWidget(button)
        if shy:
            self._shy.append(button)
            button.hide()
        return button

    def add_chooser(self, chooser: QWidget) -> None:
        """Right after the caption, always shown."""
        self._choosers_row.addWidget(chooser)

    def set_small(self, small: bool, short: str) -> None:
        """The short title alone."""
        self._small = small
        self.caption.short = short if small else ""
        self.caption.update()
        self._choosers.setVisible(not small)
        self.show_shy(False)

    def show_shy(self, shown: bool) -> None:
        for button in self._shy:
            button.setVisible(shown and not self._small)
