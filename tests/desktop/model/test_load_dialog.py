"""Choosing a model: what is said before, while and after it is loaded."""

import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.tiny import tiny_model
from workbench.desktop.model.forecast import PHASES
from workbench.desktop.model.load_dialog import LoadDialog
from workbench.desktop.model.lookup import Choice, Here, Models, Outlook
from workbench.desktop.model.recent import recent_models, remember_model
from workbench.errors import Cancelled, ModelLoadError
from workbench.models.catalogue import CachedModel, Catalogue, StarterState
from workbench.models.loaded import LoadedModel
from workbench.models.progress import LoadProgressed, Progress

GIB = 1 << 30


class FakeEngine:
    """Answers from a table; loading waits for ``go`` and then does ``outcome``."""

    def __init__(self) -> None:
        self.outlooks: dict[str, Outlook] = {}
        self.outcome: Callable[[], object] = lambda: SimpleNamespace(release=self._release)
        self.go = threading.Event()
        self.go.set()
        self.asked: list[tuple[str, ...]] = []
        self.released = False
        self.found: list[str] = []
        self.unreachable = ""

    def _release(self) -> None:
        self.released = True

    def here(self) -> Here:
        starter = StarterState("Starter", file=None, converted=False)
        cached = (CachedModel("org/fine", 2 * GIB), CachedModel("org/bert", GIB, "It is no decoder."))
        formats = (Choice("auto", "Auto (float32)"), Choice("float16", "float16", "It loses gradients."))
        return Here(
            Catalogue(starter, cached, ()),
            (Choice("auto", "Auto (CPU)"), Choice("cuda", "CUDA GPU", "There is none here.")),
            {"auto": formats},
        )

    def outlook(self, source: str, device: str, dtype: str) -> Outlook:
        self.asked.append((source, device, dtype))
        if source not in self.outlooks:
            raise ModelLoadError(f"There is no {source}.")
        return self.outlooks[source]

    def search(self, words: str) -> list[str]:
        self.asked.append(("search", words))
        if self.unreachable:
            raise ModelLoadError(self.unreachable)
        return [name for name in self.found if words in name]

    def fetch_starter(self, progress: Progress, cancel: Event) -> None:  # noqa: ARG002
        self.asked.append(("fetch",))

    def load(self, source: str, device: str, dtype: str, progress: Progress, cancel: Event) -> Any:
        self.asked.append((source, device, dtype))
        progress(LoadProgressed("loading the weights", 3, 9, "tensors"))
        while not self.go.wait(0.005):
            if cancel.is_set():
                raise Cancelled("Stopped; nothing was changed.")
        return self.outcome()


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def engine() -> FakeEngine:
    made = FakeEngine()
    made.outlooks = {
        "starter": Outlook("starter", present=False, fetch_size=92 << 20),
        "org/fine": Outlook(
            "hub", True, True, 0, "LlamaForCausalLM", 10**9, 24, 4096, GIB, 8 * GIB, "cpu", "float32"
        ),
        "org/new": Outlook("hub", present=False),
        "/big": Outlook(
            "folder", True, True, 0, "LlamaForCausalLM", 10**10, 80, 4096, 40 * GIB, 8 * GIB, "cpu", "float32"
        ),
    }
    return made


@pytest.fixture
def dialog(qtbot: QtBot, settings: QSettings, engine: FakeEngine) -> LoadDialog:
    for source in ("/models/older", "org/fine"):
        remember_model(settings, source)
    made = LoadDialog(settings, engine=engine)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: bool(made.form.list.sources()))
    return made


def says(dialog: LoadDialog) -> str:
    found = find(dialog, QLabel, "model-says")
    return found.text()


def load_button(dialog: LoadDialog) -> QPushButton:
    return find(dialog, QPushButton, "model-load")


def takes(box: QComboBox, row: int) -> bool:
    return bool(box.model().flags(box.model().index(row, 0)) & Qt.ItemFlag.ItemIsEnabled)


def choose(qtbot: QtBot, dialog: LoadDialog, source: str) -> None:
    dialog.set_source(source)
    qtbot.waitUntil(lambda: not dialog._looking.busy)


def test_lists_what_was_used_last_then_starter_and_cache(qtbot: QtBot, dialog: LoadDialog) -> None:
    assert dialog.form.list.sources() == ["org/fine", "/models/older", "starter", "org/bert"]
    qtbot.waitUntil(lambda: not dialog._looking.busy)
    assert dialog.source == "org/fine"
    choose(qtbot, dialog, "starter")
    assert "92.0 MiB will be downloaded" in says(dialog)
    assert load_button(dialog).text() == "Get and load"


