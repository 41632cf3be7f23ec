"""The model dock: card, presets, pattern and grid of one mind."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.tiny import tiny_model
from workbench.desktop.model.card import card_of, dtype_in_words
from workbench.desktop.model.needs import editing_memory
from workbench.desktop.model.panel import ModelPanel
from workbench.editing.recipe import Recipe
from workbench.errors import SettingError
from workbench.models.modules import EditableModule
from workbench.models.presets import Preset


@pytest.fixture
def panel(qtbot: QtBot) -> ModelPanel:
    made = ModelPanel()
    qtbot.addWidget(made)
    made.resize(290, 700)
    made.show()
    return made


def type_pattern(panel: ModelPanel, text: str) -> None:
    field = find(panel, QLineEdit, "model-pattern")
    field.setText(text)
    field.textEdited.emit(text)
    field.editingFinished.emit()


def test_without_a_model_it_invites_to_load_one(qtbot: QtBot, panel: ModelPanel) -> None:
    with qtbot.waitSignal(panel.load_wanted):
        find(panel, QPushButton, "model-load-wanted").click()
    assert panel.modules() == ()
    assert panel.preset() is None


def test_the_card_says_what_is_loaded(panel: ModelPanel) -> None:
    loaded = tiny_model("gpt2", seed=7)
    panel.set_model(loaded)
    card = card_of(loaded)
    assert card.name == "tiny-gpt2"
    assert "parameters" in card.summary
    assert "CPU" in card.summary
    assert card.tokenizer == "259 tokens, BPE"
    assert dtype_in_words("torch.bfloat16") == "bf16 with fp32 masters"
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text() == f"{7:064x}"


def test_an_unknown_model_gets_a_guess_that_is_marked(panel: ModelPanel) -> None:
    changes: list[object] = []
    panel.modules_changed.connect(changes.append)
    panel.set_model(tiny_model("llama"))
    preset = panel.preset()
    assert preset is not None
    assert preset.guess
    assert "guess" in panel.picker.preset_box.currentText()
    assert panel.picker.note.property("level") == "warning"
    assert [m.projection for m in panel.modules()] == ["mlp.down_proj"]
    assert changes == [panel.modules()]


def test_the_pattern_drives_the_grid_and_back(qtbot: QtBot, panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    with qtbot.waitSignal(panel.modules_changed) as signal:
        type_pattern(panel, "mlp.down_proj@0-2, self_attn.q_proj@1")
    assert {m.name for m in signal.args[0]} == {m.name for m in panel.modules()}
    assert len(panel.picker.grid.ticked) == 4
    assert panel.preset() is None
    panel.picker.grid.toggle({panel.picker.grid.matrix.cell_of["model.layers.1.self_attn.q_proj"]})
    assert panel.picker.pattern_field.text() == "model.layers.{0..2}.mlp.down_proj" == panel.pattern()
    assert panel.picker.count.text() == "3 of 21 · down_proj all"


def test_a_bad_pattern_says_so_and_changes_nothing(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    before = panel.modules()
    type_pattern(panel, "mlp.up_prj@1")
    assert panel.modules() == before
    error = find(panel, QLabel, "model-pattern-error")
    assert error.isVisible()
    assert "matches no editable module" in error.text()
    type_pattern(panel, "mlp.up_proj@1")
    assert not error.isVisible()
    with pytest.raises(SettingError):
        panel.set_pattern("nothing")
    assert [m.name for m in panel.modules()] == ["model.layers.1.mlp.up_proj"]


def test_unticking_everything_warns(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    panel.picker.grid.toggle(panel.picker.grid.ticked)
    assert panel.modules() == ()
    assert panel.pattern() == ""
    assert panel.picker.count.property("level") == "warning"


def test_choosing_a_preset_ticks_its_modules_and_tells(qtbot: QtBot, panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    type_pattern(panel, "mlp.up_proj@1")
    with qtbot.waitSignals([panel.preset_chosen, panel.modules_changed]):
        panel.picker.preset_box.setCurrentIndex(0)
        panel.picker.preset_box.activated.emit(0)
    preset = panel.preset()
    assert isinstance(preset, Preset)
    assert [m.projection for m in panel.modules()] == ["mlp.down_proj"]


def test_ticking_a_presets_modules_by_hand_finds_it_again(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    preset = panel.preset()
    ticked = panel.picker.grid.ticked
    panel.picker.grid.toggle(ticked)
    assert panel.preset() is None
    panel.picker.grid.toggle(ticked)
    assert panel.preset() == preset


def test_memory_of_editing_grows_with_the_modules(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    few = panel.memory.text().partition(";")[0]
    type_pattern(panel, "*")
    many, _, free = panel.memory.text().partition(";")
    assert few.startswith("Editing takes about")
    assert few != many
    assert free.endswith("are free.")


def test_memory_counts_key_protection_and_refuses_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny_model("llama")
    wide = (EditableModule("model.layers.0.wide", 0, "wide", 8192, 64),)
    plain, _ = editing_memory(loaded, wide, preconditioned=False)
    protected, level = editing_memory(loaded, wide, preconditioned=True)
    assert plain != protected
    assert level == ""
    monkeypatch.setattr("workbench.models.memory.free_memory", lambda _device: 1 << 20)
    sentence, level = editing_memory(loaded, wide, preconditioned=True)
    assert level == "bad"
    assert "1.0 MiB are free" in sentence
    assert "key protection" in sentence


def test_the_recipe_decides_whether_protection_is_counted(
    panel: ModelPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = tiny_model("llama")
    asked: list[bool] = []

    def note(_loaded: object, _modules: object, preconditioned: bool) -> tuple[str, str]:
        asked.append(preconditioned)
        return "", ""

    monkeypatch.setattr("workbench.desktop.model.panel.editing_memory", note)
    panel.set_model(loaded)
    panel.set_recipe(Recipe(protection=10.0))
    panel.set_recipe(Recipe(memory=1.0))
    panel.set_recipe(Recipe())
    assert asked[-3:] == [True, True, False]


def test_a_lock_says_why_everywhere(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    panel.lock("A run is going on: stop it first.")
    for part in (panel.unload_button, panel.picker.preset_box, panel.picker.pattern_field):
        assert not part.isEnabled()
        assert "A run is going on" in part.toolTip()
    panel.lock("")
    assert panel.unload_button.isEnabled()


def test_unloading_goes_back_to_the_invitation(qtbot: QtBot, panel: ModelPanel) -> None:
    panel.set_model(tiny_model("llama"))
    with qtbot.waitSignal(panel.unload_wanted):
        panel.unload_button.click()
    panel.set_model(None)
    assert panel.modules() == ()
    assert panel.load_button.isVisible()


def test_it_fits_a_narrow_dock(panel: ModelPanel) -> None:
    panel.set_model(tiny_model("gptj"))
    assert panel.minimumSizeHint().width() <= 280
