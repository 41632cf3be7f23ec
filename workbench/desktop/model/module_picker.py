"""Which modules are edited: a preset, the grid, or a pattern, all three of one mind."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from workbench.desktop.model.grid import HELP, ModuleGrid
from workbench.desktop.model.selection import Matrix, in_words
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, label, permit, tip
from workbench.errors import SettingError

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.models.presets import Preset

OWN = "Own choice"
PATTERN_HELP = (
    "Names with *, {18..26} and {1,4,7}, separated by commas, or projection@layers, as in mlp.down_proj@18-26"
)
PRESET_HELP = "Settings that are known to work for this model; choosing one sets the method too"


class ModulePicker(QWidget):
    modules_changed = Signal(object)  # tuple of EditableModules
    preset_chosen = Signal(object)  # Preset, by the person

    def __init__(self) -> None:
        super().__init__()
        self._presets: tuple[Preset, ...] = ()
        self._lock_reason = ""
        self.preset_box = QComboBox()
        self.preset_box.setObjectName("model-preset")
        self.preset_box.setAccessibleName("Preset")
        self.preset_box.setMinimumContentsLength(10)
        self.preset_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.note = Sentence("model-preset-note")
        self.grid = ModuleGrid()
        self.count = Sentence("model-modules-count")
        self.pattern_field = QLineEdit()
        self.pattern_field.setToolTip(tip(PATTERN_HELP))
        self.pattern_field.setObjectName("model-pattern")
        self.pattern_field.setAccessibleName("Pattern of the modules to edit")
        self.pattern_field.setPlaceholderText("mlp.down_proj@18-26")
        self.error = Sentence("model-pattern-error")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("Modules to edit", "group"))
        for part in (self.preset_box, self.note, self.grid, self.count, self.pattern_field, self.error):
            column.addWidget(part)
        self.preset_box.activated.connect(self._choose_preset)
        self.grid.changed.connect(self._grid_changed)
        self.pattern_field.textEdited.connect(self._pattern_typed)
        self.pattern_field.editingFinished.connect(self._pattern_finished)

    def set_model(self, loaded: "LoadedModel | None") -> None:
        """Starts with the first preset; None: with nothing."""
        self.grid.set_matrix(Matrix(() if loaded is None else loaded.modules))
        self._presets = () if loaded is None else _presets_of(loaded)
        self.preset_box.clear()
        for preset in self._presets:
            self.preset_box.addItem(f"{preset.title} (a guess)" if preset.guess else preset.title)
            self.preset_box.setItemData(
                self.preset_box.count() - 1, tip(preset.note), Qt.ItemDataRole.ToolTipRole
            )
        if self._presets:
            self.preset_box.addItem(OWN)
            self._take_preset(self._presets[0])

    def modules(self) -> "tuple[EditableModule, ...]":
        """What is ticked, in the model's order."""
        return self.grid.matrix.chosen(self.grid.ticked)

    def preset(self) -> "Preset | None":
        """The one whose modules are exactly those ticked; the chosen one where several are."""
        at = self.preset_box.currentIndex()
        return self._presets[at] if 0 <= at < len(self._presets) else None

    def pattern(self) -> str:
        """Selects exactly what is ticked."""
        if not self.grid.ticked:
            return ""
        from workbench.models.modules import as_pattern

        return as_pattern(self.modules())

    def set_pattern(self, pattern: str) -> None:
        """From a recipe or a session. Raises SettingError where it fits no module; then nothing changes."""
        self._set_modules(self._selected(pattern))
        self._show_pattern()

    def lock(self, reason: str) -> None:
        """While a run holds the model; empty: the person may choose again."""
        self._lock_reason = reason
        self.grid.lock(reason)
        permit(self.preset_box, reason, PRESET_HELP)
        permit(self.pattern_field, reason, PATTERN_HELP)

    @Slot()
    def _choose_preset(self) -> None:
        preset = self.preset()
        if preset is not None:
            self._take_preset(preset)
            self.preset_chosen.emit(preset)
        else:
            self._show()

    def _take_preset(self, preset: "Preset") -> None:
        self._set_modules(self._selected(preset.modules), preset)
        self._show_pattern()

    def _selected(self, pattern: str) -> "tuple[EditableModule, ...]":
        from workbench.models.modules import select

        return select(self.grid.matrix.modules, pattern)

    def _set_modules(self, modules: "tuple[EditableModule, ...]", preset: "Preset | None" = None) -> None:
        before = self.grid.ticked
        self.grid.set_ticked({self.grid.matrix.cell_of[m.name] for m in modules})
        self._mark_preset(preset)
        if self.grid.ticked != before:
            self.modules_changed.emit(self.modules())

    @Slot()
    def _grid_changed(self) -> None:
        self._mark_preset(None)
        self._show_pattern()
        self.modules_changed.emit(self.modules())

    @Slot()
    def _pattern_typed(self) -> None:
        """Follows what is typed as far as it makes sense; says what is wrong only once typing ended."""
        try:
            self._set_modules(self._selected(self.pattern_field.text()))
        except SettingError:
            return
        self._show_error("")

    @Slot()
    def _pattern_finished(self) -> None:
        text = self.pattern_field.text()
        if text == self.pattern():
            self._show_error("")
            return
        try:
            self._set_modules(self._selected(text))
        except SettingError as error:
            self._show_error(str(error))
        else:
            self._show_error("")

    def _mark_preset(self, preset: "Preset | None") -> None:
        """Shows the preset that has exactly these modules, the one shown now before the others."""
        ticked = set(self.modules())
        candidates = [preset, self.preset(), *self._presets]
        fitting = next(
            (p for p in candidates if p is not None and set(self._selected(p.modules)) == ticked), None
        )
        at = self._presets.index(fitting) if fitting is not None else len(self._presets)
        self.preset_box.setCurrentIndex(at)
        self._show()

    def _show(self) -> None:
        preset = self.preset()
        self.note.say(preset.note if preset else "", "warning" if preset and preset.guess else "")
        permit(self.preset_box, self._lock_reason, PRESET_HELP)
        said = in_words(self.grid.matrix, self.grid.ticked)
        suffix = f" · preset “{preset.title}”" if preset else ""
        self.count.say(said + suffix, "" if self.grid.ticked else "warning")
        if not self._lock_reason:
            self.grid.setToolTip(HELP)

    def _show_pattern(self) -> None:
        self.pattern_field.setText(self.pattern())
        self.pattern_field.setCursorPosition(0)
        self._show_error("")

    def _show_error(self, sentence: str) -> None:
        mark(self.pattern_field, invalid=bool(sentence))
        self.error.say(sentence, "bad" if sentence else "")


def _presets_of(loaded: "LoadedModel") -> "tuple[Preset, ...]":
    """Those that fit, else a guess."""
    from workbench.models.presets import presets_for, suggest

    return presets_for(loaded.model.config) or (suggest(loaded.modules),)
