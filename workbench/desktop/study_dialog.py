"""The dialog of a study: how much it is to do, how far it is, and what came of it."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from workbench.desktop.background import Work
from workbench.desktop.method.fields import NumberField
from workbench.desktop.study import StudyRequest
from workbench.desktop.widgets import ProgressRow, Sentence, label, permit, push_button, tip
from workbench.desktop.work_dialog import WorkDialog
from workbench.editing.events import Progressed
from workbench.errors import Cancelled, SettingError
from workbench.settings import described

S = TypeVar("S")  # the study's settings: numbers, as workbench.settings describes them
R = TypeVar("R")  # its result
D = TypeVar("D", bound="StudyDialog[Any, Any]")

FIELD_WIDTH = 130


@dataclass(frozen=True, slots=True)
class StudyWords:
    key: str  # begins the names of its widgets
    title: str
    start: str  # what Start does
    going_on: str  # why nothing can be changed meanwhile
    unreadable: str  # where a field holds no number
    stopped: str = "Stopped; nothing was changed."  # before there was any result


class StudyDialog(WorkDialog, Generic[S, R]):
    """Each study's own dialog builds its widgets around these and then calls ``refresh``."""

    def __init__(
        self, words: StudyWords, request: StudyRequest, settings: S, parent: QWidget | None = None
    ) -> None:
        """``settings``: those to begin with."""
        self.progress = ProgressRow(f"{words.key}-progress")
        super().__init__(self.progress, parent)
        self.setObjectName(f"{words.key}-dialog")
        self.setWindowTitle(words.title)
        self.words, self.request, self.settings = words, request, settings
        self.result_: R | None = None
        self._about = described(type(settings))
        self.fields = {name: self._new_field(name) for name in self._about}
        self.problem, self.says = Sentence(f"{words.key}-problem"), Sentence(f"{words.key}-says")
        self.close_button = push_button("Close", f"{words.key}-close")
        self.start_button = push_button("Start", f"{words.key}-start", words.start)
        self.start_button.clicked.connect(self.start)
        self.close_button.clicked.connect(self.reject)
        self.work.finished.connect(self._finished)
        self.work.failed.connect(self._failed)
        self.state_changed.connect(self.refresh)

    @abstractmethod
    def new_work(self, settings: S) -> Work:
        """What the study does; what an earlier one showed is cleared away."""

    @abstractmethod
    def follow(self, at: object) -> None:
        """An event of the study's own."""

    @abstractmethod
    def show_result(self, result: R) -> None: ...

    @abstractmethod
    def lacking(self, settings: S) -> str:
        """Why the facts at hand are too few for these settings; empty where they are enough. Shows what the settings
        come to."""

    def refresh_own(self, why: str) -> None:
        """``why``: why nothing can be changed now; empty where it can."""

    def labelled_fields(self) -> list[QWidget]:
        """In one row."""
        return [
            part
            for n, field in self.fields.items()
            for part in (label(self._about[n].label, wrap=False), field)
        ]

    @Slot()
    def start(self) -> None:
        settings = self.typed()
        if self.work.busy or settings is None:
            return
        self.settings, self.result_ = settings, None
        self.says.say("")
        self.start_work(self.new_work(settings))

    def typed(self) -> S | None:
        """None where a number is missing or out of its range, or facts are lacking; the sentence below says so."""
        values = {name: field.value() for name, field in self.fields.items()}
        problem = self.words.unreadable
        if None not in values.values():
            try:
                settings = type(self.settings)(**values)
            except SettingError as error:
                problem = str(error)
            else:
                problem = self.lacking(settings)
        if not problem:
            self.problem.say("")
            return settings
        self.problem.say(problem, "bad")
        return None

    @Slot()
    def refresh(self) -> None:
        busy = self.work.busy
        problem = "" if busy or self.typed() is not None else self.problem.text()
        why = self.words.going_on if busy else ""
        self.progress.setVisible(busy)
        for name, field in self.fields.items():
            permit(field, why, self._about[name].help)
        permit(self.start_button, why or problem, self.words.start)
        self.close_button.setText("Stop" if busy else "Close")
        permit(self.close_button, "It stops as soon as it can." if self.stopping else "")
        self.refresh_own(why)

    @Slot(str)
    def export_failed(self, sentence: str) -> None:
        """Of a plot."""
        self.says.say(sentence, "bad")

    def _new_field(self, name: str) -> NumberField:
        about, value = self._about[name], getattr(self.settings, name)
        field = NumberField(about, whole=isinstance(value, int))
        field.setObjectName(f"{self.words.key}-{name}")
        field.setAccessibleName(about.label)
        field.setToolTip(tip(about.help))
        field.set_value(value)
        field.setFixedWidth(FIELD_WIDTH)
        field.edited.connect(self.refresh)
        return field

    @Slot(object)
    def _show_progress(self, at: object) -> None:
        if not isinstance(at, Progressed):
            self.follow(at)
        elif not self.stopping:
            self.progress.show_stage(at.phase.value, at.done, at.total, at.unit)

    @Slot(object)
    def _finished(self, result: R) -> None:
        if self.ended():
            return
        self.result_ = result
        self.show_result(result)
        self.refresh()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if self.ended():
            return
        if isinstance(error, Cancelled):
            self.says.say(self.words.stopped)
        else:
            self.says.say(self.sentence_of(error), "bad")
        self.refresh()


def shown(dialog: D) -> D:
    """Window-modal, as nothing else may use the model meanwhile."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.show()
    return dialog
