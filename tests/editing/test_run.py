"""The run on tiny models: what it changes, what it leaves alone, and what it does when something goes wrong."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.tiny import ARCHITECTURES, tiny_model
from workbench.editing import solving, tracing
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import (
    EndReason,
    Evaluated,
    Event,
    MinibatchHalved,
    Phase,
    Progressed,
    RunEnded,
    RunStarted,
    StepApplied,
    WarmupProgressed,
)
from workbench.editing.job import Done, Job, NoSink
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.errors import DiskFull, InputError, NonFinite, OutOfMemory
from workbench.facts.fact import Fact, Probe
from workbench.models.export import export_hf
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, select
from workbench.models.provenance import Provenance

E = TypeVar("E")
TEXTS = ("The sea is wide and the night is long.", "Bread, salt and water were on the table.")
RECIPE = Recipe(
    batch=4, minibatch=3, step_size=1e-2, rescale=True, warmup_facts=16, shift_cap=0.0, budget=0.0
)


def facts(count: int, first: int = 0) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            f"Town {i} lies in",
            f"land {i * 7 % 11}",
            old="the sea",
            rephrases=(f"Where is town {i}? In",),
            locality=(Probe(f"River {i} flows to", "the sea"),),
        )
        for i in range(first, first + count)
    )


def down_projections(loaded: LoadedModel) -> tuple[EditableModule, ...]:
    """The last linear map of the two upper blocks."""
    names = [[m for m in loaded.modules if m.layer == layer][-1].name for layer in (1, 2)]
    return select(loaded.modules, ", ".join(names))


def editor_of(loaded: LoadedModel, recipe: Recipe = RECIPE) -> Editor:
    return Editor(loaded, down_projections(loaded), recipe)


def job(edits: int = 12, warmup: int = 16) -> Job:
    return Job(facts(edits), facts(warmup, 100), ordinary_text=TEXTS, perplexity_text=TEXTS)


def of_kind(events: list[Event], kind: type[E]) -> list[E]:
    return [e for e in events if isinstance(e, kind)]


def tensors_of(editor: Editor) -> dict[str, torch.Tensor]:
    """Copies of everything the statistics hold."""
    return {
        f"{key}/{name}": tensor.clone()
        for key, statistics in editor.statistics.items()
        for name, tensor in statistics.tensors().items()
    }


def weights(loaded: LoadedModel) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_editing_lowers_the_loss_and_changes_only_the_chosen_modules(
    architecture: str, tmp_path: Path
) -> None:
    loaded = tiny_model(architecture)
    before = weights(loaded)
    editor = editor_of(loaded, RECIPE.with_(step_size=3e-4, memory=1.0, ending="none"))
    events = list(Run(editor, job()).events())
    losses = [step.loss for step in of_kind(events, StepApplied)]
    scored = of_kind(events, Evaluated)
    changed = {name for name, tensor in weights(loaded).items() if not torch.equal(tensor, before[name])}
    assert changed == {f"{m.name}.weight" for m in editor.modules}
    assert len(losses) == 3
    second = list(Run(editor_of_edited(loaded, editor), Job(job().facts, perplexity_text=TEXTS)).events())
    assert of_kind(second, StepApplied)[0].loss < losses[0]
    assert scored[-1].scores.es >= scored[0].scores.es
    exported = export_hf(loaded, tmp_path / "out", Provenance("tiny", "0", 12, sorted(changed), {}))
    again = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        assert torch.equal(again(input_ids=ids).logits, loaded.model(input_ids=ids).logits)


def editor_of_edited(loaded: LoadedModel, before: Editor) -> Editor:
    """A second editor on the edited model: its first trace sees the edited weights."""
    return Editor(loaded, before.modules, before.recipe.with_(memory=0.0))


def test_the_events_tell_the_whole_story_in_order() -> None:
    events = list(Run(editor_of(tiny_model(), RECIPE.with_(evaluate_every=1)), job()).events())
    kinds = [type(e) for e in events]
    assert kinds == [
        RunStarted,
        *[WarmupProgressed] * 4,
        StepApplied,
        *[Evaluated] * 3,  # what its facts said before and say now, and the unedited model on all facts
        Evaluated,
        *[StepApplied, Evaluated] * 2,
        RunEnded,
    ]
    started, ended = events[0], events[-1]
    assert isinstance(started, RunStarted)
    assert (started.facts, started.warmup_facts, started.steps) == (12, 16, 3)
    assert isinstance(ended, RunEnded)
    assert (ended.reason, ended.facts_done, ended.steps_done) == (EndReason.FINISHED, 12, 3)
    last = of_kind(events, Evaluated)[-1]
    assert len(last.retention) == 3
    assert last.retention.mean() == pytest.approx(last.scores.es)
    assert [s.first_fact for s in of_kind(events, StepApplied)] == [0, 4, 8]


def test_a_warm_up_of_statistics_leaves_the_model_alone_and_one_of_edits_does_not() -> None:
    for mode, same in (("statistics", True), ("edits", False)):
        loaded = tiny_model()
        before = weights(loaded)
        run = Run(editor_of(loaded, RECIPE.with_(warmup_mode=mode)), job())
        events = [*run.prepare(), *run.warm_up()]
        assert all(torch.equal(before[k], v) for k, v in weights(loaded).items()) is same
        assert [e.weights_changed for e in of_kind(events, WarmupProgressed)] == [not same] * 4
        assert run.editor.rows > 0


def test_without_warm_up_whitening_waits_for_its_rows() -> None:
    recipe = RECIPE.with_(warmup_mode="none", batch=2)
    events = list(Run(editor_of(tiny_model(), recipe), job(edits=14)).events())
    shares = [next(iter(s.modules.values())) for s in of_kind(events, StepApplied)]
    whitened = [not np.isnan(m.floored_share) for m in shares]
    assert not whitened[0]
    assert whitened[-1]
    assert whitened == [m.rows >= m.d_out + 2 for m in shares]


@pytest.mark.parametrize("minibatch", [1, 7, 64])
def test_shifts_do_not_depend_on_the_minibatch(minibatch: int) -> None:
    moved = {}
    for size in (3, minibatch):
        editor = editor_of(tiny_model(), RECIPE.with_(minibatch=size))
        list(Run(editor, job()).events())
        moved[size] = editor.model.delta()
    for name, tensor in moved[3].items():
        assert float((tensor - moved[minibatch][name]).norm() / tensor.norm()) <= 1e-4


def test_pooled_statistics_are_shared_by_modules_of_one_shape() -> None:
    loaded = tiny_model()
    assert len(Editor(loaded, down_projections(loaded), RECIPE.with_(scope="shape")).statistics) == 1
    assert len(Editor(loaded, down_projections(loaded), RECIPE).statistics) == 2


def test_stopping_after_a_step_keeps_it_and_going_on_gives_the_uninterrupted_run() -> None:
    recipe = RECIPE.with_(memory=1.0, protection=10.0)
    whole = editor_of(tiny_model(), recipe)
    list(Run(whole, job()).events())

    loaded, control = tiny_model(), Control()
    editor = editor_of(loaded, recipe)
    run = Run(editor, job(), control)
    events: list[Event] = []
    for event in run.events():
        events.append(event)
        if isinstance(event, StepApplied):
            control.stop_after_step()
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.reason, ended.steps_done, ended.facts_done) == (EndReason.STOPPED, 1, 4)

    list(Run(editor, job(), done=Done(warmup_steps=4, steps=1)).events())
    for name, tensor in whole.model.delta().items():
        assert torch.equal(tensor, editor.model.delta()[name])


def test_stopping_at_once_keeps_whole_steps_only() -> None:
    editor, control = editor_of(tiny_model()), Control()
    run = Run(editor, job(), control)
    ended = None
    for ended in run.events():
        if isinstance(ended, StepApplied):
            control.stop()
    assert isinstance(ended, RunEnded)
    assert (ended.reason, ended.steps_done) == (EndReason.STOPPED, 1)
    once = editor_of(tiny_model())
    list(Run(once, Job(job().facts[:4], job().warmup, perplexity_text=TEXTS)).events())
    for name, tensor in once.model.delta().items():
        assert torch.equal(tensor, editor.model.delta()[name])


def test_a_shift_that_is_not_finite_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = editor_of(tiny_model())
    run = Run(editor, job())
    events: list[Event] = []
    kept: dict[str, torch.Tensor] = {}
    statistics: dict[str, torch.Tensor] = {}
    original = tracing.trace

    def poisoned(*given: object, **named: object) -> object:
        traced = original(*given, **named)  # type: ignore[arg-type]
        if run.steps_done == 1:
            kept.update({name: t.clone() for name, t in editor.model.delta().items()})
            statistics.update(tensors_of(editor))
            next(iter(traced.values.values()))[0, 0] = float("nan")
        return traced

    monkeypatch.setattr(solving, "trace", poisoned)
    with pytest.raises(NonFinite):
        events.extend(run.events())
    assert all(torch.equal(kept[name], t) for name, t in editor.model.delta().items())
    assert all(torch.equal(statistics[name], t) for name, t in tensors_of(editor).items())
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is EndReason.FAILED


def test_memory_that_runs_out_halves_the_minibatch_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = editor_of(tiny_model())
    list(Run(plain, job()).events())
    original = tracing.trace

    def small_memory(*given: object, minibatch: int, **named: object) -> object:
        if minibatch > 1:
            raise OutOfMemory("full")
        return original(*given, minibatch=minibatch, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(solving, "trace", small_memory)
    editor = editor_of(tiny_model())
    events = list(Run(editor, job()).events())
    assert [e.minibatch for e in of_kind(events, MinibatchHalved)] == [1]
    for name, tensor in plain.model.delta().items():
        assert float((tensor - editor.model.delta()[name]).norm() / tensor.norm()) <= 1e-4


def test_restoring_gives_the_unedited_bits() -> None:
    loaded = tiny_model(dtype=torch.bfloat16)
    before = weights(loaded)
    editor = editor_of(loaded)
    list(Run(editor, job()).events())
    with editor.model.unedited():
        assert all(torch.equal(before[k], v) for k, v in weights(loaded).items())
    assert not all(torch.equal(before[k], v) for k, v in weights(loaded).items())
    editor.restore()
    assert all(torch.equal(before[k], v) for k, v in weights(loaded).items())
    assert editor.rows == 0


def test_small_shifts_are_not_lost_in_bfloat16_weights() -> None:
    """Many steps, each below half a unit of the weights' last place, add up in the fp32 masters."""
    loaded = tiny_model(dtype=torch.bfloat16)
    editor = editor_of(loaded, RECIPE.with_(step_size=1e-6))
    list(Run(editor, job(edits=40)).events())
    for name, moved in editor.model.delta().items():
        assert float(moved.norm()) > 0, name


