"""Study › Calibrate: a budget, the trade-off as it is found, and one click that takes a point."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.desktop.calibrate.plot import TradeOffPlot
from workbench.desktop.calibrate.request import calibration
from workbench.desktop.calibrate.words import point_in_words, result_in_words
from workbench.desktop.method.fields import NumberField
from workbench.desktop.study import StudyRequest
from workbench.desktop.theme import mark
from workbench.desktop.widgets import ProgressRow, Sentence, label, permit, push_button, row, tip
from workbench.desktop.work_dialog import WorkDialog
from workbench.editing.events import Progressed
from workbench.editing.recipe import Recipe
from workbench.errors import Cancelled, SettingError, WorkbenchError
from workbench.settings import described
from workbench.studies.calibration import Calibration, CalibrationSettings, Point
from workbench.studies.events import CalibrationBegan, PointMeasured
from workbench.studies.files import write_json

Take = Callable[[Recipe, str], None]  # recipe, module pattern

SIZE = QSize(860, 620)
TAKE_HELP = "Put these settings and modules into the method and model panels"
NOTHING = "Select a point first."
INTRODUCTION = (
    "Edits a part of the warm-up facts again and again with other modules and settings, each time from the unedited "
    "model. The facts that you want to edit are left out, and the model stays as it is."
)


class CalibrateDialog(WorkDialog):
    """``take`` is called with the selected point; the dialog closes then."""

    def __init__(self, request: StudyRequest, take: Take, parent: QWidget | None = None) -> None:
        self.progress = ProgressRow("calibrate-progress")
        super().__init__(self.progress, parent)
        self.setObjectName("calibrate-dialog")
        self.setWindowTitle("Calibrate")
        self._request, self._take = request, take
        self.result_: Calibration | None = None
        self._points: list[Point] = []
        self._followed_choice: int | None = None  # the point to take, as far as the person was shown it
        self._settings = CalibrationSettings()
        self._build()
        self._lay_out()
        self._connect()
        self._refresh()
        self.resize(SIZE)

    def _build(self) -> None:
        about = described(CalibrationSettings)
        self.minutes, self.seed = NumberField(about["minutes"], False), NumberField(about["seed"], True)
        for name, field in (("minutes", self.minutes), ("seed", self.seed)):
            field.setObjectName(f"calibrate-{name}")
            field.setAccessibleName(about[name].label)
            field.setToolTip(tip(about[name].help))
            field.set_value(getattr(self._settings, name))
            field.setFixedWidth(130)
        self.plot = TradeOffPlot()
        self.problem, self.says = Sentence("calibrate-problem"), Sentence("calibrate-says")
        self.point_words = label("", "")
        self.point_words.setObjectName("calibrate-point")
        self.point_words.setMinimumHeight(self.point_words.fontMetrics().height() * 2)
        self.point_words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.save_button = push_button("Save as JSON…", "calibrate-save", "Every point with its settings")
        self.close_button = push_button("Close", "calibrate-close")
        self.start_button = push_button("Start", "calibrate-start", "Search until the budget is spent")
        self.take_button = push_button("Take this point", "calibrate-take", TAKE_HELP)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(label(INTRODUCTION, "dim"))
        fields = (label("Budget", wrap=False), self.minutes, label("Seed", wrap=False), self.seed)
        column.addLayout(row(*fields, 1))
        column.addWidget(self.problem)
        column.addWidget(self.plot, 1)
        column.addWidget(self.point_words)
        column.addWidget(self.says)
        column.addWidget(self.progress)
        column.addLayout(row(self.save_button, 1, self.close_button, self.start_button, self.take_button))

    def _connect(self) -> None:
        self.minutes.edited.connect(self._refresh)
        self.seed.edited.connect(self._refresh)
        self.start_button.clicked.connect(self.start)
        self.close_button.clicked.connect(self.reject)
        self.take_button.clicked.connect(self.take)
        self.save_button.clicked.connect(self._ask_where)
        self.plot.selected.connect(self._selected)
        self.plot.export_failed.connect(self._export_failed)
        self.work.finished.connect(self._finished)
        self.work.failed.connect(self._failed)
        self.state_changed.connect(self._refresh)

    @Slot()
    def start(self) -> None:
        settings = self._typed()
        if self.work.busy or settings is None:
            return
        self._settings, self._followed_choice = settings, None
        self.result_, self._points = None, []
        self.plot.set_points((), (), None)
        self.says.say("")
        self.start_work(calibration(self._request, settings))

    @Slot()
    def take(self) -> None:
        if self.plot.selection is not None and not self.work.busy:
            recipe = self._points[self.plot.selection].recipe
            self.accept()
            self._take(recipe, recipe.modules)

    def save(self, path: Path) -> None:
        """Says where it lies, or why it could not be written."""
        if self.result_ is None:
            return
        try:
            write_json(path, self.result_.as_json())
        except WorkbenchError as error:
            self.says.say(str(error), "bad")
        else:
            self.says.say(f"All points are in {path}.")

    def _typed(self) -> CalibrationSettings | None:
        """None where a number is missing or out of its range; the sentence below says so."""
        minutes, seed = self.minutes.value(), self.seed.value()
        if minutes is None or seed is None:
            self.problem.say("Give the budget in minutes and the seed as numbers.", "bad")
            return None
        try:
            settings = CalibrationSettings(minutes=float(minutes), seed=int(seed))
        except SettingError as error:
            self.problem.say(str(error), "bad")
            return None
        self.problem.say("")
        return settings

    @Slot(object)
    def _show_progress(self, at: object) -> None:
        match at:
            case PointMeasured():
                self._add(at)
            case CalibrationBegan(split=split):
                self.says.say(
                    f"{split['statistics']:,} facts for the statistics, {split['edits']:,} to edit in every trial, "
                    f"{split['held_out']:,} held out. {at.note}".strip()
                )
            case Progressed() if not self.stopping and not self._points:
                self.progress.show_stage(at.phase.value, at.done, at.total, at.unit)

    def _add(self, at: PointMeasured) -> None:
        """The point to take stays selected until the person selects another."""
        self._points.append(at.point)
        selection = self.plot.selection
        followed = selection is None or self._followed_choice == selection
        self._followed_choice = at.chosen
        self.plot.set_points(self._points, at.on_front, at.chosen if followed else selection)
        self._selected()
        if not self.stopping:
            budget = 60 * self._settings.minutes
            spent = budget - min(budget, at.seconds_left)
            self.progress.show_stage(f"Searching, {at.done:,} points", round(spent), round(budget), "seconds")

    @Slot(object)
    def _finished(self, result: Calibration) -> None:
        if self.ended():
            return
        self.result_, self._points = result, list(result.points)
        selection = self.plot.selection if self._followed_choice != self.plot.selection else result.chosen
        self.plot.set_points(self._points, result.front, selection)
        self.says.say(result_in_words(result), "" if result.chosen is not None else "warning")
        self._selected()
        self._refresh()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if self.ended():
            return
        stopped = isinstance(error, Cancelled)
        sentence = "Stopped before anything was measured." if stopped else self.sentence_of(error)
        self.says.say(sentence, "" if stopped else "bad")
        self._refresh()

    @Slot()
    def _selected(self, _index: int = 0) -> None:
        chosen = self.plot.selection
        self.point_words.setText("" if chosen is None else point_in_words(self._points[chosen]))
        self._refresh()

    @Slot(str)
    def _export_failed(self, sentence: str) -> None:
        self.says.say(sentence, "bad")

    @Slot()
    def _ask_where(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the calibration", "calibration.json", "JSON (*.json)"
        )
        if chosen:
            self.save(Path(chosen))

    @Slot()
    def _refresh(self) -> None:
        busy, problem = self.work.busy, ""
        if not busy and self._typed() is None:
            problem = self.problem.text()
        why = "Settings are being searched." if busy else ""
        self.progress.setVisible(busy)
        permit(self.minutes, why, described(CalibrationSettings)["minutes"].help)
        permit(self.seed, why, described(CalibrationSettings)["seed"].help)
        permit(self.start_button, why or problem, "Search until the budget is spent")
        self.start_button.setText("Search again" if self._points and not busy else "Start")
        nothing = NOTHING if self.plot.selection is None else ""
        permit(self.take_button, why or nothing, TAKE_HELP)
        permit(self.save_button, "" if self.result_ else why or "There is nothing to save yet.")
        self.close_button.setText("Stop" if busy else "Close")
        permit(self.close_button, "It stops as soon as it can." if self.stopping else "")
        can_take = not busy and not nothing
        mark(self.take_button, primary=can_take)
        mark(self.start_button, primary=not can_take)


def open_calibration(request: StudyRequest, take: Take, parent: QWidget | None = None) -> CalibrateDialog:
    """Study › Calibrate: shown, window-modal, as nothing else may use the model meanwhile."""
    dialog = CalibrateDialog(request, take, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.show()
    return dialog
