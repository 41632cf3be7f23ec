"""Runs of a tiny model that are kept in a session, and what the model was after each of their steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Event, Report, StepApplied
from workbench.editing.job import Job, StepSink
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.facts.fact import Fact, Probe
from workbench.models.loaded import LoadedModel
from workbench.models.modules import module_of, select
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.state import state_tensors

TEXTS = ("A plain line of text.", "Another one, a little longer than that.")
DOWN = "model.layers.{1..2}.mlp.down_proj"


def facts(count: int, first: int = 0) -> list[Fact]:
    return [
        Fact(
            prompt=f"Item {i} is",
            target=("red", "a dog", "7", "Oslo")[i % 4],
            subject=f"Item {i}",
            rephrases=(f"What is {i}?",) if i % 2 else (),
            locality=(Probe(f"Thing {i} is", "blue"),) if i % 3 == 0 else (),
            tags=("even",) if i % 2 == 0 else (),
        )
        for i in range(first, first + count)
    ]


def recipe(**changes: Any) -> Recipe:
    settings: dict[str, Any] = {"batch": 2, "step_size": 3e-3, "warmup_facts": 4, "modules": DOWN}
    return Recipe(**settings | changes)


def job(count: int, warmup: int = 4) -> Job:
    return Job(facts(count), facts(warmup, 1000), ordinary_text=TEXTS, perplexity_text=TEXTS)


def editor(chosen: Recipe, loaded: LoadedModel | None = None) -> Editor:
    loaded = loaded or tiny_model()
    return Editor(loaded, select(loaded.modules, chosen.modules), chosen)


class Watching:
    """A sink that also copies the state after every step, under (warming up, step)."""

    def __init__(self, sink: StepSink, of: Editor) -> None:
        self.states: dict[tuple[bool, int], dict[str, Tensor]] = {}
        self._sink, self._editor = sink, of

    def keep_start(self) -> None:
        self._sink.keep_start()

    def keep_step(
        self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None:
        self._sink.keep_step(step, warming_up, shifts, traced, report)
        self.states[warming_up, step] = copied(self._editor)

    def keep_event(self, event: Event) -> None:
        self._sink.keep_event(event)


def copied(of: Editor) -> dict[str, Tensor]:
    """Weights, statistics and precision."""
    tensors = state_tensors(of)
    for module in of.modules:
        weight = module_of(of.loaded.model, module).weight
        assert isinstance(weight, Tensor)
        tensors[f"weight/{module.name}"] = weight
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def assert_same_state(got: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Bit for bit."""
    assert got.keys() == wanted.keys()
    different = [name for name in wanted if not torch.equal(got[name], wanted[name])]
    assert different == []


def run_kept(
    path: Path, chosen: Recipe, what: Job, keeping: Keeping | None = None
) -> tuple[Editor, Watching, list[Event]]:
    """A whole run in a new session at ``path``."""
    of = editor(chosen)
    with Session.create(path, keeping=keeping) as session:
        sink = Watching(session.start_run(of, what), of)
        return of, sink, list(Run(of, what, sink=sink).events())


def run_until(session: Session, chosen: Recipe, what: Job, stop_after: int) -> list[Event]:
    """A run that the person stops after an editing step."""
    of, control = editor(chosen), Control()
    seen: list[Event] = []
    for event in Run(of, what, control, session.start_run(of, what)).events():
        seen.append(event)
        if isinstance(event, StepApplied) and event.step == stop_after:
            control.stop()
    return seen


def resumed(session: Session, run: int | None = None) -> tuple[Editor, list[Event]]:
    """To its end, on a fresh model."""
    going = session.resume(tiny_model(), run)
    return going.editor, list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())


def told(events: Sequence[Event]) -> list[StepApplied]:
    return [event for event in events if isinstance(event, StepApplied)]
