"""One field per kind of setting. Each has ``value``, ``set_value`` and ``edited``, and refuses nothing by itself."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit

from workbench.desktop.method.groups import choice_in_words
from workbench.desktop.method.numbers import in_words, parse, stepped_by_factors, stepped_whole
from workbench.settings import Setting


class NumberField(QAbstractSpinBox):
    """Takes 3e-4, 1,000 or 0.01; arrows go 1, 2, 5, 10 where the setting spans decades."""

    edited = Signal()

    def __init__(self, setting: Setting, whole: bool) -> None:
        super().__init__()
        self._setting, self._whole, self._unit = setting, whole, setting.unit
        self._value: float | int = 0
        self.lineEdit().setTextMargins(6, 0, 0, 0)
        self.lineEdit().textEdited.connect(self._typed)
        self.editingFinished.connect(self._finish)

    def value(self) -> float | int | None:
        """None where what is typed is no number (or no whole one)."""
        if self._setting.zero and self.text().strip() == self._setting.zero:
            return 0
        number = parse(self.text(), self._unit)
        if number is None or (self._whole and number != int(number)):
            return None
        return int(number) if self._whole else number

    def set_value(self, value: object) -> None:
        assert isinstance(value, (int, float))
        self._value = value
        self._show()

    def set_unit(self, unit: str) -> None:
        """Said behind the number."""
        if unit != self._unit:
            known = self.value()
            self._unit = unit
            if known is not None:
                self.set_value(known)

    def _show(self) -> None:
        suffix = f" {self._unit}" if self._unit else ""
        words = in_words(self._value) + suffix
        self.lineEdit().setText(self._setting.zero or words if self._value == 0 else words)

    @Slot()
    def _typed(self) -> None:
        self.edited.emit()

    @Slot()
    def _finish(self) -> None:
        """Once typing ended the number is written as the others are."""
        known = self.value()
        if known is not None:
            self.set_value(known)

    def stepBy(self, steps: int) -> None:
        known = self.value()
        if known is None:
            return
        if self._setting.logarithmic and not self._whole:
            self.set_value(stepped_by_factors(known, steps, self._zero_allowed))
        else:
            self.set_value(self._within(stepped_whole(int(known), steps)))
        if self.hasFocus():
            self.lineEdit().selectAll()
        self.edited.emit()

    @property
    def _zero_allowed(self) -> bool:
        return self._setting.low == 0 and not self._setting.above

    def _within(self, value: int) -> int:
        low, high = self._setting.low, self._setting.high
        value = value if low is None else max(value, int(low))
        return value if high is None else min(value, int(high))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        known = self.value()
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if known is None or not self.isEnabled():
            return flags
        if self._setting.high is None or known < self._setting.high:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._setting.low is None or known > self._setting.low:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Everything may be typed: the recipe says what is wrong with it."""
        return QValidator.State.Acceptable, text, position

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling the panel must not change a setting under the pointer."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()


class ChoiceField(QComboBox):
    edited = Signal()

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__()
        for choice in setting.choices:
            self.addItem(choice_in_words(name, choice), choice)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self.edited)

    def value(self) -> str:
        return str(self.currentData())

    def set_value(self, value: object) -> None:
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling the panel must not change a setting under the pointer."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SwitchField(QCheckBox):
    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self.edited)

    def value(self) -> bool:
        return self.isChecked()

    def set_value(self, value: object) -> None:
        self.setChecked(bool(value))


class TextField(QLineEdit):
    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.textEdited.connect(self.edited)

    def value(self) -> str:
        return self.text().strip()

    def set_value(self, value: object) -> None:
        if value != self.value():
            self.setText(str(value))
            self.setCursorPosition(0)


Field = NumberField | ChoiceField | SwitchField | TextField


def field_for(name: str, setting: Setting, default: object) -> Field:
    """By the kind of the setting's default."""
    if setting.choices:
        return ChoiceField(name, setting)
    if isinstance(default, bool):
        return SwitchField()
    if isinstance(default, (int, float)):
        return NumberField(setting, whole=isinstance(default, int))
    return TextField()
