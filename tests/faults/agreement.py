"""Whether what is shown is what is in the session and in the weights."""

from tests.faults.person import Person, weights_of
from workbench.desktop.facts.store.states import State, StateArray
from workbench.desktop.workspace.opened import read_session
from workbench.models.loaded import LoadedModel
from workbench.session.lineage import standing
from workbench.session.state import fingerprint, state_tensors


def require_agreement(person: Person, other: LoadedModel) -> None:
    """``other``: an unedited model, and unedited again afterwards. Raises AssertionError."""
    if person.session is not None:
        _require_table(person)
        _require_steps(person)
    if person.bench.loaded is not None:
        assert weights_of(person.bench) == person.known(person.stands).weights, "weights"
    if person.bench.chain:
        _require_rebuilt(person, other)


def _require_table(person: Person) -> None:
    """The lists, the state and step of every fact, and how many are edited, are those of the session as it is now."""
    assert person.session is not None
    opened, stands = read_session(person.session), standing(person.session)
    assert list(person.facts) == list(opened.facts.facts), "facts"
    assert list(person.warmup) == list(opened.warmup.facts), "warm-up facts"
    assert _words(person.facts.states()) == _words(opened.states), "states of facts"
    assert person.facts.steps.tolist() == opened.steps.tolist(), "steps of facts"
    assert person.bench.loaded is None or stands == person.stands, "runs behind the model"
    edited = person.known(stands).edited
    marked = {f: s for f, s in zip(person.facts, person.facts.steps.tolist(), strict=True) if s >= 0}
    assert marked == {fact: edited[fact] for fact in person.facts if fact in edited}, "edited facts"
    assert opened.edits == len(marked), "count of edited facts"


def _require_steps(person: Person) -> None:
    assert person.session is not None
    kept = {run.id: run.steps_done for run in person.session.runs()}
    assert all(run.reason for run in person.session.runs()), "a run without an end"
    assert all(step <= kept[run] for run, step in person.book), "a step that was kept is lost"


def _require_rebuilt(person: Person, other: LoadedModel) -> None:
    """Weights, statistics and precision, bit for bit, and the settings that they were made with."""
    editor, last = person.bench.editor, person.bench.chain[-1]
    assert person.session is not None
    assert editor is not None
    again = person.session.rebuild(other, last, person.bench.cuts.get(last))
    try:
        assert again.bit_equal, "rounded otherwise"
        assert editor.recipe == again.editor.recipe, "recipe"
        assert fingerprint(state_tensors(editor)) == fingerprint(state_tensors(again.editor)), "state"
    finally:
        again.editor.restore()


def _words(states: StateArray) -> list[str]:
    return [State(state).word for state in states]
