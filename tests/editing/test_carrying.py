"""Every setting is either one that a state of the model goes on with, or one that it was made with."""

from dataclasses import fields, replace

import pytest

from workbench.editing.carrying import Made, why_not_carried
from workbench.editing.recipe import Recipe
from workbench.editors.located.settings import MemitSettings

OTHER = {
    "normalisation": "none",
    "scope": "shape",
    "loss": "minibatch-mean",
    "ridge": 3.0,
    "protection": 20.0,
    "memory": 3.0,
    "warmup_memory": 3.0,
    "seed": 5,
    "floor_kind": "absolute",
    "floor": 0.5,
    "rescale": False,
    "step_size": 0.5,
    "passes": 3,
    "batch": 7,
    "minibatch": 7,
    "warmup_mode": "none",
    "warmup_facts": 7,
    "evaluate_every": 7,
    "on_error": "skip",
    "name": "other",
    "modules": "",
    "form": "plain",
    "key_cap": 7.0,
    "shift_cap": 7.0,
    "budget": 7.0,
    "ending": "none",
    "chat_share": 0.25,
    "taken": "fact",
    "positions": "subject",
    "subject_share": 0.5,
    "system_prompt": "Be brief.",
    "editor": "memit",
    "method": MemitSettings(),
}
OF_EDITOR = {"editor", "method"}
OF_STATISTICS = {*OF_EDITOR, "normalisation", "scope", "loss", "form", "positions", "warmup_memory"}
MODULES = frozenset({"a", "b"})
RECIPE = Recipe(protection=10.0, memory=1.0)


def of_no_use(made: Made) -> set[str]:
    changed = {name: replace(made.recipe, **{name: value}) for name, value in OTHER.items()}  # type: ignore[arg-type]
    return {name for name, recipe in changed.items() if why_not_carried(made, recipe, MODULES)}


def test_every_setting_is_decided() -> None:
    assert OTHER.keys() == {field.name for field in fields(Recipe)}
    assert all(getattr(RECIPE, name) != value for name, value in OTHER.items() if name != "modules")


@pytest.mark.parametrize(
    ("made", "fixed"),
    [
        (Made(RECIPE, MODULES, rows=True, precision=True), {*OF_STATISTICS, "ridge", "protection", "seed"}),
        (Made(RECIPE, MODULES, rows=False, precision=True), {*OF_EDITOR, "ridge", "protection", "seed"}),
        (Made(Recipe(memory=1), MODULES, rows=True, precision=True), {*OF_STATISTICS, "ridge", "protection"}),
        (Made(Recipe(), MODULES, rows=True, precision=False), OF_STATISTICS),
        (Made(RECIPE, MODULES, rows=False, precision=False), set()),
    ],
)
def test_what_a_state_was_made_with_stays(made: Made, fixed: set[str]) -> None:
    assert of_no_use(made) == fixed


def test_a_memory_is_not_left_behind() -> None:
    made = Made(Recipe(memory=1), MODULES, rows=True, precision=True)
    assert why_not_carried(made, Recipe(memory=0), MODULES) == "Edit memory changed"
    assert not why_not_carried(made, Recipe(memory=2), MODULES)
    both = why_not_carried(made, Recipe(memory=0, ridge=2, scope="shape"), MODULES)
    assert both == "Statistics scope and Ridge changed"


def test_other_modules_have_no_state() -> None:
    made = Made(Recipe(), MODULES, rows=True, precision=False)
    assert why_not_carried(made, Recipe(), {"b", "a"}) == ""
    assert why_not_carried(made, Recipe(), {"a"}) == "other modules are chosen"
