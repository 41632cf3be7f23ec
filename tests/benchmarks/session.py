"""What durability costs, how fast a large session opens, and how much room it takes.

    python -m tests.benchmarks.session

Prints one JSON line. Loads the starter model; about a minute on two cores."""

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
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import ModuleStep, StepApplied
from workbench.editing.job import Job
from workbench.editing.tracing import Traced, trace
from workbench.facts.fact import Fact
from workbench.models.encoding import encode
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.recorder import RunRecorder

FACTS, STEPS, MODULES, BATCH = 100_000, 1_000, 9, 100


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def durable_steps(folder: Path, steps: int, settings: dict[str, Any]) -> dict[str, Any]:
    """On the starter model. A checkpoint's time is spread over as many steps as the default has between two."""
    loaded = load("starter", device="cpu", dtype="float32")
    chosen = recipe(batch=BATCH, step_size=1e-4, modules="mlp.down_proj@18-26", **settings)
    of = Editor(loaded, select(loaded.modules, chosen.modules), chosen)
    if of.keeps_precision:
        of.protect({})
    listed = facts(BATCH * steps)
    with Session.create(folder, keeping=Keeping(checkpoint_every=1)) as session:
        recorder = session.start_run(of, Job(listed))
        times = [one_step(of, recorder, n, listed[(n - 1) * BATCH : n * BATCH]) for n in range(1, steps + 1)]
        back = timed(lambda: session.rewind(of, step=steps - 1))
    bare, kept, told = np.array(times).mean(0).tolist()
    durable = kept + told / Keeping().checkpoint_every
    return {
        "step_seconds": round(bare, 3),
        "durable_seconds": round(durable, 3),
        "ratio": round((bare + durable) / bare, 3),
        "rewind_seconds": round(back, 3),
        "step_mib_per_1000_edits": round(mebibytes(folder / "steps") / steps * 1000 / BATCH, 1),
        "checkpoint_mib": round(
            mebibytes(folder / "checkpoints") / len(list((folder / "checkpoints").iterdir())), 1
        ),
    }


def one_step(
    of: Editor, recorder: RunRecorder, number: int, batch: Sequence[Fact]
) -> tuple[float, float, float]:
    """Seconds of the step, of keeping it, and of keeping its figures and a checkpoint."""
    began = time.perf_counter()
    encoded = [encode(of.loaded.tokenizer, f.prompt, f.target) for f in batch]
    names = [f.prompt for f in batch]
    traced = trace(of.loaded, of.modules, encoded, names, per_edit=True, minibatch=10, control=Control())
    of.observe(traced)
    shifts, whitenings = of.shifts(traced, warming_up=False)
    modules = of.measure(shifts, whitenings)
    of.apply(shifts, traced)
    bare = time.perf_counter() - began
    kept = timed(lambda: recorder.keep_step(number, False, shifts, traced))
    return bare, kept, timed(lambda: recorder.keep_event(told_of(number, modules)))


def told_of(step: int, modules: dict[str, ModuleStep]) -> StepApplied:
    numbers: dict[str, Any] = {
        f: 0.5 for f in StepApplied.__dataclass_fields__ if f not in ("step", "modules")
    }
    numbers |= {name: np.full(BATCH, 0.5) for name in ("fact_success", "fact_loss")}
    return StepApplied(step=step, modules=modules, **numbers)


def mebibytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / (1 << 20)


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
    for step in range(1, STEPS + 1):
        recorder.keep_step(step, False, {}, traced)
        recorder.keep_event(told_of(step, modules))


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
