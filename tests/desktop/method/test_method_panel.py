"""Every setting of a recipe, with what is wrong with it said where it is typed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.method.fields import ChoiceField, NumberField
from workbench.desktop.method.groups import GROUPS, WORDS
from workbench.desktop.method.panel import MethodPanel
from workbench.desktop.shell.layout import RIGHT
from workbench.desktop.theme import Theme
from workbench.editing.recipe import Recipe
from workbench.editing.recipes import named_recipes, recipe_named
from workbench.editors.located.settings import MemitSettings
from workbench.models.presets import Preset
from workbench.settings import described


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "dark")


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> MethodPanel:
    del theme  # in whose font the widths are right
    made = MethodPanel()
    qtbot.addWidget(made)
    made.resize(290, 760)
    made.show()
    return made


def number(panel: MethodPanel, name: str) -> NumberField:
    return find(panel, NumberField, f"method-{name}")


def type_into(panel: MethodPanel, name: str, text: str) -> None:
    field = number(panel, name)
    field.lineEdit().setText(text)
    field.lineEdit().textEdited.emit(text)


def error(panel: MethodPanel, name: str) -> str:
    found = find(panel, QLabel, f"method-{name}-error")
    return found.text() if found.isVisible() else ""


def choose_recipe(panel: MethodPanel, name: str) -> None:
    box = find(panel, QComboBox, "method-recipe")
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())


def test_every_setting_has_one_place_and_every_choice_words() -> None:
    placed = [name for group in GROUPS for name in (*group.names, *group.more)]
    assert sorted(placed) == sorted(described(Recipe))
    choices = {n: set(s.choices) for n, s in described(Recipe).items() if s.choices}
    assert choices == {name: set(words) for name, words in WORDS.items()}


@pytest.mark.parametrize("name", list(described(Recipe)))
def test_every_field_says_what_more_of_it_does(panel: MethodPanel, name: str) -> None:
    field, setting = panel.rows[name].field, described(Recipe)[name]
    assert setting.help[:30] in field.toolTip()
    assert "Default" in field.toolTip()
    assert field.accessibleName()
    assert field.focusPolicy() & Qt.FocusPolicy.TabFocus
    if setting.low is not None:
        assert f"{setting.low:g}" in field.toolTip()


@pytest.mark.parametrize("name", list(named_recipes()))
def test_every_recipe_comes_back_as_it_was_put_in(panel: MethodPanel, name: str) -> None:
    recipe = recipe_named(name)
    panel.set_recipe(recipe)
    assert panel.recipe() == recipe
    assert {n: row.value() for n, row in panel.rows.items()} == {
        n: getattr(recipe, n) for n in described(Recipe)
    }
    assert not [row for row in panel.rows.values() if row.reset_button.isVisibleTo(panel)]
    assert panel.summary.text() == named_recipes()[name].summary


def test_typing_changes_the_recipe_and_marks_the_setting(qtbot: QtBot, panel: MethodPanel) -> None:
    with qtbot.waitSignal(panel.recipe_changed) as signal:
        type_into(panel, "step_size", "5e-4")
    assert signal.args[0].step_size == 5e-4
    row = panel.rows["step_size"]
    assert row.reset_button.isVisible()
    assert "3e-4" in row.reset_button.toolTip()
    row.reset_button.click()
    assert panel.recipe() == recipe_named("stableedit")
    assert not row.reset_button.isVisible()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("step_size", "0", "above 0 and at most 1"),
        ("step_size", "7", "above 0 and at most 1"),
        ("step_size", "a lot", "this is no number"),
        ("protection", "-1", "at least 0"),
        ("batch", "2.5", "this is no whole number"),
        ("batch", "0", "of at least 1"),
    ],
)
def test_bad_values_say_so_and_the_last_valid_recipe_stays(
    panel: MethodPanel, name: str, text: str, said: str
) -> None:
    before = panel.recipe()
    problems: list[str] = []
    panel.problem_changed.connect(problems.append)
    type_into(panel, name, text)
    assert said in error(panel, name)
    assert panel.problem() == error(panel, name)
    assert panel.rows[name].field.property("invalid") is True
    assert panel.recipe() == before
    type_into(panel, "ridge", "2")
    assert panel.recipe() == before.with_(ridge=2.0)
    assert said in error(panel, name)
    type_into(panel, name, "1")
    assert error(panel, name) == ""
    assert problems[-1] == "" == panel.problem()


def test_zero_is_fine_where_the_range_has_it(panel: MethodPanel) -> None:
    type_into(panel, "protection", "0")
    assert error(panel, "protection") == ""


def test_arrows_step_and_finished_typing_is_tidied(panel: MethodPanel) -> None:
    field = number(panel, "step_size")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert panel.recipe().step_size == 5e-4
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert panel.recipe().step_size == 2e-4
    type_into(panel, "batch", "1000")
    number(panel, "batch").editingFinished.emit()
    assert number(panel, "batch").text() == "1,000 facts"
    number(panel, "batch").stepBy(1000)
    assert panel.recipe().batch == 10_000


def test_the_floor_says_what_it_is_relative_to(panel: MethodPanel) -> None:
    field = number(panel, "floor")
    assert field.text() == "0.01 × mean"
    kind = panel.rows["floor_kind"].field
    assert isinstance(kind, ChoiceField)
    kind.set_value("absolute")
    kind.activated.emit(kind.currentIndex())
    assert panel.recipe().floor_kind == "absolute"
    assert field.text() == "0.01"


def test_a_new_recipe_keeps_where_and_how_often(panel: MethodPanel) -> None:
    panel.set_modules("mlp.down_proj@18-26")
    type_into(panel, "evaluate_every", "5")
    choose_recipe(panel, "ultraedit")
    expected = recipe_named("ultraedit").with_(modules="mlp.down_proj@18-26", evaluate_every=5)
    assert panel.recipe() == expected


def test_a_preset_sets_its_settings_and_is_what_counts_as_unchanged(panel: MethodPanel) -> None:
    settings = {"step_size": 5e-4, "warmup_facts": 700}
    preset = Preset("small", "Small", "stableedit-memory", "mlp.down_proj@*", settings)
    panel.set_preset(preset)
    assert panel.recipe() == recipe_named("stableedit-memory").with_(step_size=5e-4, warmup_facts=700)
    assert not panel.rows["step_size"].reset_button.isVisible()
    type_into(panel, "step_size", "1e-3")
    assert "the preset “Small”" in panel.rows["step_size"].reset_button.toolTip()


def test_folded_settings_are_not_forgotten(panel: MethodPanel) -> None:
    assert not panel.rows["minibatch"].isVisible()
    type_into(panel, "minibatch", "20")
    assert panel.fold.button.text() == "More settings · 1 changed"
    type_into(panel, "minibatch", "0")
    assert "1 to correct" in panel.fold.button.text()
    panel.fold.button.click()
    assert panel.rows["minibatch"].isVisible()
    assert error(panel, "minibatch")


def test_a_lock_says_why_and_keeps_everything_readable(panel: MethodPanel) -> None:
    panel.lock("A run is going on.")
    for row in panel.rows.values():
        assert not row.field.isEnabled()
        assert "A run is going on." in row.field.toolTip()
    before = panel.recipe()
    QTest.keyClick(panel.rows["step_size"].field, Qt.Key.Key_Up)
    assert panel.recipe() == before
    panel.lock("")
    assert panel.rows["step_size"].field.isEnabled()
    assert "How far each edit" in panel.rows["step_size"].field.toolTip()


def test_it_fits_a_narrow_dock(panel: MethodPanel) -> None:
    panel.fold.button.click()
    assert panel.minimumSizeHint().width() <= 280


@pytest.mark.usefixtures("theme")
def test_no_title_wraps_at_the_dock_s_usual_width(panel: MethodPanel) -> None:
    """Of changed settings neither, whose titles are bold and beside a button; and with a scroll bar."""
    panel.resize(RIGHT, 500)
    panel.fold.button.setChecked(True)
    for row in panel.rows.values():
        row.show_base(object(), "the recipe")
    QApplication.processEvents()
    assert all(row.reset_button.isVisible() for row in panel.rows.values())
    for row in panel.rows.values():
        needed = row.label.fontMetrics().horizontalAdvance(row.label.text())
        assert row.label.width() >= needed, row.label.text()
    assert panel.rows["warmup_memory"].field.accessibleName() == "Warm-up memory η₀"


def test_every_choice_fits_into_its_field(panel: MethodPanel) -> None:
    for box in panel.findChildren(QComboBox):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = box.style().subControlRect(control, option, part, box).width()
        for text in (box.itemText(i) for i in range(box.count())):
            assert box.fontMetrics().horizontalAdvance(text) <= room, text


def test_an_editor_shows_its_own_settings_and_of_the_others_only_those_that_it_heeds(
    panel: MethodPanel,
) -> None:
    chosen: list[str] = []
    panel.editor_chosen.connect(chosen.append)
    choose_recipe(panel, "memit")
    assert chosen == ["memit"]
    assert panel.own.isVisible()
    assert not panel.rows["step_size"].isVisible()
    assert panel.rows["batch"].isVisible()
    type_into(panel, "own-protection", "300")
    assert panel.recipe().method == MemitSettings(protection=300.0)
    type_into(panel, "own-protection", "0")
    assert "Key protection" in error(panel, "own-protection")
    assert "Key protection" in panel.problem()
    assert panel.recipe().method == MemitSettings(protection=300.0)
    QTest.mouseClick(panel.own.rows["protection"].reset_button, Qt.MouseButton.LeftButton)
    assert panel.recipe() == recipe_named("memit").with_(modules=panel.recipe().modules)
    assert panel.problem() == ""
    choose_recipe(panel, "stableedit")
    assert not panel.own.isVisible()
    assert panel.rows["step_size"].isVisible()
    assert panel.recipe().method is None


def test_a_problem_of_an_editor_goes_with_it(panel: MethodPanel) -> None:
    choose_recipe(panel, "rome")
    type_into(panel, "own-steps", "none")
    assert panel.problem()
    choose_recipe(panel, "ultraedit")
    assert panel.problem() == ""
