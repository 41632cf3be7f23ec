"""The few questions that stop a person before something is undone."""

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Role = QMessageBox.ButtonRole


def may_start_over(parent: QWidget, title: str, why: str, edits: int) -> bool:
    """``why``: what makes the edits of the model useless for the settings."""
    said = (
        f"With the new ones it starts over from the unedited model; {edits:,} facts leave it. The runs before stay in "
        "the session."
    )
    return _ask(
        parent,
        "afresh-question",
        title,
        f"The model was edited with different settings: {why}.",
        said,
        "Start over",
    )


def may_discard(parent: QWidget, what: str) -> bool:
    said = "Weights and statistics become what they were before it. Its record stays in the session."
    text = f"Undo everything {what} did to the model?"
    return _ask(parent, "discard-question", "Discard run", text, said, "Discard run", Role.DestructiveRole)


def may_stop(parent: QWidget, activity: str) -> bool:
    said = "Every finished step is saved, and the session can go on from there."
    return _ask(
        parent, "close-question", "Quit", f"Quit while {activity}?", said, "Stop and quit", no="Go on"
    )


def may_lose_typed(parent: QWidget) -> bool:
    said = "It is not in the table yet."
    text = "Discard what you typed?"
    return _ask(
        parent, "typed-question", "Unsaved fact", text, said, "Discard", Role.DestructiveRole, "Keep typing"
    )


class Unsaved(Enum):
    """What to do with changes that cannot be saved; the value is on the button."""

    AGAIN = "Wait and try again"
    ELSEWHERE = "Save elsewhere…"
    DISCARD = "Discard the changes"
    STAY = "Cancel"


def what_of_unsaved(parent: QWidget, what: str, error: Exception) -> Unsaved:
    """``what`` could not be saved, in words."""
    box = QMessageBox(parent)
    box.setObjectName("unsaved-question")
    box.setWindowTitle("Not saved")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Not saved: {what}.")
    box.setInformativeText(str(error))
    roles = (Role.AcceptRole, Role.ActionRole, Role.DestructiveRole, Role.RejectRole)
    buttons = {box.addButton(choice.value, role): choice for choice, role in zip(Unsaved, roles, strict=True)}
    box.exec()
    box.deleteLater()
    return next((choice for button, choice in buttons.items() if button is box.clickedButton()), Unsaved.STAY)


def _ask(
    parent: QWidget,
    name: str,
    title: str,
    text: str,
    more: str,
    yes: str,
    role: Role = Role.AcceptRole,
    no: str = "Cancel",
) -> bool:
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(more)
    chosen = box.addButton(yes, role)
    other = box.addButton(no, Role.RejectRole)
    if role is Role.DestructiveRole:
        box.setDefaultButton(other)
    box.exec()
    box.deleteLater()
    return box.clickedButton() is chosen
