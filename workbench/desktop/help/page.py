"""The help window: one page of text with a table of contents."""

from importlib.resources import files

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from workbench.desktop.theme import BODY, tokens_of

CONTENTS = (
    ("what", "What editing is"),
    ("words", "Words"),
    ("step", "One step"),
    ("statistics", "Running statistics"),
    ("whitening", "Whitening and its floor"),
    ("solve", "The ridge solve"),
    ("prior", "Protection and memory"),
    ("passes", "Passes"),
    ("warmup", "Warm-up"),
    ("plots", "What the plots show"),
    ("scores", "Scores and protocols"),
    ("settings", "Which setting does what"),
    ("sources", "Sources"),
)


ROW = 28


class HelpDialog(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle("How the method works")
        self.contents = QListWidget()
        self.contents.setObjectName("help-contents")
        self.contents.setAccessibleName("Contents")
        self.contents.setFixedWidth(196)
        for anchor, title in CONTENTS:
            item = QListWidgetItem(title, self.contents)
            item.setData(Qt.ItemDataRole.UserRole, anchor)
            item.setSizeHint(QSize(0, ROW))
        self.text = QTextBrowser(openExternalLinks=True)
        self.text.setObjectName("help-text")
        self.text.setAccessibleName("Help")
        self.text.setStyleSheet("QTextBrowser { background: transparent; border: none; padding: 0; }")
        self.contents.setStyleSheet(
            "QListWidget { padding: 12px 0; } QListWidget::item { padding-left: 12px; }"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.contents)
        row.addWidget(self.text, 1)
        self.contents.currentItemChanged.connect(self._go)
        self.resize(960, 720)
        self._fill()

    def _fill(self) -> None:
        tokens = tokens_of(QGuiApplication.palette())
        document = self.text.document()
        document.setDefaultStyleSheet(
            f"body {{ font-size: {BODY:g}px; }} h1 {{ font-size: 20px; }}"
            f" h2 {{ font-size: 15px; color: {tokens.ink}; }}"
            f" p, li, td {{ line-height: 140%; }} a {{ color: {tokens.accent}; }} .dim {{ color: {tokens.dim}; }}"
            f" .formula {{ font-size: 15px; }} th {{ color: {tokens.dim}; text-align: left; }}"
            " td, th { padding: 3px 14px 3px 0; }"
        )
        document.setDocumentMargin(24)
        self.text.setHtml(files("workbench.resources").joinpath("help", "method.html").read_text("utf-8"))

    @Slot(QListWidgetItem)
    def _go(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.text.setSource(QUrl())
            if self.contents.row(item) == 0:
                self.text.verticalScrollBar().setValue(0)
            else:
                self.text.scrollToAnchor(str(item.data(Qt.ItemDataRole.UserRole)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "text"):
            self._fill()
