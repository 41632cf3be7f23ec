"""About: the version, and the libraries with theirs and their licences."""

import platform
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata, requires
from typing import cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench import __version__
from workbench.desktop.theme import application_icon, mark
from workbench.desktop.widgets import label, row

DISTRIBUTION = "stableedit-workbench"
ALWAYS = (
    "PySide6-Essentials",
    "pyqtgraph",
    "numpy",
    "torch",
    "transformers",
)  # where the metadata names none
LONGEST_LICENCE = 90  # characters; longer texts are the licence itself, not its name


def libraries() -> list[tuple[str, str, str]]:
    """(name, version, licence) of what is installed of the project's requirements."""
    found = []
    for name in _required():
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue
        found.append((about["Name"], about["Version"], licence_of(cast(Message, about))))
    return sorted(found, key=lambda entry: entry[0].lower())


def licence_of(about: Message) -> str:
    """The short name, from whichever field carries it."""
    fields = [about.get("License-Expression"), about.get("License")]
    named = next((str(text).strip() for text in fields if text and len(str(text)) <= LONGEST_LICENCE), "")
    classified = [
        c.rpartition(":: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")
    ]
    return named or ", ".join(classified) or "see its files"


def _required() -> list[str]:
    try:
        needed = [text for text in requires(DISTRIBUTION) or [] if "extra ==" not in text]
    except PackageNotFoundError:
        needed = []
    names = [text.split(";")[0].split("[")[0].strip() for text in needed]
    return ["".join(_until_sign(name)) for name in names] or list(ALWAYS)


def _until_sign(name: str) -> str:
    for place, sign in enumerate(name):
        if not (sign.isalnum() or sign in "-_."):
            return name[:place]
    return name


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle("About StableEdit Workbench")
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(QSize(64, 64)))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("StableEdit Workbench", "headline"))
        python, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
        self.version = f"Version {__version__} · Python {python} · {system}"
        for text, role in (
            (self.version, "dim"),
            ("Lifelong editing of language models, watched while it happens. MIT licence.", ""),
            ("The method: Ma et al. 2026, “More Edits, More Stable”, arXiv 2605.11836; its diagonal variant is "
             "UltraEdit, Gu et al. 2025.", "dim"),
        ):  # fmt: skip
            words.addWidget(label(text, role))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 12)
        column.setSpacing(12)
        heading = row(picture, spacing=16)
        heading.addLayout(words, 1)
        column.addLayout(heading)
        column.addWidget(label("Libraries", "group"))
        self.table = self._table()
        column.addWidget(self.table, 1)
        copy, close = QPushButton("Copy"), QPushButton("Close")
        copy.setObjectName("about-copy")
        mark(close, primary=True)
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        column.addLayout(row(1, copy, close))
        self.resize(560, 560)

    def _table(self) -> QTableWidget:
        entries = libraries()
        table = QTableWidget(len(entries), 3)
        table.setObjectName("about-libraries")
        table.setAccessibleName("Libraries and their licences")
        table.setHorizontalHeaderLabels(["Library", "Version", "Licence"])
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setAlternatingRowColors(False)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(0, 180)
        for number, entry in enumerate(entries):
            for place, text in enumerate(entry):
                table.setItem(number, place, QTableWidgetItem(text))
        return table

    def _copy(self) -> None:
        lines = [f"StableEdit Workbench {__version__}", self.version]
        QGuiApplication.clipboard().setText("\n".join([*lines, *("\t".join(entry) for entry in libraries())]))
