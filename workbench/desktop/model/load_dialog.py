"""Choosing a model and bringing it into memory."""

from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.desktop.background import Background, Tell
from workbench.desktop.model.forecast import PHASES, memory_in_words, what_it_is
from workbench.desktop.model.load_form import AUTO, LoadForm, chosen, fill
from workbench.desktop.model.lookup import Engine, Here, Models, Outlook
from workbench.desktop.model.recent import is_path, recent_models, remember_model, why_gone
from workbench.desktop.work_dialog import WorkDialog
from workbench.errors import Cancelled

if TYPE_CHECKING:
    from workbench.models.progress import LoadProgressed

PAUSE_MS = 250  # of typing, before the source is looked at
NOTHING_CHOSEN, FINDING = "Choose a model first.", "Looking for the models on this computer…"
UNDECIDED = "Choose one of these, or give a whole hub id, a folder or a GGUF file."
LEAST_LETTERS = 2  # that the hub is searched for


class LoadDialog(WorkDialog):
    """Ends accepted after ``loaded``; every failure is a sentence inside the dialog."""

    loaded = Signal(object)  # LoadedModel

    def __init__(
        self, settings: QSettings, parent: QWidget | None = None, engine: Engine | None = None
    ) -> None:
        form = LoadForm()
        super().__init__(form.progress, parent)
        self.form = form
        self.setObjectName("load-dialog")
        self.setWindowTitle("Load model")
        self._settings, self._engine = settings, engine or Models()
        self._here: Here | None = None
        self._outlook: Outlook | None = None
        self._problem, self._failure = NOTHING_CHOSEN, ""
        self._is_error = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.resize(640, 480)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self._finding, self._looking, self._searching = (Background(self) for _ in range(3))
        self._connect()
        self.form.field.setFocus()
        recent = recent_models(settings)
        self._finding.start(
            lambda _tell, _cancel: (self._engine.here(), {source: why_gone(source) for source in recent})
        )
        self._await_look()

    @property
    def source(self) -> str:
        return self.form.field.text().strip()

    @Slot(str)
    def set_source(self, source: str) -> None:
        """As if the person had typed it."""
        self.form.field.setText(source)
        self._look_now()

    def _connect(self) -> None:
        form = self.form
        self._pause.timeout.connect(self._search)
        form.field.textEdited.connect(self._narrow)
        form.field.textChanged.connect(self._typed)
        form.list.picked.connect(self.set_source)
        form.list.wanted.connect(self._load_wanted)
        form.folder_button.clicked.connect(self._choose_folder)
        form.gguf_button.clicked.connect(self._choose_gguf)
        form.device_box.activated.connect(self._choose_device)
        form.format_box.activated.connect(self._look_now)
        form.load_button.clicked.connect(self.start_loading)
        form.cancel_button.clicked.connect(self.reject)
        self._finding.finished.connect(self._found)
        self._finding.failed.connect(self._failed)
        self._looking.finished.connect(self._looked)
        self._looking.failed.connect(self._look_failed)
        self._searching.finished.connect(self._searched)
        self._searching.failed.connect(self._search_failed)
        self.work.progressed.connect(self._explain)
        self.work.finished.connect(self._loaded)
        self.work.failed.connect(self._failed)
        self.state_changed.connect(self._refresh)

    @Slot(object)
    def _found(self, found: tuple[Here, dict[str, str]]) -> None:
        self._here, recent = found
        self.form.list.fill(self._here.catalogue, recent)
        fill(self.form.device_box, self._here.devices)
        self._fill_formats()
        if not self.source and (first := self.form.list.first()):
            self.set_source(first)
            self.form.field.selectAll()  # what is typed takes its place
        elif self.source:
            self.form.list.show_source(self.source)
        else:
            self._await_look()

    def _fill_formats(self) -> None:
        if self._here is not None:
            device = chosen(self.form.device_box)
            fill(self.form.format_box, self._here.formats.get(device, (AUTO,)))

    @Slot()
    def _choose_device(self) -> None:
        self._fill_formats()
        self._look_now()

    @Slot()
    def _narrow(self) -> None:
        self._searching.drop()
        self.form.list.narrow("" if is_path(self.source) else self.source)

    @Slot()
    def _search(self) -> None:
        """The hub, for what was typed."""
        words = self.source
        if self.form.list.narrowed and len(words) >= LEAST_LETTERS:
            self.form.list.show_found("On the hub: searching…", ())
            self._searching.start(lambda _tell, _cancel: self._engine.search(words))

    @Slot(object)
    def _searched(self, sources: list[str]) -> None:
        self.form.list.show_found("On the hub" if sources else "On the hub: nothing of this name", sources)
        self._refresh()

    @Slot(object)
    def _search_failed(self, error: Exception) -> None:
        self.form.list.show_found(self.sentence_of(error), ())
        self._refresh()

    @property
    def _undecided(self) -> bool:
        """Whether what was typed may still become one of several."""
        shown = self.form.list.sources()
        return self._searching.busy or (self.form.list.narrowed and bool(shown) and self.source not in shown)

    @Slot()
    def _typed(self) -> None:
        self.form.list.show_source(self.source)
        self._await_look()
        self._pause.start()

    @Slot()
    def _look_now(self) -> None:
        self._await_look()
        self._look()

    def _await_look(self) -> None:
        self._pause.stop()
        self._looking.drop()
        self._outlook, self._failure, self._is_error = None, "", False
        nothing = FINDING if self._finding.busy else NOTHING_CHOSEN
        self._problem = "The model is being looked at…" if self.source else nothing
        self._refresh()

    @Slot()
    def _look(self) -> None:
        if self.source:
            ask = partial(self._engine.outlook, self.source, *self._choices)
            self._looking.start(lambda _tell, _cancel: ask())

    @property
    def _choices(self) -> tuple[str, str]:
        """(device, number format)."""
        return chosen(self.form.device_box), chosen(self.form.format_box)

    @Slot(object)
    def _looked(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._problem = "" if outlook.fits else memory_in_words(outlook)
        self._refresh()

    @Slot(object)
    def _look_failed(self, error: Exception) -> None:
        self._problem, self._is_error = self.sentence_of(error), True
        self._refresh()

    @Slot(str)
    def _load_wanted(self, source: str) -> None:
        """Of a row that was double-clicked: loads where it was looked at and fits."""
        if source == self.source:
            self.start_loading()

    @Slot()
    def start_loading(self) -> None:
        if self._problem or self._outlook is None or self.work.busy:
            return
        engine, source, (device, dtype) = self._engine, self.source, self._choices
        fetch = self._outlook.kind == "starter" and not self._outlook.present

        def work(tell: Tell, cancel: Event) -> object:
            if fetch:
                engine.fetch_starter(tell, cancel)
            return engine.load(source, device, dtype, tell, cancel)

        self._failure = ""
        self.form.phase.say("")
        self.start_work(work)

    @Slot(object)
    def _explain(self, at: "LoadProgressed") -> None:
        self.form.phase.say("" if self.stopping else PHASES.get(at.stage, ""))

    @Slot(object)
    def _loaded(self, model: object) -> None:
        if self.stopping:  # it was asked to stop when nothing was left to do
            model.release()  # type: ignore[attr-defined]
            self._failed(Cancelled("Stopped; nothing was changed."))
            return
        remember_model(self._settings, self.source)
        self.loaded.emit(model)
        self.accept()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        """What is on this computer may have changed, so the source is looked at again."""
        if self.ended():
            return
        self._look_now()
        self._failure, self._is_error = self.sentence_of(error), not isinstance(error, Cancelled)
        self._refresh()

    def done(self, result: int) -> None:
        self._pause.stop()
        for background in (self._finding, self._looking, self._searching):
            background.drop()
        super().done(result)

    @Slot()
    def _choose_folder(self) -> None:
        picked = QFileDialog.getExistingDirectory(self, "Model folder", self._start_folder())
        if picked:
            self.set_source(picked)

    @Slot()
    def _choose_gguf(self) -> None:
        kinds = "GGUF files (*.gguf);;All files (*)"
        picked, _ = QFileDialog.getOpenFileName(self, "GGUF file", self._start_folder(), kinds)
        if picked:
            self.set_source(picked)

    def _start_folder(self) -> str:
        path = Path(self.source).expanduser()
        return str(path.parent if self.source and path.exists() else Path.home())

    @Slot()
    def _refresh(self) -> None:
        self.form.show_busy(self.work.busy, self.stopping, self._problem)
        self.form.show_outlook(self._outlook)
        said = self._failure or (what_it_is(self._outlook) if self._outlook else self._problem)
        is_error = self._is_error and bool(self._failure or not self._outlook)
        if is_error and not self._failure and self._undecided:
            said, is_error = UNDECIDED, False
        self.form.says.say(said, "bad" if is_error else "")
