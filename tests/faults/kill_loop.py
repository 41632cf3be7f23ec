"""Kills work on a tiny model at random moments, goes on with it, and compares the end with work that nobody killed.

    python -m tests.faults.kill_loop --kills 200

Warm-ups, runs, resumes, exports, copies of sessions and calibrations; each killed once, twice in a row, or after it
was stopped (SIGSTOP), while it is and after it was let go (SIGCONT). Prints one JSON line; the exit code is 0 where
everything opened, went on bit-equal and had lost nothing, and no half-made file was left. POSIX only."""

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.faults.whole import WARMUP, Whole, emptied, leftovers
from tests.faults.works import SESSION, WORKS, Tell, Work
from tests.session.kept_runs import recipe
from workbench.editing.recipe import Recipe
from workbench.errors import SessionError
from workbench.session.folder import Session
from workbench.session.lock import is_held
from workbench.storage.partials import clear_abandoned

RECIPES: tuple[dict[str, Any], ...] = (
    {"warmup_mode": "edits", "memory": 1, "evaluate_every": 3},
    {"warmup_mode": "statistics", "protection": 10, "memory": 0.5},
    {"warmup_mode": "statistics", "evaluate_every": 1},
)
MANNERS = ("once", "twice", "stopped")
_SLOWER = 1.5  # than the work that was timed is that of a new process
ROUNDS = len(WORKS) * len(MANNERS)  # until every work was killed in every manner


class Killer:
    def __init__(self, dice: random.Random, folder: Path) -> None:
        self._dice, self._folder = dice, folder
        self.kills = self.stops = 0

    def round(self, work: Work, manner: str, chosen: Recipe, whole: Whole) -> tuple[str, list[str]]:
        """Where the last kill hit, and what is wrong after it."""
        folder, wrong = emptied(self._folder), list[str]()
        work.prepare(folder, chosen, whole)
        for _ in range(2 if manner == "twice" else 1):
            wrong += self._kill(work, chosen, work.seconds(whole), manner == "stopped")
        try:
            hit, found = work.outcome(folder, chosen, whole)
        except Exception as error:  # whatever it is, the kill led to it
            return "unknown", [*wrong, f"{type(error).__name__}: {error}"]
        return hit, wrong + found

    def _kill(self, work: Work, chosen: Recipe, seconds: float, stop: bool) -> list[str]:
        forked = multiprocessing.get_context("fork")
        here, there = forked.Pipe()
        tell: Tell = there.send
        process = forked.Process(target=work.do, args=(self._folder, chosen, tell))
        process.start()
        here.recv()
        time.sleep(self._dice.uniform(0, _SLOWER * seconds))
        assert process.pid is not None
        wrong = self._stopped(process.pid, seconds) if stop and process.exitcode is None else []
        process.kill()
        process.join()
        self.kills += 1
        return wrong

    def _stopped(self, process: int, seconds: float) -> list[str]:
        """What another program finds wrong meanwhile; half of them are then let go for a while."""
        os.kill(process, signal.SIGSTOP)
        state = os.waitid(os.P_PID, process, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if state is None or state.si_code != os.CLD_STOPPED:
            return []
        self.stops += 1
        wrong = beside(self._folder)
        if self._dice.random() < 0.5:
            os.kill(process, signal.SIGCONT)
            time.sleep(self._dice.uniform(0, seconds / 2))
        return wrong


def beside(folder: Path) -> list[str]:
    """A program that starts while another one is stopped takes nothing from it, and can read what it keeps."""
    owned = leftovers(folder)
    clear_abandoned()
    wrong = [f"{path.name} was taken from its owner" for path in owned if not path.exists()]
    path = folder / SESSION
    if is_held(path):
        try:
            with Session.open(path) as session:
                session.runs()
                if not session.read_only:
                    wrong.append("a session was opened for writing twice")
        except SessionError as error:
            if "being written" not in str(error):
                wrong.append(f"not read: {error}")
    return wrong


def kill_loop(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    dice, hits, wrong, rounds = random.Random(seed), dict[str, Counter[str]](), list[str](), 0
    recipes = [recipe(**changes, warmup_facts=WARMUP) for changes in RECIPES]
    Whole(
        emptied(folder / "first"), recipes[0]
    )  # the first of everything takes longer than what is timed here
    wholes = [Whole(emptied(folder / f"whole{i}"), chosen) for i, chosen in enumerate(recipes)]
    killer = Killer(dice, folder / "round")
    while killer.kills < kills:
        name, manner = [*WORKS][rounds % len(WORKS)], MANNERS[(rounds + rounds // len(WORKS)) % len(MANNERS)]
        of = (rounds + rounds // ROUNDS) % len(recipes)
        hit, found = killer.round(WORKS[name], manner, recipes[of], wholes[of])
        hits.setdefault(name, Counter())[hit] += 1
        wrong += [f"round {rounds}, {name} killed {manner} at {hit}: {what}" for what in found]
        rounds += 1
    return {
        "kills": killer.kills,
        "stops": killer.stops,
        "rounds": rounds,
        "whole": rounds - len({w.split(",")[0] for w in wrong}),
        "wrong": wrong,
        "hits": {name: dict(sorted(counted.items())) for name, counted in hits.items()},
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
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        result = kill_loop(options.kills, options.seed, Path(folder))
    print(json.dumps(result | {"seed": options.seed, "seconds": round(time.monotonic() - began, 1)}))
    return 0 if not result["wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
