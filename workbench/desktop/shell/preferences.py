"""The person's preferences. Those of a session's keeping are described by workbench.session.keeping."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.method.setting_row import SettingRow
from workbench.desktop.shell.settings import number_of
from workbench.desktop.theme import SCHEMES, mark
from workbench.desktop.widgets import Sentence, label, row
from workbench.errors import SettingError
from workbench.settings import check, described, setting

if TYPE_CHECKING:
    from workbench.session.keeping import Keeping

THEME, KEEPING, THREADS, WELCOME = "window/theme", "keeping", "engine/threads", "window/welcome"
AHEAD = "engine/ahead"
MODES = tuple(zip(SCHEMES, ("As the system", "Light", "Dark"), strict=True))


@dataclass(frozen=True, slots=True)
class EngineChoice:
    threads: int = setting(
        0,
        "Threads",
        "How many threads the engine computes with. 0: as many as are the fastest while other programs do what they "
        "do, measured again before each step, at a lower priority than the window's.",
        low=0,
        high=1_024,
        zero="automatic",
    )
    ahead: bool = setting(
        True,
        "Prepare ahead",
        "While nothing else runs, read with the model that is loaded what its warm-up and first run would wait for: "
        "warm-up facts and ordinary text. It is stored in the cache and makes way for whatever a person starts.",
    )

    def __post_init__(self) -> None:
        check(self)


def theme_of(settings: QSettings) -> str:
    mode = str(settings.value(THEME, "system"))
    return mode if mode in SCHEMES else "system"


def engine_of(settings: QSettings) -> EngineChoice:
    """What is out of range counts as not set."""
    ahead = settings.value(AHEAD, True, bool) is True
    try:
        return EngineChoice(int(number_of(settings, THREADS, 0)), ahead)
    except SettingError:
        return EngineChoice(ahead=ahead)


def keeping_of(settings: QSettings) -> "Keeping":
    """What is out of range counts as not set. Brings torch in."""
    from workbench.session.keeping import Keeping

    default = Keeping()
    try:
        return Keeping(
            checkpoint_every=int(
                number_of(settings, f"{KEEPING}/checkpoint_every", default.checkpoint_every)
            ),
            budget_gib=number_of(settings, f"{KEEPING}/budget_gib", default.budget_gib),
        )
    except SettingError:
        return default


class PreferencesDialog(QDialog):
    """Every change holds at once; ``theme_chosen`` for the window."""

    theme_chosen = Signal(str)
    changed = Signal()

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle("Preferences")
        self._settings = settings
        self.theme = QComboBox()
        self.theme.setObjectName("preferences-theme")
        for mode, text in MODES:
            self.theme.addItem(text, mode)
        self.theme.setCurrentIndex(self.theme.findData(theme_of(settings)))
        self.theme.activated.connect(self._choose_theme)
        self.welcome = QCheckBox("Show the welcome page at the start")
        self.welcome.setObjectName("preferences-welcome")
        self.welcome.setChecked(settings.value(WELCOME, True, bool) is True)
        self.welcome.toggled.connect(self._choose_welcome)
        self.rows: dict[str, SettingRow] = {}
        self._kept_as: dict[str, tuple[str, type[Any]]] = {}  # setting → group in the ini file, its class
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        column.addWidget(label("Appearance", "group"))
        form = QFormLayout()
        form.addRow("Light or dark", self.theme)
        column.addLayout(form)
        column.addWidget(self.welcome)
        groups: tuple[tuple[str, str, Any], ...] = (
            ("Engine", "engine", engine_of(self._settings)),
            ("What a session stores for quick rewinds", KEEPING, keeping_of(self._settings)),
        )
        for title, prefix, values in groups:
            column.addSpacing(8)
            column.addWidget(label(title, "group"))
            for name, about in described(type(values)).items():
                made = SettingRow(name, about, getattr(type(values)(), name))
                made.set_value(getattr(values, name))
                made.show_base(getattr(type(values)(), name), "the default")
                made.edited.connect(self._edited)
                made.reset_wanted.connect(self._reset)
                self.rows[name] = made
                self._kept_as[name] = (prefix, type(values))
                column.addWidget(made)
        self.note = Sentence("preferences-note")
        self.note.say("Threads apply from the next run on, what a session stores from the next session on.")
        column.addWidget(self.note)
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        mark(buttons.button(QDialogButtonBox.StandardButton.Close), primary=True)
        column.addLayout(row(1, buttons))
        self.setMinimumWidth(460)

    @Slot(str)
    def _edited(self, name: str) -> None:
        made = self.rows[name]
        prefix, kind = self._kept_as[name]
        value = made.value()
        try:
            if value is None:
                raise SettingError(
                    name, f"{made.setting.label}: this is no number; the value before it stays."
                )
            kind(**{name: value})
        except SettingError as error:
            made.show_error(str(error))
            return
        made.show_error("")
        made.show_base(getattr(kind(), name), "the default")
        self._settings.setValue(f"{prefix}/{name}", value)
        self.changed.emit()

    @Slot(str)
    def _reset(self, name: str) -> None:
        _, kind = self._kept_as[name]
        self.rows[name].set_value(getattr(kind(), name))
        self._edited(name)

    @Slot()
    def _choose_theme(self) -> None:
        mode = str(self.theme.currentData())
        self._settings.setValue(THEME, mode)
        self.theme_chosen.emit(mode)

    @Slot(bool)
    def _choose_welcome(self, shown: bool) -> None:
        self._settings.setValue(WELCOME, shown)
