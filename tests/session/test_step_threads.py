"""Sums are split by threads, and rounding follows the split: a step is repeated with the threads that made it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.session.kept_runs import assert_same_state, copied, editor, job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.editing.editor import Editor
from workbench.editing.events import StepApplied
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.session.factors import step_tensors
from workbench.session.folder import Session
from workbench.session.keeping import Keeping

NEVER = Keeping(checkpoint_every=100)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """With how many threads each step is applied, as it is made or repeated."""
    found: list[int] = []
    apply = Editor.apply

    def spy(self: Editor, shifts: dict[str, Shift], traced: Traced | None = None) -> None:
        found.append(torch.get_num_threads())
        apply(self, shifts, traced)

    monkeypatch.setattr(Editor, "apply", spy)
    return found


def run_with(threads: list[int], run: Run) -> None:
    """Before step i, ``threads[i]`` are the fastest; stopped after two steps."""
    before = torch.get_num_threads()
    until = run.steps_done + 2
    run.control.look = lambda: torch.set_num_threads(threads[min(run.steps_done, len(threads) - 1)])
    for event in run.events():
        if isinstance(event, StepApplied) and event.step == until:
            run.control.stop()
    torch.set_num_threads(before)


@pytest.mark.parametrize("by_an_earlier_version", [False, True])
def test_every_step_is_repeated_with_its_own_threads(
    tmp_path: Path, applied: list[int], monkeypatch: pytest.MonkeyPatch, by_an_earlier_version: bool
) -> None:
    if by_an_earlier_version:  # which kept the number that the run began with
        kept = step_tensors
        monkeypatch.setattr(
            "workbench.session.recorder.step_tensors",
            lambda *of: {n: t for n, t in kept(*of).items() if n != "threads"},
        )
    chosen, what = recipe(evaluate_every=1), job(8, warmup=0)
    threads = [2, 3, 2, 4]
    with Session.create(tmp_path / "s", keeping=NEVER) as session:
        of = editor(chosen)
        run_with(threads, Run(of, what, sink=session.start_run(of, what)))
        began_with = session.run().environment
        torch.set_num_threads(4)
        going = session.resume(tiny_model())
        assert torch.get_num_threads() == 4
        run_with(threads, Run(going.editor, going.job, None, going.recorder, going.done))
        assert (session.run().environment, session.run().steps_done) == (began_with, 4)
        for checkpoint in session._runs.checkpoints(1):
            session._runs.drop_checkpoint(1, checkpoint.position)
        applied.clear()
        rebuilt = session.rebuild(tiny_model())
        assert applied == ([1] * 4 if by_an_earlier_version else threads)
        assert torch.get_num_threads() == 4
        assert rebuilt.bit_equal
        assert_same_state(copied(rebuilt.editor), copied(going.editor))


def test_rounded_otherwise_is_said_where_the_state_differs_and_only_there(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(8), NEVER)
    with Session.open(tmp_path / "s") as session:
        with session._database.transaction() as transaction:
            transaction.run("UPDATE run SET environment = replace(environment, 'x86_64', 'elsewhere')")
        assert session.rebuild(tiny_model(), step=3).bit_equal
        with session._database.transaction() as transaction:
            transaction.run(
                "UPDATE step SET fingerprint = '0123456789abcdef' WHERE step = 3 AND kind = 'edit'"
            )
        assert not session.rebuild(tiny_model(), step=3).bit_equal
        assert session.rebuild(tiny_model(), step=4).bit_equal
