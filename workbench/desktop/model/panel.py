"""The model dock: what is loaded, which of its modules are edited, and how to be rid of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.model.card import ModelCard, card_of
from workbench.desktop.model.module_picker import ModulePicker
from workbench.desktop.model.needs import editing_memory
from workbench.desktop.theme import mark
from workbench.desktop.widgets import (
    ElidedLabel,
    Sentence,
    label,
    permit,
    push_button,
    row,
    scrolled,
    tip,
    tool_button,
)
from workbench.desktop.words import breakable

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.models.presets import Preset

INVITATION = "No model yet. Load the starter, a folder, a GGUF file or a model from the hub."
UNLOAD_HELP = "Take the model out of memory"


class ModelPanel(QWidget):
    """The right dock's first tab. Fits 280 pixels."""

    load_wanted = Signal()
    unload_wanted = Signal()
    modules_changed = Signal(object)  # tuple of EditableModules
    preset_chosen = Signal(object)  # models.presets.Preset: its settings belong into the method panel

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model-panel")
        self._loaded: LoadedModel | None = None
        self._preconditioned = False
        self.picker = ModulePicker()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(self._card_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.picker.modules_changed.connect(self._show_memory)
        self.picker.modules_changed.connect(self.modules_changed)
        self.picker.preset_chosen.connect(self.preset_chosen)

    def set_model(self, loaded: "LoadedModel | None") -> None:
        """Ticks the modules of the preset that fits, or of a guess, and emits ``modules_changed``; the settings of
        ``preset()`` are for the caller to take over."""
        self._loaded = loaded
        self._stack.setCurrentIndex(0 if loaded is None else 1)
        if loaded is not None:
            self._show_card(card_of(loaded))
        self.picker.set_model(loaded)
        self._show_memory()

    def modules(self) -> "tuple[EditableModule, ...]":
        return self.picker.modules()

    def pattern(self) -> str:
        return self.picker.pattern()

    def preset(self) -> "Preset | None":
        return self.picker.preset()

    def set_pattern(self, pattern: str) -> None:
        """Raises SettingError where it fits no module."""
        self.picker.set_pattern(pattern)

    @Slot(object)
    def set_recipe(self, recipe: "Recipe") -> None:
        """For the memory that editing takes."""
        self._preconditioned = recipe.keeps_precision
        self._show_memory()

    def lock(self, reason: str) -> None:
        """While a run goes on: nothing changes, and everything says why. Empty: unlocked."""
        self.picker.lock(reason)
        permit(self.unload_button, reason, UNLOAD_HELP)

    def _empty_page(self) -> QWidget:
        self.load_button = push_button("Load model…", "model-load-wanted")
        mark(self.load_button, primary=True)
        self.load_button.clicked.connect(self.load_wanted)
        return EmptyPage(INVITATION, self.load_button)

    def _card_page(self) -> QWidget:
        self.name, self.summary = label("", "title"), label("", "dim")
        self.unload_button = push_button("Unload", "model-unload", UNLOAD_HELP)
        mark(self.unload_button, quiet=True)
        self.unload_button.clicked.connect(self.unload_wanted)
        self.memory = Sentence("model-editing-memory")
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        heading = QHBoxLayout()
        heading.addWidget(self.name, 1)
        heading.addWidget(self.unload_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(heading)
        column.addWidget(self.summary)
        column.addLayout(self._details())
        column.addSpacing(4)
        column.addWidget(self.picker)
        column.addWidget(self.memory)
        column.addStretch(1)
        return scrolled(content, "Model")

    def _details(self) -> QFormLayout:
        self.tokenizer, self.positions, self.hash = (ElidedLabel() for _ in range(3))
        self.copy_button = tool_button("copy", "model-copy-hash", "Copy the SHA-256 of the weights")
        self.copy_button.clicked.connect(self._copy_hash)
        hash_row = row(self.hash, self.copy_button, spacing=4)
        hash_row.setStretch(0, 1)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label("Tokenizer", "dim", wrap=False), self.tokenizer)
        form.addRow(label("Window", "dim", wrap=False), self.positions)
        form.addRow(label("SHA-256", "dim", wrap=False), hash_row)
        return form

    def _show_card(self, card: ModelCard) -> None:
        self.name.setText(breakable(card.name))
        self.name.setToolTip(tip(card.source))
        self.summary.setText(card.summary)
        self.tokenizer.set_whole(card.tokenizer, card.tokenizer_class)
        self.positions.set_whole(card.window)
        self.hash.set_whole(f"{card.sha256[:8]}…{card.sha256[-4:]}", card.sha256)

    @Slot()
    def _copy_hash(self) -> None:
        if self._loaded is not None:
            QGuiApplication.clipboard().setText(self._loaded.sha256)

    @Slot()
    def _show_memory(self) -> None:
        if self._loaded is None or not self.modules():
            self.memory.say("")
            return
        self.memory.say(*editing_memory(self._loaded, self.modules(), self._preconditioned))