def test_until_the_models_are_found_it_says_that_it_looks(qtbot: QtBot, settings: QSettings) -> None:
    found = Event()

    class SlowEngine(FakeEngine):
        def here(self) -> Here:
            found.wait(5)
            return super().here()

    made = LoadDialog(settings, engine=SlowEngine())
    qtbot.addWidget(made)
    assert "Looking for the models" in says(made)
    found.set()
    qtbot.waitUntil(lambda: made.source == "starter")


def test_what_is_gone_is_not_suggested(qtbot: QtBot, settings: QSettings, engine: FakeEngine) -> None:
    remember_model(settings, "/models/gone")
    made = LoadDialog(settings, engine=engine)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: made.source == "starter")
    assert made.form.list.sources()[0] == "/models/gone"


def type_words(dialog: LoadDialog, words: str) -> None:
    field = find(dialog, QLineEdit, "model-source")
    field.clear()
    QTest.keyClicks(field, words)


def headings(dialog: LoadDialog) -> list[str]:
    tree = dialog.form.list
    return [item.text(0) for i in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(i))]


def test_part_of_a_name_narrows_the_list_and_searches_the_hub(
    qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine
) -> None:
    engine.found = ["org/fine", "org/finer", "other/one"]
    engine.outlooks["org/finer"] = engine.outlooks["org/new"]
    type_words(dialog, "fine")
    assert dialog.form.list.sources() == ["org/fine"]
    qtbot.waitUntil(lambda: headings(dialog)[-1] == "On the hub")
    assert dialog.form.list.sources() == ["org/fine", "org/finer"]
    assert ("search", "fine") in engine.asked
    qtbot.waitUntil(lambda: says(dialog).startswith("Choose one of these"))
    assert dialog.form.says.property("level") != "bad"
    for _ in range(2):
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Down)
    assert dialog.source == "org/finer"
    qtbot.waitUntil(load_button(dialog).isEnabled)
    assert dialog.form.list.sources() == ["org/fine", "org/finer"]
    type_words(dialog, "")
    dialog.form.field.textEdited.emit("")
    assert "org/bert" in dialog.form.list.sources()


def test_without_the_hub_the_search_is_over_what_is_here(
    qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine
) -> None:
    engine.unreachable = "The hub cannot be searched now (no network)."
    type_words(dialog, "ber")
    qtbot.waitUntil(lambda: headings(dialog)[-1] == engine.unreachable)
    assert dialog.form.list.sources() == ["org/bert"]


def test_a_path_is_not_searched_for(qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine) -> None:
    type_words(dialog, "/nowhere")
    qtbot.waitUntil(lambda: says(dialog) == "There is no /nowhere.")
    assert len(dialog.form.list.sources()) == 4
    assert not [asked for asked in engine.asked if asked[0] == "search"]


def test_says_plainly_whether_a_hub_model_is_here(qtbot: QtBot, dialog: LoadDialog) -> None:
    choose(qtbot, dialog, "org/fine")
    assert "nothing is downloaded" in says(dialog)
    assert load_button(dialog).text() == "Load model"
    assert "1.00 GiB in float32; 8.00 GiB are free" in find(dialog, QLabel, "model-memory").text()
    choose(qtbot, dialog, "org/new")
    assert "will be downloaded from the hub" in says(dialog)
    assert load_button(dialog).text() == "Download and load"


def test_refuses_with_figures_what_does_not_fit(qtbot: QtBot, dialog: LoadDialog) -> None:
    choose(qtbot, dialog, "/big")
    assert not load_button(dialog).isEnabled()
    for said in (find(dialog, QLabel, "model-memory").text(), load_button(dialog).toolTip()):
        assert "40.00 GiB" in said
        assert "8.00 GiB are free" in said
    dialog.start_loading()
    assert not dialog.work.busy


def test_typing_is_looked_at_and_a_mistake_said(qtbot: QtBot, dialog: LoadDialog) -> None:
    field = find(dialog, QLineEdit, "model-source")
    field.clear()
    assert not load_button(dialog).isEnabled()
    QTest.keyClicks(field, "nowhere")
    qtbot.waitUntil(lambda: says(dialog) == "There is no nowhere.")
    assert dialog.form.says.property("level") == "bad"
    assert "There is no nowhere." in load_button(dialog).toolTip()


def test_what_cannot_be_chosen_is_greyed_and_says_why(dialog: LoadDialog) -> None:
    device = find(dialog, QComboBox, "model-device")
    assert device.itemText(0) == "Auto (CPU)"
    assert not takes(device, 1)
    assert device.itemData(1, Qt.ItemDataRole.ToolTipRole) == "There is none here."
    assert not takes(find(dialog, QComboBox, "model-format"), 1)


