"""A lifelong run: 20,000 edits of a tiny model in one session, kept as any other run.

    python -m tests.benchmarks.long_run [--edits N] [--session FOLDER]

Prints one JSON line. ``seconds_ratio``: median time of the steps of the last 1,000 edits, with their keeping, over
that of the first 1,000; ``memory_ratio``: resident memory at the end over that after the first 1,000. ``norm_growth``:
of the module whose shift norms grew most, the mean of the last 1,000 edits' over that of the first 1,000's. A report of
a session that ``--session`` keeps plots them."""

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import torch

from tests.session.kept_runs import TEXTS, facts
from tests.tiny import tiny_model
from workbench.cli.sessions import session_for
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, StepApplied
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.models.modules import select

BATCH, WINDOW = 10, 1_000  # edits of a step; edits of the first and of the last stretch
WARMUP = 100
RECIPE = Recipe(
    batch=BATCH,
    minibatch=BATCH,
    step_size=1e-4,
    warmup_facts=WARMUP,
    modules="model.layers.{1..2}.mlp.down_proj",
    protection=100.0,
    memory=1.0,
    evaluate_every=0,
)


@dataclass
class Watched:
    """By step; resident memory in bytes."""

    seconds: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    norms: list[list[float]] = field(default_factory=list)
    drifts: list[list[float]] = field(default_factory=list)
    scores: list[Evaluated] = field(default_factory=list)

    def add(self, step: StepApplied, seconds: float) -> None:
        self.seconds.append(seconds)
        self.resident.append(psutil.Process().memory_info().rss)
        self.norms.append([m.shift_norm for m in step.modules.values()])
        self.drifts.append([m.weight_drift for m in step.modules.values()])


def watch(edits: int, folder: Path) -> Watched:
    loaded = tiny_model()
    editor = Editor(loaded, select(loaded.modules, RECIPE.modules), RECIPE)
    job = Job(facts(edits), facts(WARMUP, 10**6), ordinary_text=TEXTS, perplexity_text=TEXTS)
    watched = Watched()
    with session_for(folder, loaded, job) as session:
        run = Run(editor, job, sink=session.start_run(editor, job))
        began = time.perf_counter()
        for event in run.events():
            if isinstance(event, StepApplied):
                watched.add(event, time.perf_counter() - began)
            elif isinstance(event, Evaluated):
                watched.scores.append(event)
            began = time.perf_counter()
    return watched


def figures(watched: Watched) -> dict[str, object]:
    steps = WINDOW // BATCH
    norms = np.array(watched.norms)  # (steps, modules)
    seconds = np.array(watched.seconds)
    first, last = watched.scores[0].scores, watched.scores[-1].scores
    return {
        "edits": len(seconds) * BATCH,
        "seconds_ratio": round(float(np.median(seconds[-steps:]) / np.median(seconds[:steps])), 3),
        "memory_ratio": round(watched.resident[-1] / watched.resident[steps - 1], 3),
        "norm_growth": round(float((norms[-steps:].mean(0) / norms[:steps].mean(0)).max()), 3),
        "largest_norm": float(f"{norms.max():.3g}"),
        "weight_drift": float(f"{max(watched.drifts[-1]):.3g}"),
        "step_ms": round(float(np.median(seconds)) * 1e3, 1),
        "es": [round(first.es, 3), round(last.es, 3)],
        "perplexity": [round(first.perplexity, 1), round(last.perplexity, 1)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--session", type=Path, help="where the session stays; default: it is removed")
    options = parser.parse_args()
    folder = options.session or Path(tempfile.mkdtemp()) / "long.stableedit"
    try:
        result = figures(watch(options.edits, folder))
    finally:
        if options.session is None:
            shutil.rmtree(folder.parent)
    print(json.dumps({"threads": torch.get_num_threads()} | result))


if __name__ == "__main__":
    main()
