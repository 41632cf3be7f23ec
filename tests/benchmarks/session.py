"""What durability costs, how fast a large session opens, and how much room it takes.

    python -m tests.benchmarks.session

Prints one JSON line. ``preset``: the starter's own facts with its default preset; ``one_pass``: the same from the same
warm-up with one pass a step. About four minutes on two cores."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.session.kept_runs import editor, facts, recipe
from tests.tiny import tiny_model
from workbench.editing.editor import Editor
from workbench.editing.events import Event, ModuleStep, Report, StepApplied
from workbench.editing.job import Done, Job
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.start import preset_of, starting_recipe
from workbench.editing.tracing import Traced
from workbench.facts.starter import starter_facts
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.recorder import RunRecorder

FACTS, STEPS, MODULES, BATCH = 100_000, 1_000, 9, 100
MIB = 1 << 20


class Timed:
    """A recorder, and how long it took to keep each editing step, then its figures and a checkpoint."""

    def __init__(self, recorder: RunRecorder) -> None:
        self.recorder = recorder
        self.bare: list[float] = []  # seconds of the steps themselves
        self.kept: list[float] = []
        self.reported: list[float] = []

    def keep_start(self) -> None:
        self.recorder.keep_start()

    def keep_step(
        self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None:
        seconds = timed(lambda: self.recorder.keep_step(step, warming_up, shifts, traced, report))
        if not warming_up:
            self.kept.append(seconds)

    def keep_event(self, event: Event) -> None:
        seconds = timed(lambda: self.recorder.keep_event(event))
        if isinstance(event, StepApplied):
            self.bare.append(event.seconds - self.kept[-1])
            self.reported.append(seconds)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def starter_session(folder: Path, steps: int) -> dict[str, Any]:
    """What a person who opens the starter session and presses *Warm up* and *Edit* has after some steps."""
    loaded = load("starter", device="cpu", dtype="float32")
    chosen = starting_recipe(preset_of(loaded))
    of = Editor(loaded, select(loaded.modules, chosen.modules), chosen)
    edits, warmup = starter_facts()
    job = Job(edits[: steps * chosen.batch], warmup)
    with Session.create(folder, keeping=Keeping(checkpoint_every=1)) as session:
        preset = durable(session, Run(of, job, sink=Timed(session.start_run(of, job))))
        going = session.branch(of, 1, 0, chosen.with_(passes=1))
        sink, done = Timed(going.recorder), Done(going.done.warmup_steps)
        return {
            "preset": preset,
            "one_pass": durable(session, Run(going.editor, going.job, None, sink, done)),
        }


def durable(session: Session, run: Run) -> dict[str, Any]:
    """A checkpoint's time is spread over as many steps as the default has between two."""
    for _event in run.events():
        pass
    sink = run.sink
    assert isinstance(sink, Timed)
    back = timed(lambda: session.rewind(run.editor, sink.recorder.run, run.steps_done - 1))
    bare, kept, reported = np.array([sink.bare, sink.kept, sink.reported]).mean(1).tolist()
    cost = kept + reported / Keeping().checkpoint_every
    records = [s for s in session.steps(sink.recorder.run) if s.position.editing]
    checkpoints = [file.stat().st_size for file in (session.folder / "checkpoints").glob("*-edit*")]
    return {
        "step_seconds": round(bare, 3),
        "durable_seconds": round(cost, 3),
        "ratio": round((bare + cost) / bare, 3),
        "rewind_seconds": round(back, 3),
        "step_mib_per_1000_edits": round(sum(s.file.bytes for s in records) / MIB * 1000 / run.facts_done, 1),
        "checkpoint_mib": round(max(checkpoints) / MIB, 1),
    }


def told_of(step: int, modules: dict[str, ModuleStep]) -> StepApplied:
    numbers: dict[str, Any] = {
        f: 0.5 for f in StepApplied.__dataclass_fields__ if f not in ("step", "modules")
    }
    numbers |= {name: np.full(BATCH, 0.5) for name in ("fact_success", "fact_loss")}
    return StepApplied(step=step, modules=modules, **numbers)


def large_session(folder: Path) -> dict[str, float]:
    """Every row that a long run has, with steps that all name one tiny file."""
    listed = facts(FACTS)
    with Session.create(folder) as session:
        inserted = timed(lambda: session.set_facts("edit", listed))
        spliced = timed(lambda: session.splice_facts("edit", 10, 1, facts(2, FACTS)))
        grow_run(session, Job(listed))
    opened: list[Session] = []
    opening = timed(lambda: opened.append(Session.open(folder)))
    with opened[0] as session:
        return {
            "insert_seconds": round(inserted, 2),
            "splice_seconds": round(spliced, 2),
            "open_seconds": round(opening, 2),
            "runs_seconds": round(timed(session.runs), 2),
            "steps_seconds": round(timed(lambda: session.steps(1)), 2),
            "facts_seconds": round(timed(lambda: session.facts("edit")), 2),
            "database_mib": round((folder / "session.db").stat().st_size / MIB, 1),
        }


def grow_run(session: Session, job: Job) -> None:
    of = editor(recipe(), tiny_model())
    recorder = session.start_run(of, job)
    nothing = torch.empty(0, 1)
    traced = Traced({}, {}, nothing[:, 0], nothing[:, 0], torch.empty(0))
    numbers = dict.fromkeys((f for f in ModuleStep.__dataclass_fields__ if f != "spectrum"), 0.123456789)
    module = ModuleStep(**numbers, spectrum=np.geomspace(1, 1e-9, 128))  # type: ignore[arg-type]
    modules = {f"model.layers.{i}.mlp.down_proj": module for i in range(MODULES)}
    for step in range(1, STEPS + 1):
        told = told_of(step, modules)
        recorder.keep_step(step, False, {}, traced, told)
        recorder.keep_event(told)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=3, metavar="N", help="of 100 of the starter's facts")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {
            "threads": torch.get_num_threads(),
            "large": large_session(Path(folder) / "large"),
        }
        result |= starter_session(Path(folder) / "starter", options.steps)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
