"""One setting: its label, its field, what the recipe says, and what is wrong with it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from workbench.desktop.method.fields import ChoiceField, Field, NumberField, SwitchField, field_for
from workbench.desktop.method.groups import SHORT, choice_in_words
from workbench.desktop.method.numbers import in_words
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, label, permit, tool_button
from workbench.settings import Setting, range_in_words

FIELD_WIDTH, FIELD_HEIGHT = 124, 26


class SettingRow(QWidget):
    edited = Signal(str)  # the setting's name, by the person
    reset_wanted = Signal(str)

    def __init__(self, name: str, setting: Setting, default: object) -> None:
        super().__init__()
        self.name, self.setting, self._default = name, setting, default
        self._lock_reason = ""
        title = f"{setting.label} {setting.symbol}".strip()
        self.label = label(f"{SHORT.get(name, setting.label)} {setting.symbol}".strip())
        self.field: Field = field_for(name, setting, default)
        self.field.setObjectName(f"method-{name}")
        self.field.setAccessibleName(title)
        self.field.setAccessibleDescription(setting.help)
        self.label.setBuddy(self.field)
        self.reset_button = tool_button("undo", f"method-{name}-reset", f"Reset {setting.label}", "accent")
        self.reset_button.clicked.connect(self._ask_reset)
        self.error = Sentence(f"method-{name}-error")
        self.field.edited.connect(self._tell_edited)
        self._lay_out()
        self.show_base(default, "")

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.reset_button, 0, 1)
        grid.addWidget(self.field, 0, 2)
        grid.addWidget(self.error, 1, 0, 1, 3)
        self.field.setFixedSize(FIELD_WIDTH, FIELD_HEIGHT)

    def value(self) -> object:
        """None where what is typed cannot be read."""
        return self.field.value()

    def set_value(self, value: object) -> None:
        self.field.set_value(value)
        self.show_error("")

    def show_base(self, base: object, origin: str) -> None:
        """``base``: what ``origin`` ("the recipe", "the preset") says; a setting that differs is marked."""
        changed = bool(origin) and self.value() != base
        self.reset_button.setVisible(changed)
        self.reset_button.setToolTip(f"Back to {self._in_words(base)}, as {origin} has it" if changed else "")
        mark(self.label, role="figure" if changed else "")
        self._help = self._described(base, origin)
        permit(self.field, self._lock_reason, self._help)
        self.label.setToolTip(self.field.toolTip())

    def show_error(self, sentence: str) -> None:
        mark(self.field, invalid=bool(sentence))
        self.error.say(sentence, "bad" if sentence else "")

    def lock(self, reason: str) -> None:
        self._lock_reason = reason
        permit(self.field, reason, self._help)
        permit(self.reset_button, reason, self.reset_button.toolTip())

    def _described(self, base: object, origin: str) -> str:
        """What it is, what more of it does, its range, unit and default."""
        lines = [self.setting.help]
        if isinstance(self.field, NumberField):
            unit = f" {self.setting.unit}" if self.setting.unit else ""
            lines.append(f"Give {range_in_words(self.setting)}{unit and f',{unit}'}.")
        said = f"Default {self._in_words(self._default)}"
        if origin and base != self._default:
            said += f"; {origin} has {self._in_words(base)}"
        lines.append(f"{said}.")
        return "\n".join(lines)

    def _in_words(self, value: object) -> str:
        if isinstance(self.field, ChoiceField):
            return f"“{choice_in_words(self.name, str(value))}”"
        if isinstance(self.field, SwitchField):
            return "on" if value else "off"
        if value == 0 and self.setting.zero:
            return self.setting.zero
        if isinstance(value, (int, float)):
            return in_words(value)
        return f"“{value}”" if value else "empty"

    @Slot()
    def _tell_edited(self) -> None:
        self.edited.emit(self.name)

    @Slot()
    def _ask_reset(self) -> None:
        self.reset_wanted.emit(self.name)