def test_a_fact_beyond_the_window_is_named_before_anything_is_edited() -> None:
    long = Fact("word " * 100, "end")
    with pytest.raises(InputError, match=r"word word.*256"):
        Run(editor_of(tiny_model()), Job((*facts(2), long), perplexity_text=TEXTS))


def test_progress_is_told_while_long_pieces_go_on() -> None:
    told: list[Progressed] = []
    recipe = RECIPE.with_(protection=1.0)
    run = Run(editor_of(tiny_model(), recipe), job(), Control(told.append))
    list(run.events())
    assert {p.phase for p in told} >= {Phase.PROTECTION, Phase.BASELINE, Phase.EVALUATION}
    last = {p.phase: p for p in told}
    assert all(p.done == p.total for p in last.values())


def test_pausing_waits_and_resuming_goes_on() -> None:
    control = Control()
    control.pause()
    assert control.paused
    control.resume()
    assert not control.is_set()
    control.pause()
    control.stop()
    assert control.is_set()


class Failing(NoSink):
    """Raises at the first event of a kind."""

    def __init__(self, kind: type[object], error: Exception) -> None:
        self.kept: list[Event] = []
        self._kind, self._error = kind, error

    def keep_event(self, event: Event) -> None:
        if isinstance(event, self._kind) and not any(isinstance(e, self._kind) for e in self.kept):
            self.kept.append(event)
            raise self._error
        self.kept.append(event)


