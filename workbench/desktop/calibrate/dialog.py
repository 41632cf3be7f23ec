"""Study › Calibrate: a budget, the trade-off as it is found, and one click that takes a point."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.desktop.background import Work
from workbench.desktop.calibrate.plot import TradeOffPlot
from workbench.desktop.calibrate.request import calibration
from workbench.desktop.calibrate.words import point_in_words, result_in_words
from workbench.desktop.run.progress import time_in_words
from workbench.desktop.study import StudyRequest
from workbench.desktop.study_dialog import StudyDialog, StudyWords, shown
from workbench.desktop.theme import mark
from workbench.desktop.widgets import label, permit, push_button, row
from workbench.editing.events import Progressed
from workbench.editing.recipe import Recipe
from workbench.errors import WorkbenchError
from workbench.studies.calibration import Calibration, CalibrationSettings, Point
from workbench.studies.events import CalibrationBegan, CalibrationPlanned, HoldingOut, PointMeasured
from workbench.studies.files import write_json
from workbench.studies.split import lacking, usable

Take = Callable[[Recipe, str], None]  # recipe, module pattern

SIZE = QSize(860, 620)
TAKE_HELP = "Put these settings and modules into the method and model panels"
NOTHING = "Select a point first."
INTRODUCTION = (
    "Edits a part of the warm-up facts again and again with other modules and settings, each time from the unedited "
    "model. The facts that you want to edit are left out, and the model stays as it is."
)
WORDS = StudyWords(
    key="calibrate",
    title="Calibrate",
    start="Search until the time is up",
    going_on="Settings are being searched.",
    unreadable="Give the time in minutes and the seed as numbers.",
    stopped="Stopped before anything was measured.",
)


class CalibrateDialog(StudyDialog[CalibrationSettings, Calibration]):
    """``take`` is called with the selected point; the dialog closes then."""

    def __init__(self, request: StudyRequest, take: Take, parent: QWidget | None = None) -> None:
        super().__init__(WORDS, request, CalibrationSettings(), parent)
        self._take = take
        self._lacking = lacking(len(usable(request.warmup, request.facts)))
        self._points: list[Point] = []
        self._followed_choice: int | None = None  # the point to take, as far as the person was shown it
        self._first_at = 0.0  # when the first point is expected, on the monotonic clock
        self._build()
        self._lay_out()
        self.refresh()
        self.resize(SIZE)

    def _build(self) -> None:
        self.plot = TradeOffPlot()
        self.plot.selected.connect(self._selected)
        self.plot.export_failed.connect(self.export_failed)
        self.point_words = label("", "")
        self.point_words.setObjectName("calibrate-point")
        self.point_words.setMinimumHeight(self.point_words.fontMetrics().height() * 2)
        self.point_words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.save_button = push_button("Save as JSON…", "calibrate-save", "Every point with its settings")
        self.save_button.clicked.connect(self._ask_where)
        self.take_button = push_button("Take this point", "calibrate-take", TAKE_HELP)
        self.take_button.clicked.connect(self.take)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(label(INTRODUCTION, "dim"))
        column.addLayout(row(*self.labelled_fields(), 1))
        column.addWidget(self.problem)
        column.addWidget(self.plot, 1)
        column.addWidget(self.point_words)
        column.addWidget(self.says)
        column.addWidget(self.progress)
        column.addLayout(row(self.save_button, 1, self.close_button, self.start_button, self.take_button))

    def lacking(self, _settings: CalibrationSettings) -> str:
        return self._lacking

    def new_work(self, settings: CalibrationSettings) -> Work:
        self._followed_choice, self._points, self._first_at = None, [], 0.0
        self.plot.set_points((), (), None)
        return calibration(self.request, settings)

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

    @Slot(object)
    def _show_progress(self, at: object) -> None:
        """Once there are points, they tell how far it is."""
        if not isinstance(at, Progressed):
            self.follow(at)
        elif not self._points and not self.stopping:
            self.progress.show_stage(f"{at.phase.value}{self._until_first()}", at.done, at.total, at.unit)

    def _until_first(self) -> str:
        """How long it still takes until there is a point, as it was estimated."""
        left = self._first_at - time.monotonic()
        return f", about {time_in_words(left)} until the first point" if left > 0 else ""

    def follow(self, at: object) -> None:
        match at:
            case PointMeasured():
                self._add(at)
            case HoldingOut(facts=facts) if not self.stopping:
                self.progress.begin(f"Editing {facts:,} held-out facts with what was found…")
            case CalibrationPlanned(split=split) | CalibrationBegan(split=split):
                if isinstance(at, CalibrationPlanned):
                    self._first_at = time.monotonic() + at.seconds
                self.says.say(
                    f"{split['statistics']:,} facts for the statistics, {split['edits']:,} to edit in every trial, "
                    f"{split['held_out']:,} held out. {at.note}".strip()
                )

    def _add(self, at: PointMeasured) -> None:
        """The point to take stays selected until the person selects another."""
        self._points.append(at.point)
        selection = self.plot.selection
        followed = selection is None or self._followed_choice == selection
        self._followed_choice = at.chosen
        self.plot.set_points(self._points, at.on_front, at.chosen if followed else selection)
        self._selected()
        if not self.stopping:
            budget = 60 * self.settings.minutes
            spent = budget - min(budget, at.seconds_left)
            self.progress.show_stage(f"Searching, {at.done:,} points", round(spent), round(budget), "seconds")

    def show_result(self, result: Calibration) -> None:
        self._points = list(result.points)
        selection = self.plot.selection if self._followed_choice != self.plot.selection else result.chosen
        self.plot.set_points(self._points, result.front, selection)
        self.says.say(result_in_words(result), "" if result.chosen is not None else "warning")
        self._selected()

    @Slot()
    def _selected(self, _index: int = 0) -> None:
        chosen = self.plot.selection
        self.point_words.setText("" if chosen is None else point_in_words(self._points[chosen]))
        self.refresh()

    @Slot()
    def _ask_where(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the calibration", "calibration.json", "JSON (*.json)"
        )
        if chosen:
            self.save(Path(chosen))

    def refresh_own(self, why: str) -> None:
        self.start_button.setText("Search again" if self._points and not why else "Start")
        nothing = NOTHING if self.plot.selection is None else ""
        permit(self.take_button, why or nothing, TAKE_HELP)
        permit(self.save_button, "" if self.result_ else why or "There is nothing to save yet.")
        can_take = not why and not nothing
        mark(self.take_button, primary=can_take)
        mark(self.start_button, primary=not can_take)


def open_calibration(request: StudyRequest, take: Take, parent: QWidget | None = None) -> CalibrateDialog:
    return shown(CalibrateDialog(request, take, parent))
