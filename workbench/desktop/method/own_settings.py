"""The settings that an editor has beside those of every recipe."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.desktop.method.setting_row import SettingRow
from workbench.desktop.widgets import label
from workbench.errors import SettingError
from workbench.settings import described


class OwnSettings(QWidget):
    """Hidden where there are none."""

    changed = Signal(object)  # the settings, valid
    problem_changed = Signal(str, str)  # of a setting, by its name; empty: none

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, SettingRow] = {}
        self._method: Any = None
        self._base: Any = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    def show_method(self, title: str, method: Any, base: Any, base_words: str, lock: str) -> None:
        """``method``: a dataclass of described settings, or None; ``base``: what counts as unchanged."""
        if type(method) is not type(self._method):
            self._build(title, type(method) if method is not None else None)
        self._method = method
        self._base = base if type(base) is type(method) else method
        for name, row in self.rows.items():
            row.set_value(getattr(method, name))
            row.show_base(getattr(self._base, name), base_words)
            row.lock(lock)
        self.setVisible(method is not None)

    def lock(self, reason: str) -> None:
        for row in self.rows.values():
            row.lock(reason)

    def _build(self, title: str, kind: type[Any] | None) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for name in self.rows:
            self.problem_changed.emit(name, "")
        self.rows = {}
        if kind is None:
            return
        self._column.addWidget(label(title, "group"))
        defaults = kind()
        for name, setting in described(kind).items():
            row = self.rows[name] = SettingRow(f"own-{name}", setting, getattr(defaults, name))
            row.edited.connect(self._edited)
            row.reset_wanted.connect(self._reset)
            self._column.addWidget(row)

    @Slot(str)
    def _edited(self, object_name: str) -> None:
        name = object_name.removeprefix("own-")
        row, value = self.rows[name], self.rows[name].value()
        try:
            if value is None:
                raise SettingError(
                    name, f"{row.setting.label}: this is no number; the value before it stays."
                )
            method = replace(self._method, **{name: value})
        except SettingError as error:
            row.show_error(str(error))
            self.problem_changed.emit(name, str(error))
            return
        row.show_error("")
        self.problem_changed.emit(name, "")
        self.changed.emit(method)

    @Slot(str)
    def _reset(self, object_name: str) -> None:
        name = object_name.removeprefix("own-")
        self.rows[name].set_value(getattr(self._base, name))
        self._edited(object_name)
