"""Runs of the located editors, from a recipe's name to a session and back."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.session.kept_runs import copied
from tests.tiny import tiny_model
from workbench.editing.carrying import why_not_carried
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, Event, RunEnded, StepApplied
from workbench.editing.job import Job
from workbench.editing.kinds import make_editor
from workbench.editing.recipe import Recipe
from workbench.editing.recipes import recipe_named
from workbench.editing.run import Run
from workbench.editors.located.settings import AlphaEditSettings, MemitSettings, ValueSettings
from workbench.errors import SettingError
from workbench.facts.fact import Fact
from workbench.models.modules import select
from workbench.session.folder import Session

NAMES = ("memit", "memit-seq", "alphaedit", "rome")
DOWN = "mlp.down_proj@0-1"
TEXTS = tuple(f"Ordinary text number {i} says little, {i * i} times over, about the sea." for i in range(40))
FACTS = [
    Fact(f"The colour of {name} is", target, subject=name, rephrases=(f"{name} has the colour",))
    for name, target in (
        ("Ada", " red"),
        ("Bob", " blue"),
        ("Cleo", " green"),
        ("Dan", " grey"),
        ("Eve", " pink"),
    )
]


def recipe(name: str) -> Recipe:
    return recipe_named(name).with_(batch=2, modules=DOWN)


def free(name: str) -> Recipe:
    """With little that holds a shift back: a random model has no room for what it should keep."""
    chosen = recipe(name)
    assert isinstance(chosen.method, ValueSettings)
    method = replace(chosen.method, decay=0.0, divergence=0.0, clamp=100.0, contexts=0)
    if isinstance(method, MemitSettings):
        method = replace(method, protection=1e-3)
    if isinstance(method, AlphaEditSettings):
        method = replace(method, threshold=1e6, ridge=1e-3)
    return chosen.with_(method=method)


def editor_of(chosen: Recipe, *, attending: bool = False) -> Editor:
    """``attending``: to earlier tokens, which a random model hardly does."""
    loaded = tiny_model()
    for parameter in loaded.model.parameters() if attending else ():
        parameter.data *= 4
    return make_editor(loaded, select(loaded.modules, chosen.modules), chosen)


def job() -> Job:
    return Job(FACTS, (), TEXTS, TEXTS[:4])


def kept(session: Session, editor: Editor, stop_after: int = 99) -> list[Event]:
    control, seen = Control(), list[Event]()
    for event in Run(editor, job(), control, session.start_run(editor, job())).events():
        seen.append(event)
        if isinstance(event, StepApplied) and event.step == stop_after:
            control.stop_after_step()
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_a_run_lowers_the_loss_of_its_facts_and_changes_its_modules_only(name: str) -> None:
    editor = editor_of(free(name), attending=True)
    before = {key: value.clone() for key, value in editor.loaded.model.state_dict().items()}
    events = list(Run(editor, job()).events())
    steps = [e for e in events if isinstance(e, StepApplied)]
    assert isinstance(events[-1], RunEnded)
    assert [s.facts for s in steps] == [2, 2, 1]
    if name != "alphaedit":  # to which a random model gives no null space
        assert steps[0].fact_loss.mean() < steps[0].loss - 0.1
    assert [e.step for e in events if isinstance(e, Evaluated)][-1] == 3
    changed = {k for k, v in editor.loaded.model.state_dict().items() if not torch.equal(v, before[k])}
    assert changed <= {f"{m.name}.weight" for m in editor.modules}
    assert changed


@pytest.mark.parametrize("name", NAMES)
def test_a_session_holds_it_and_gives_every_state_back_bit_by_bit(name: str, tmp_path: Path) -> None:
    chosen = recipe(name)
    with Session.create(tmp_path / "whole") as session:
        whole = editor_of(chosen)
        kept(session, whole)
        wanted = copied(whole)
        again = session.rebuild(tiny_model(), 1)
        assert again.bit_equal
        assert all(torch.equal(tensor, wanted[key]) for key, tensor in copied(again.editor).items())
        assert again.editor.recipe == chosen
        assert not session.rebuild(tiny_model(), 1, 0).editor.model.is_edited
        going = session.replay_without(tiny_model(), 1, [1])
        list(Run(going.editor, going.job, Control(), going.recorder, going.done).events())
        assert session.run(2).facts == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_continued_comes_to_the_same(name: str, tmp_path: Path) -> None:
    with Session.create(tmp_path / "whole") as session:
        whole = editor_of(recipe(name))
        kept(session, whole)
    with Session.create(tmp_path / "parts") as session:
        kept(session, editor_of(recipe(name)), stop_after=1)
        going = session.resume(tiny_model())
        list(Run(going.editor, going.job, Control(), going.recorder, going.done).events())
        for key, tensor in copied(whole).items():
            assert torch.equal(copied(going.editor)[key], tensor), key


def test_other_modules_than_down_projections_are_refused_in_a_sentence() -> None:
    chosen = recipe("memit").with_(modules="mlp.up_proj@1")
    with pytest.raises(SettingError, match="does not end its layer's MLP"):
        editor_of(chosen)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_edited_is_of_use_with_the_same_editor_and_modules_only(name: str) -> None:
    editor = editor_of(recipe(name))
    list(Run(editor, job()).events())
    there = [m.name for m in editor.modules]
    assert why_not_carried(editor.made, editor.recipe, there) == ""
    assert why_not_carried(editor.made, editor.recipe, there[:1]) == "other modules are chosen"
    assert "editor" in why_not_carried(editor.made, recipe_named("ultraedit"), there)
