"""The method dock: every setting of a recipe, as workbench.settings describes it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.desktop.method.fields import NumberField
from workbench.desktop.method.groups import GROUPS, KEPT_BY_RECIPES
from workbench.desktop.method.own_settings import OwnSettings
from workbench.desktop.method.setting_row import SettingRow
from workbench.desktop.method.warmup import WarmupContext, warmup_in_words
from workbench.desktop.widgets import Fold, Sentence, label, permit, scrolled, tip
from workbench.editing.kinds import kind_named
from workbench.editing.recipe import Recipe
from workbench.editing.recipes import named_recipes
from workbench.errors import SettingError
from workbench.settings import described

if TYPE_CHECKING:
    from workbench.models.presets import Preset

UNREADABLE = "{label}: this is no {kind}; the value before it stays."


class MethodPanel(QWidget):
    """``recipe()`` is always valid: a value out of range says so below its field and changes nothing."""

    recipe_changed = Signal(object)  # Recipe
    editor_chosen = Signal(str)  # by the person: another kind, which may edit elsewhere
    problem_changed = Signal(str)  # why the panel cannot be taken as it stands; empty: it can

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("method-panel")
        self._base = self._recipe = Recipe()
        self._base_words = "the recipe"
        self._preset: Preset | None = None  # of the model
        self._problems: dict[str, str] = {}
        self._lock_reason = ""
        self._context = WarmupContext()
        settings = described(Recipe)
        self.rows = {
            name: SettingRow(name, setting, getattr(Recipe(), name)) for name, setting in settings.items()
        }
        for row in self.rows.values():
            row.edited.connect(self._edited)
            row.reset_wanted.connect(self._reset)
        self._build()
        self.set_recipe(named_recipes()[Recipe().name].recipe)

    def recipe(self) -> Recipe:
        """The last valid one."""
        return self._recipe

    def problem(self) -> str:
        """The first thing that is wrong with what is typed; empty where nothing is."""
        return next(iter(self._problems.values()), "")

    def set_recipe(self, recipe: Recipe, base: Recipe | None = None, base_words: str = "the recipe") -> None:
        """``base``: what settings count as changed from, said as ``base_words``; without it the recipe of that
        name, or the recipe itself where none has it."""
        known = named_recipes().get(recipe.name)
        self._base = base or (known.recipe if known else recipe)
        self._base_words = base_words
        self._take(recipe)

    def set_preset(self, preset: "Preset") -> None:
        """The preset's recipe with its settings; where and how often stays as it was."""
        self._preset = preset
        named = named_recipes()[preset.recipe].recipe
        base = named.with_(**preset.settings)
        self.set_recipe(self._keeping(base), base, f"the preset “{preset.title}”")

    def set_modules(self, pattern: str) -> None:
        """What the module grid chose."""
        if pattern != self._recipe.modules:
            self._take(self._recipe.with_(modules=pattern))

    def set_warmup_context(self, context: WarmupContext) -> None:
        self._context = context
        self._show_warmup()

    def lock(self, reason: str) -> None:
        """While a run goes on: everything can be read, and ``reason`` says why not changed. Empty: unlocked."""
        self._lock_reason = reason
        self.locked.say(reason)
        permit(self.recipe_box, reason, self._recipe_tip())
        for row in self.rows.values():
            row.lock(reason)
        self.own.lock(reason)

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self.locked = Sentence("method-locked")
        self._column.addWidget(self.locked)
        self._build_chooser()
        self.own = OwnSettings()
        self.own.changed.connect(self._take_own)
        self.own.problem_changed.connect(self._note_problem)
        self._column.addWidget(self.own)
        self._titles: list[tuple[QWidget, tuple[str, ...]]] = []  # of groups, and whose they are
        for group in GROUPS:
            self._add_group(self._column, group.title, group.names)
            if "warmup_facts" in group.names:
                self.warmup_says = Sentence("method-warmup-says")
                self._column.addWidget(self.warmup_says)
        self._column.addWidget(self._folded())
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(content, "Method"))

    def _build_chooser(self) -> None:
        self.recipe_box = QComboBox()
        self.recipe_box.setObjectName("method-recipe")
        self.recipe_box.setAccessibleName("Recipe")
        self.recipe_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.recipe_box.setMinimumContentsLength(10)
        for named in named_recipes().values():
            self.recipe_box.addItem(named.title, named.name)
            said = f"{named.summary}\n{named.origin[:1].upper()}{named.origin[1:]}."
            self.recipe_box.setItemData(self.recipe_box.count() - 1, tip(said), Qt.ItemDataRole.ToolTipRole)
        self.recipe_box.activated.connect(self._choose_recipe)
        self.summary = Sentence("method-summary")
        self._column.addWidget(label("Recipe", "group"))
        self._column.addWidget(self.recipe_box)
        self._column.addWidget(self.summary)

    def _add_group(self, column: QVBoxLayout, title: str, names: tuple[str, ...]) -> None:
        heading = label(title, "group")
        self._titles.append((heading, names))
        column.addSpacing(4)
        column.addWidget(heading)
        for name in names:
            column.addWidget(self.rows[name])

    def _folded(self) -> Fold:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for group in GROUPS:
            if group.more:
                self._add_group(column, group.title, group.more)
        self.fold = Fold("More settings", "method-more", content)
        return self.fold

    @Slot()
    def _choose_recipe(self) -> None:
        named = named_recipes()[str(self.recipe_box.currentData())]
        base, before = named.recipe, self._recipe.editor
        if self._preset is not None:
            measured = self._preset.settings_for(named.name).get("method", {})
            base = base.with_(method=kind_named(base.editor).changed(base.method, measured))
        self.set_recipe(self._keeping(base), base)
        if base.editor != before:
            self.editor_chosen.emit(base.editor)

    def _keeping(self, recipe: Recipe) -> Recipe:
        return recipe.with_(**{name: getattr(self._recipe, name) for name in KEPT_BY_RECIPES})

    @Slot(str)
    def _edited(self, name: str) -> None:
        row = self.rows[name]
        value = row.value()
        try:
            if value is None:
                kind = "whole number" if isinstance(getattr(self._recipe, name), int) else "number"
                raise SettingError(name, UNREADABLE.format(label=row.setting.label, kind=kind))
            changed = self._recipe.with_(**{name: value})
        except SettingError as error:
            self._set_problem(name, str(error))
            return
        self._set_problem(name, "")
        self._adopt(changed)

    @Slot(str)
    def _reset(self, name: str) -> None:
        self.rows[name].set_value(getattr(self._base, name))
        self._edited(name)

    def _take(self, recipe: Recipe) -> None:
        """Puts every setting into its field."""
        for name, row in self.rows.items():
            row.set_value(getattr(recipe, name))
            self._set_problem(name, "")
        self._adopt(recipe)

    def _adopt(self, recipe: Recipe) -> None:
        changed = recipe != self._recipe
        self._recipe = recipe
        self._show_state()
        if changed:
            self.recipe_changed.emit(recipe)

    @Slot(object)
    def _take_own(self, method: object) -> None:
        self._adopt(self._recipe.with_(method=method))

    def _set_problem(self, name: str, sentence: str) -> None:
        self.rows[name].show_error(sentence)
        self._note_problem(name, sentence)

    @Slot(str, str)
    def _note_problem(self, name: str, sentence: str) -> None:
        before = self.problem()
        self._problems.pop(name, None)
        if sentence:
            self._problems[name] = sentence
        self._show_fold()
        if self.problem() != before:
            self.problem_changed.emit(self.problem())

    def _show_state(self) -> None:
        named = named_recipes().get(self._recipe.name)
        self.recipe_box.setCurrentIndex(self.recipe_box.findData(self._recipe.name))
        self.summary.say(named.summary if named else "")
        permit(self.recipe_box, self._lock_reason, self._recipe_tip())
        floor = self.rows["floor"].field
        if isinstance(floor, NumberField):
            floor.set_unit("× mean" if self._recipe.floor_kind == "relative" else "")
        for name, row in self.rows.items():
            row.show_base(getattr(self._base, name), "" if name in KEPT_BY_RECIPES else self._base_words)
        kind = kind_named(self._recipe.editor)
        heeded = set(self.rows) if kind.heeds is None else kind.heeds
        for name, row in self.rows.items():
            row.setVisible(name in heeded)
        for heading, names in self._titles:
            heading.setVisible(any(name in heeded for name in names))
        if "warmup_facts" not in heeded:
            self.warmup_says.say("")
        base, words = self._base.method, self._base_words
        self.own.show_method(kind.title, self._recipe.method, base, words, self._lock_reason)
        self._show_fold()
        self._show_warmup()

    def _recipe_tip(self) -> str:
        named = named_recipes().get(self._recipe.name)
        return f"{named.summary}\n{named.origin[:1].upper()}{named.origin[1:]}." if named else ""

    def _show_fold(self) -> None:
        hidden = [name for group in GROUPS for name in group.more]
        wrong = sum(name in self._problems for name in hidden)
        changed = sum(
            getattr(self._recipe, n) != getattr(self._base, n) for n in hidden if n not in KEPT_BY_RECIPES
        )
        parts = [f"{wrong} to correct"] * bool(wrong) + [f"{changed} changed"] * bool(changed)
        self.fold.set_remark(", ".join(parts))

    def _show_warmup(self) -> None:
        if kind_named(self._recipe.editor).heeds is None:
            self.warmup_says.say(*warmup_in_words(self._recipe, self._context))
