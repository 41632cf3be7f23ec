"""The form that some kinds of export have of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workbench.desktop.background import Work
from workbench.desktop.export.kind import Write


@dataclass(frozen=True, slots=True)
class Task:
    """Long work that a form asks its dialog for. ``done`` and ``failed`` are called in the window's thread."""

    work: Work
    done: Callable[[Any], None]  # with what the work returned
    failed: Callable[[Exception], None]


class ExportOptions(QWidget):
    changed = Signal()  # what is wrong with it, or what it will write
    wanted = Signal(object)  # Task

    def show_first(self) -> None:
        """Its kind was chosen; may be called again."""

    def set_busy(self, why: str) -> None:
        """``why`` nothing may be changed now; empty where it may."""

    def problem(self) -> str:
        """Why it cannot be written as it is; empty where it can."""
        return ""

    def bytes(self) -> int:
        """Of what would be written, about; 0: not known."""
        return 0

    def writer(self) -> Write:
        """What writes the choice as it is now; called in the window's thread."""
        raise TypeError(f"{type(self).__name__} does not say what it writes")
