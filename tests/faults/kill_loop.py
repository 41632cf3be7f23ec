"""Kills runs of a tiny model at random moments, resumes each, and compares it with one that nobody killed.

    python -m tests.faults.kill_loop --kills 50

Prints one JSON line; the exit code is 0 where every session opened, went on bit-equal and had lost nothing.
POSIX only."""

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.session.kept_runs import copied, editor, facts, job, recipe, resumed
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.errors import SessionError
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.packing import pack_report, pack_scores

KEEPING = Keeping(checkpoint_every=4)
STEPS, WARMUP = 12, 8
SETTING = {"hidden": ["drift"]}
RECIPES: tuple[dict[str, Any], ...] = (
    {"warmup_mode": "edits", "memory": 1, "evaluate_every": 3},
    {"warmup_mode": "statistics", "protection": 10, "memory": 0.5},
    {"warmup_mode": "statistics", "evaluate_every": 1},
)
OF_THE_CLOCK = ("seconds", "memory_bytes")


class Whole:
    """A run that nobody killed: how long it took and all that was kept of it."""

    def __init__(self, folder: Path, chosen: Recipe) -> None:
        began = time.monotonic()
        with Session.create(folder, keeping=KEEPING) as session:
            keep_inputs(session)
            self.state = copied(from_the_start(session, chosen))
            self.seconds = time.monotonic() - began
            self.kept = everything_kept(session)


def keep_inputs(session: Session) -> None:
    session.set_facts("edit", facts(2 * STEPS))
    session.set_setting("plots", SETTING)


def from_the_start(session: Session, chosen: Recipe) -> Editor:
    of, what = editor(chosen), job(2 * STEPS, WARMUP)
    for _ in Run(of, what, sink=session.start_run(of, what)).events():
        pass
    return of


def everything_kept(session: Session) -> list[Any]:
    """Inputs, figures of every step and scores; all but times and memory."""
    kept: list[Any] = [session.facts("edit"), session.setting("plots"), session.job(1), session.run(1).reason]
    for step in session.steps(1):
        assert step.report is not None
        text, spectra = pack_report(step.report)
        figures = {name: repr(v) for name, v in json.loads(text).items() if name not in OF_THE_CLOCK}
        kept.append((step.position, step.first_fact, step.facts, step.fingerprint, figures, spectra))
    scores = session.scores(1)
    return kept + [(s.step, *pack_scores(s.scores, s.per_fact), s.retention.tobytes()) for s in scores]


def victim(path: Path, chosen: Recipe, ready: Connection) -> None:
    with Session.create(path, keeping=KEEPING) as session:
        keep_inputs(session)
        ready.send("inputs kept")
        from_the_start(session, chosen)


def kill_one(path: Path, chosen: Recipe, seconds: float) -> None:
    """SIGKILL ``seconds`` after the inputs were kept."""
    here, there = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=victim, args=(path, chosen, there))
    process.start()
    here.recv()
    time.sleep(seconds)
    process.kill()
    process.join()


def outcome(path: Path, chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
    """Where the kill hit, and what is wrong after going on to the end: nothing, if all is well."""
    try:
        with Session.open(path, read_only=True) as reader:  # beside the log that the killed program left
            reader.runs()
        session = Session.open(path, keeping=KEEPING)
    except SessionError as error:
        return "unknown", [f"not opened: {error}"]
    with session:
        hit, of = go_on(session, chosen)
        wrong = [] if same(copied(of), whole.state) else ["weights or statistics differ"]
        if everything_kept(session) != whole.kept:
            wrong.append("facts, figures, scores or settings differ")
    return hit, wrong


def go_on(session: Session, chosen: Recipe) -> tuple[str, Editor]:
    if not session.runs():
        return "before the run", from_the_start(session, chosen)
    run, steps = session.run(), session.steps(1)
    place = f"step {run.steps_done}" if run.steps_done else "warm-up" if steps else "before the first step"
    if run.reason == "finished":
        return "after the end", session.rebuild(editor(chosen).loaded).editor
    return place, resumed(session)[0]


def same(got: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return got.keys() == wanted.keys() and all(torch.equal(got[name], wanted[name]) for name in wanted)


def kill_loop(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    dice, hits, wrong = random.Random(seed), Counter[str](), list[str]()
    recipes = [recipe(**changes, warmup_facts=WARMUP) for changes in RECIPES]
    wholes = [Whole(folder / f"whole{i}", chosen) for i, chosen in enumerate(recipes)]
    for number in range(kills):
        chosen, whole = recipes[number % len(recipes)], wholes[number % len(recipes)]
        kill_one(folder / "killed", chosen, dice.uniform(0, whole.seconds))
        hit, found = outcome(folder / "killed", chosen, whole)
        hits[hit] += 1
        wrong += [f"kill {number} at {hit}: {what}" for what in found]
        shutil.rmtree(folder / "killed")
    return {
        "kills": kills,
        "whole": kills - len({w.split(":")[0] for w in wrong}),
        "wrong": wrong,
        "hits": dict(hits),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = kill_loop(options.kills, options.seed, Path(folder))
    print(json.dumps(result | {"seconds": round(time.monotonic() - began, 1)}))
    return 0 if not result["wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
