"""What durability costs, how fast a large session opens, and how much room it takes.

    python -m tests.benchmarks.session

Prints one JSON line. Loads the starter model; about two minutes on two cores."""

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

from tests.session.kept_runs import TEXTS, editor, facts, recipe
from tests.tiny import tiny_model
from workbench.editing.editor import Editor
from workbench.editing.events import Event, ModuleStep, StepApplied
from workbench.editing.job import Job, StepSink
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.session.folder import Session
from workbench.session.keeping import Keeping

FACTS, STEPS, MODULES, BATCH = 100_000, 1_000, 9, 100


class Timed:
    """A sink that times another one, step by step."""

    def __init__(self, sink: StepSink) -> None:
        self.step_seconds: list[float] = []
        self.checkpoint_seconds: list[float] = []
        self._sink = sink

    def keep_step(self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced) -> None:
        self.step_seconds.append(timed(lambda: self._sink.keep_step(step, warming_up, shifts, traced)))

    def keep_event(self, event: Event) -> None:
        seconds = timed(lambda: self._sink.keep_event(event))
        if isinstance(event, StepApplied):
            self.checkpoint_seconds.append(seconds)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def durable_steps(folder: Path, steps: int, settings: dict[str, Any]) -> dict[str, Any]:
    """On the starter model; the checkpoint that follows every step is spread over as many as the default has."""
    loaded = load("starter", device="cpu", dtype="float32")
    chosen = recipe(
        batch=BATCH, step_size=1e-4, modules="mlp.down_proj@18-26", warmup_mode="none", **settings
    )
    of = Editor(loaded, select(loaded.modules, chosen.modules), chosen)
    job = Job(facts(BATCH * steps), ordinary_text=TEXTS, perplexity_text=TEXTS)
    with Session.create(folder, keeping=Keeping(checkpoint_every=1)) as session:
        sink = Timed(session.start_run(of, job))
        run = Run(of, job, sink=sink)
        list(run.prepare())
        whole = [event.seconds for event in kept(run, sink) if isinstance(event, StepApplied)]
        back = timed(lambda: session.rewind(of, step=steps - 1))
    bare = [seconds - durable for seconds, durable in zip(whole, sink.step_seconds, strict=True)]
    checkpoint = float(np.mean(sink.checkpoint_seconds)) / Keeping().checkpoint_every
    return {
        "step_seconds": round(float(np.mean(bare)), 3),
        "durable_seconds": round(float(np.mean(sink.step_seconds)) + checkpoint, 3),
        "ratio": round((float(np.mean(whole)) + checkpoint) / float(np.mean(bare)), 3),
        "rewind_seconds": round(back, 3),
        "step_mib_per_1000_edits": mebibytes(folder / "steps", steps) * 1000 / BATCH,
        "checkpoint_mib": mebibytes(folder / "checkpoints", len(list((folder / "checkpoints").iterdir()))),
    }


def kept(run: Run, sink: Timed) -> list[Event]:
    events = []
    for event in run.edit():
        sink.keep_event(event)
        events.append(event)
    return events


def mebibytes(folder: Path, count: int) -> float:
    return round(sum(file.stat().st_size for file in folder.iterdir()) / count / (1 << 20), 2)


def large_session(folder: Path) -> dict[str, float]:
    """Every row that a long run has, with steps that all name one tiny file."""
    listed = facts(FACTS)
    with Session.create(folder) as session:
        inserted = timed(lambda: session.set_facts("edit", listed))
        spliced = timed(lambda: session.splice_facts("edit", 10, 1, facts(2, FACTS)))
        grow_run(session, Job(listed, perplexity_text=TEXTS))
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
            "database_mib": round((folder / "session.db").stat().st_size / (1 << 20), 1),
        }


def grow_run(session: Session, job: Job) -> None:
    of = editor(recipe(), tiny_model())
    recorder = session.start_run(of, job)
    nothing = torch.empty(0, 1)
    traced = Traced({}, {}, nothing[:, 0], nothing[:, 0], torch.empty(0))
    numbers = dict.fromkeys((f for f in ModuleStep.__dataclass_fields__ if f != "spectrum"), 0.123456789)
    module = ModuleStep(**numbers, spectrum=np.geomspace(1, 1e-9, 128))  # type: ignore[arg-type]
    modules = {f"model.layers.{i}.mlp.down_proj": module for i in range(MODULES)}
    told = {f: 0.5 for f in StepApplied.__dataclass_fields__ if f not in ("step", "modules")}
    for step in range(1, STEPS + 1):
        recorder.keep_step(step, False, {}, traced)
        recorder.keep_event(StepApplied(step=step, modules=modules, **told))  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=3, metavar="N", help="of 100 edits on the starter")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {
            "threads": torch.get_num_threads(),
            "large": large_session(Path(folder) / "large"),
        }
        result["plain"] = durable_steps(Path(folder) / "plain", options.steps, {})
        result["memory"] = durable_steps(Path(folder) / "memory", options.steps, {"memory": 1.0})
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