def test_loading_hands_the_model_over_and_remembers_it(
    qtbot: QtBot, dialog: LoadDialog, settings: QSettings, engine: FakeEngine
) -> None:
    choose(qtbot, dialog, "starter")
    with qtbot.waitSignals([dialog.loaded, dialog.accepted]) as signals:
        load_button(dialog).click()
    assert ("fetch",) in engine.asked
    assert not engine.released
    assert recent_models(settings)[:2] == ["starter", "org/fine"]
    assert signals.signal_triggered


def test_progress_says_the_stage_and_stop_brings_the_dialog_back(
    qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine
) -> None:
    engine.go.clear()
    choose(qtbot, dialog, "org/fine")
    load_button(dialog).click()
    qtbot.waitUntil(lambda: dialog.form.progress.words.text() == "Loading the weights · 3 of 9 tensors")
    assert "from the disk into memory" in find(dialog, QLabel, "model-phase").text()
    assert not dialog.form.field.isEnabled()
    assert dialog.form.field.toolTip()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.work.busy)
    assert dialog.isVisible()
    assert says(dialog) == "Stopped; nothing was changed."
    qtbot.waitUntil(load_button(dialog).isEnabled)
    assert says(dialog) == "Stopped; nothing was changed."
    with qtbot.waitSignal(dialog.rejected):
        dialog.form.cancel_button.click()


def test_a_model_that_comes_after_stop_is_let_go(
    qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine
) -> None:
    stopped = threading.Event()
    outcome = engine.outcome

    def late() -> object:
        stopped.wait(5)
        return outcome()

    engine.outcome = late
    choose(qtbot, dialog, "org/fine")
    load_button(dialog).click()
    dialog.reject()
    stopped.set()
    qtbot.waitUntil(lambda: engine.released)
    assert says(dialog) == "Stopped; nothing was changed."


def test_closing_while_it_loads_stops_it_first(qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine) -> None:
    engine.go.clear()
    choose(qtbot, dialog, "org/fine")
    load_button(dialog).click()
    with qtbot.waitSignal(dialog.rejected):
        dialog.close()
    assert not dialog.work.busy


def test_failures_stay_inside_as_a_sentence(qtbot: QtBot, dialog: LoadDialog, engine: FakeEngine) -> None:
    def refuse() -> object:
        raise ModelLoadError("The weights lack 3 tensors: fetch the model again.")

    def bug() -> object:
        raise ZeroDivisionError("division by zero")

    choose(qtbot, dialog, "org/fine")
    engine.outcome = refuse
    load_button(dialog).click()
    qtbot.waitUntil(lambda: says(dialog) == "The weights lack 3 tensors: fetch the model again.")
    qtbot.waitUntil(load_button(dialog).isEnabled)
    engine.outcome = bug
    with qtbot.waitSignal(dialog.broken):
        load_button(dialog).click()
    assert "ZeroDivisionError" in says(dialog)


def test_recent_models_are_few_and_distinct(settings: QSettings) -> None:
    for n in (*range(12), 11):
        remember_model(settings, f"/m/{n}")
    settings.sync()
    assert recent_models(settings) == [f"/m/{n}" for n in range(11, 3, -1)]
    settings.setValue("model/recent", ["/only"])
    settings.sync()
    assert recent_models(QSettings(settings.fileName(), QSettings.Format.IniFormat)) == ["/only"]


def test_the_engine_itself_loads_a_folder(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    tiny = tiny_model("llama")
    tiny.model.save_pretrained(folder)
    tiny.tokenizer.save_pretrained(folder)
    dialog = LoadDialog(settings, engine=Models())
    qtbot.addWidget(dialog)
    dialog.set_source(str(folder))
    qtbot.waitUntil(load_button(dialog).isEnabled, timeout=60_000)
    assert "Llama" in says(dialog)
    assert "3 layers" in says(dialog)
    loaded: list[LoadedModel] = []
    dialog.loaded.connect(loaded.append)
    stages: list[str] = []
    dialog.work.progressed.connect(lambda at: stages.append(at.stage))
    with qtbot.waitSignal(dialog.accepted, timeout=60_000):
        load_button(dialog).click()
    assert len(loaded[0].modules) == len(tiny.modules)
    loaded[0].release()
    assert {"hashing the weights", "loading the weights"} <= set(stages) <= set(PHASES)


def test_the_engine_refuses_a_folder_without_a_config(
    qtbot: QtBot, settings: QSettings, tmp_path: Path
) -> None:
    dialog = LoadDialog(settings, engine=Models())
    qtbot.addWidget(dialog)
    dialog.set_source(str(tmp_path))
    qtbot.waitUntil(lambda: "no config.json" in says(dialog), timeout=60_000)
    assert not load_button(dialog).isEnabled()
