"""Random sequences of what a person does; after each, what is shown is what is in the session and in the weights.

    python -m tests.faults.state_machine --sequences 2000 --seed 0

Prints one JSON line; the exit code is 0 where no sequence showed a difference."""

import argparse
import gc
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import torch
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.agreement import require_agreement
from tests.faults.person import RECIPES, Ending, Person
from tests.tiny import tiny_model
from workbench.runner.bench import BranchOrder
from workbench.session.records import RunRecord

CUT_SHORT = st.builds(
    Ending,
    st.sampled_from(["stop", "after step", "discard", "fail", "crash"]),
    st.integers(0, 40),
    st.booleans(),
)
ENDINGS = st.just(Ending()) | CUT_SHORT
CHOSEN = st.sampled_from(sorted(RECIPES))
TOLD_EVERY = 100  # sequences
done = Counter[str]()  # rules, over all sequences


class Workbench(RuleBasedStateMachine):
    """One sequence."""

    def __init__(self) -> None:
        super().__init__()
        done["sequences"] += 1
        if done["sequences"] % TOLD_EVERY == 0:
            print(f"{done['sequences']} sequences begun", file=sys.stderr, flush=True)
        self.root = Path(tempfile.mkdtemp(prefix="sequence-"))
        self.person = Person(self.root)
        self.other = tiny_model()  # that the session is read into

    def teardown(self) -> None:
        if self.person.session is not None:
            self.person.session.close()
        shutil.rmtree(self.root)

    @property
    def loaded(self) -> bool:
        return self.person.bench.loaded is not None

    def runs(self) -> list[RunRecord]:
        return self.person.session.runs() if self.person.session is not None else []

    def draw_run(self, data: st.DataObject, edited: bool = False) -> RunRecord:
        runs = {run.id: run for run in self.runs() if run.facts or not edited}
        return runs[data.draw(st.sampled_from(sorted(runs)))]

    @initialize(count=st.integers(1, 8))
    def begin(self, count: int) -> None:
        self.person.add(self.person.facts, count)
        self.person.add(self.person.warmup, 4)

    @rule(count=st.integers(1, 5), warmup=st.booleans())
    def add(self, count: int, warmup: bool) -> None:
        done["add"] += 1
        self.person.add(self.person.warmup if warmup else self.person.facts, count)

    @precondition(lambda self: len(self.person.facts) > 0)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        done["remove"] += 1
        self.person.remove(self.person.facts, data.draw(st.integers(0, len(self.person.facts) - 1)))

    @rule()
    def load(self) -> None:
        done["load"] += 1
        self.person.load()

    @precondition(lambda self: self.loaded)
    @rule()
    def unload(self) -> None:
        done["unload"] += 1
        self.person.unload()

    @precondition(lambda self: self.loaded and len(self.person.warmup) > 0)
    @rule(chosen=CHOSEN, ending=ENDINGS)
    def warm_up(self, chosen: str, ending: Ending) -> None:
        done["warm up"] += 1
        self.person.warm_up(RECIPES[chosen], ending)

    @precondition(lambda self: self.loaded and bool((self.person.facts.steps < 0).any()))
    @rule(chosen=CHOSEN, ending=ENDINGS)
    def edit(self, chosen: str, ending: Ending) -> None:
        done["edit"] += 1
        self.person.edit(RECIPES[chosen], ending)

    @precondition(lambda self: self.loaded)
    @rule(count=st.integers(1, 5), chosen=CHOSEN, ending=ENDINGS)
    def add_and_edit(self, count: int, chosen: str, ending: Ending) -> None:
        self.add(count, warmup=False)
        self.edit(chosen, ending)

    @precondition(lambda self: self.loaded and self.person.can_go_on)
    @rule(ending=ENDINGS, skip_next=st.booleans())
    def go_on(self, ending: Ending, skip_next: bool) -> None:
        done["go on"] += 1
        self.person.go_on(ending, skip_next)

    @precondition(lambda self: self.loaded)
    @rule(count=st.integers(3, 7), chosen=CHOSEN, first=CUT_SHORT, then=ENDINGS)
    def edit_and_go_on(self, count: int, chosen: str, first: Ending, then: Ending) -> None:
        self.add_and_edit(count, chosen, first)
        if not self.loaded:
            self.load()
        if self.person.can_go_on:
            self.go_on(then, skip_next=True)

    @precondition(lambda self: self.loaded and any(run.facts for run in self.runs()))
    @rule(data=st.data(), chosen=st.none() | CHOSEN, ending=ENDINGS)
    def branch(self, data: st.DataObject, chosen: str | None, ending: Ending) -> None:
        run = self.draw_run(data, edited=True)
        after = self.person.need().facts_after
        steps = [s for s in range(run.steps_done + 1) if after(run.id, s) < run.facts]
        step = data.draw(st.sampled_from(steps))
        done["branch"] += 1
        recipe = None if chosen is None else RECIPES[chosen]
        self.person.branch(BranchOrder(self.person.need(), run.id, step, recipe), ending)

    @precondition(lambda self: self.loaded and any(run.facts for run in self.runs()))
    @rule(data=st.data(), ending=ENDINGS)
    def replay(self, data: st.DataObject, ending: Ending) -> None:
        run = self.draw_run(data, edited=True)
        removed = data.draw(st.sets(st.integers(0, run.facts - 1), min_size=1, max_size=3))
        done["replay"] += 1
        order = BranchOrder(self.person.need(), run.id, removed=tuple(sorted(removed)))
        self.person.branch(order, ending)

    @precondition(lambda self: self.loaded and len(self.runs()) > 0)
    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        run = self.draw_run(data)
        done["rewind"] += 1
        self.person.rewind(run.id, data.draw(st.integers(0, run.steps_done)))

    @precondition(lambda self: self.loaded and len(self.person.bench.chain) > 0)
    @rule()
    def discard(self) -> None:
        done["discard"] += 1
        self.person.discard()

    @precondition(lambda self: len(self.runs()) > 0)
    @rule()
    def save_as(self) -> None:
        done["save as"] += 1
        self.person.save_as()

    @precondition(lambda self: len(self.runs()) > 1)
    @rule()
    def close(self) -> None:
        done["close"] += 1
        self.person.close()

    @precondition(lambda self: len(self.person.books) > 0)
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        done["open"] += 1
        self.person.open(data.draw(st.sampled_from(sorted(self.person.books))))

    @precondition(lambda self: len(self.runs()) > 0)
    @rule()
    def crash(self) -> None:
        done["crash"] += 1
        self.person.crash()

    @invariant()
    def all_agrees(self) -> None:
        require_agreement(self.person, self.other)


def machine(sequences: int, rules: int) -> settings:
    return settings(
        max_examples=sequences,
        stateful_step_count=rules,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def walk(sequences: int, seed: int, rules: int = 10) -> None:
    """Raises what hypothesis found, with the shortest sequence that shows it."""
    run_state_machine_as_test(hypothesis.seed(seed)(Workbench), settings=machine(sequences, rules))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sequences", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    gc.freeze()  # giving a model's memory back looks through every object
    began, wrong = time.monotonic(), ""
    try:
        walk(options.sequences, options.seed)
    except BaseException as error:
        traceback.print_exception(error)
        wrong = f"{type(error).__name__}: {error}"
    figures = {"seed": options.seed, "rules": dict(done), "wrong": wrong}
    print(json.dumps(figures | {"seconds": round(time.monotonic() - began, 1)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