@pytest.mark.parametrize("kind", [StepApplied, RunEnded])
@pytest.mark.parametrize("error", [ValueError("unforeseen"), DiskFull("The disk is full.")])
def test_any_error_is_told_and_kept_as_the_end_before_it_is_raised(
    kind: type[object], error: Exception
) -> None:
    sink, events = Failing(kind, error), list[Event]()
    with pytest.raises(type(error)):
        events.extend(Run(editor_of(tiny_model()), job(), sink=sink).events())
    (ended,) = of_kind(events, RunEnded)
    assert (events[-1], sink.kept[-1]) == (ended, ended)
    assert ended.reason is EndReason.FAILED
    assert str(error) in ended.message


def test_of_facts_that_contradict_each_other_the_later_one_counts() -> None:
    facts = [Fact("The harbour is", "a"), Fact("Bread is", "warm"), Fact("The harbour  is", "b")]
    editor = editor_of(tiny_model(), RECIPE.with_(warmup_mode="none", step_size=0.1, passes=8))
    events = list(Run(editor, Job(facts, perplexity_text=TEXTS)).events())
    assert [(e.first_fact, e.facts) for e in of_kind(events, StepApplied)] == [(0, 2), (2, 1)]
    es = of_kind(events, Evaluated)[-1].per_fact.es
    assert es[2] == 1
    assert es[0] < 1


def test_the_first_step_waits_for_no_scores() -> None:
    """They follow it, those of its own facts first, and are the unedited model's all the same."""
    whole, sliced = tiny_model(), tiny_model()
    few = of_kind(list(Run(editor_of(whole, RECIPE.with_(batch=12)), job(12)).events()), Evaluated)
    events = list(Run(editor_of(sliced), job(12)).events())
    kinds = [type(e) for e in events if isinstance(e, Evaluated | StepApplied)]
    assert kinds[:4] == [StepApplied, Evaluated, Evaluated, Evaluated]
    first, answers, then = of_kind(events, Evaluated)[:3]
    assert (answers.step, answers.scores.facts, len(answers.per_fact.wrote)) == (1, 4, 4)
    assert (first.step, first.scores.facts) == (0, 4)
    assert np.isnan(first.per_fact.es).tolist() == [False] * 4 + [True] * 8
    assert np.isnan(first.scores.perplexity)
    assert (then.step, repr(then.scores)) == (0, repr(few[2].scores))
    for name in ("es", "gs", "generated", "locality_kept"):
        assert np.array_equal(getattr(then.per_fact, name), getattr(few[0].per_fact, name), equal_nan=True)
    assert of_kind(events, Evaluated)[-1].scores.facts == 12
