"""Stop and discard between pressing Edit and the run's first event, while facts are still being encoded."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event

import pytest
import torch
from PySide6.QtWidgets import QApplication

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.test_main_window import states, warm_up_and_edit, weights
from tests.desktop.shell.walker import Walker
from workbench.desktop.facts import State
from workbench.editing import run as engine
from workbench.errors import InputError
from workbench.evaluation.encoded import encode_facts
from workbench.session.folder import Session

Encoding = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def while_encoding(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> Encoding:
    """Within it, the run that was started encodes its facts and waits."""

    @contextmanager
    def encoding() -> Iterator[None]:
        reached, go = Event(), Event()

        def slowly(*given: object) -> object:
            reached.set()
            go.wait()
            return encode_facts(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(engine, "encode_facts", slowly)
        fill(walker.window, facts=2, warmup=0)
        QApplication.processEvents()
        walker.press("edit")
        walker.wait(reached.is_set, "the facts to be encoded")
        try:
            yield
        finally:
            go.set()
            monkeypatch.setattr(engine, "encode_facts", encode_facts)
        walker.wait_for_end()

    return encoding


def test_discard_takes_back_the_run_that_is_starting_and_not_the_one_before(
    walker: Walker, while_encoding: Encoding
) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited, shown = weights(window), states(window)
    with while_encoding():
        walker.answer("discard-question", "Discard run")
        walker.press("discard")
    assert torch.equal(weights(window), edited)
    assert states(window)[:4] == shown
    assert window.desk.bench.chain == [1, 2]
    assert len(window.desk.run.bridge.series) == 2
    assert window.run_panel.scores_title.text() == "Scores after step 2, 4 facts"
    assert not any(frame.notice.level == "bad" for frame in window.notices.frames)


def test_stop_is_a_stop_and_no_failure(walker: Walker, while_encoding: Encoding) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited = weights(window)
    with while_encoding():
        walker.press("stop")
    [frame] = window.notices.frames
    assert frame.notice.level != "bad"
    assert "stopped before it began" in frame.notice.sentence
    assert torch.equal(weights(window), edited)
    assert window.desk.bench.chain == [1, 2]
    assert window.run_panel.scores_title.text() == "Scores after step 2, 4 facts"
    walker.press("edit")
    walker.wait_for_end()
    assert State.NEW not in states(window)


def test_stopping_one_that_starts_over_leaves_the_edits_of_before(
    walker: Walker, while_encoding: Encoding
) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited, shown = weights(window), states(window)
    window.method.set_recipe(window.method.recipe().with_(scope="shape"))
    walker.answer("afresh-question", "Start over")
    with while_encoding():
        walker.press("stop")
    assert torch.equal(weights(window), edited)
    assert states(window)[:4] == shown
    assert window.desk.bench.chain == [1, 2]


def test_a_run_that_cannot_begin_leaves_what_was_there(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited, shown = weights(window), states(window)

    def refuse(*_given: object) -> None:
        raise InputError("fact 1 is too long.")

    fill(window, facts=2, warmup=0)
    QApplication.processEvents()
    monkeypatch.setattr(engine, "encode_facts", refuse)
    walker.press("edit")
    walker.wait_for_end()
    assert any("is too long" in s for s in window.notices.sentences())
    assert torch.equal(weights(window), edited)
    assert states(window)[:4] == shown
    assert len(window.desk.run.bridge.series) == 2
    assert window.run_panel.scores_title.text() == "Scores after step 2, 4 facts"


def test_discarding_a_branch_brings_back_the_step_that_it_began_from(walker: Walker) -> None:
    from workbench.runner.bench import BranchOrder

    window = walker.window
    warm_up_and_edit(walker)
    session = window.desk.keeper.need()
    window.desk.run.branch(BranchOrder(session, 2, 1))
    walker.wait_for_end()
    assert window.desk.bench.chain == [1, 3]
    walker.answer("discard-question", "Discard run")
    walker.press("discard")
    walker.wait_for_end()
    assert (window.desk.bench.chain, window.desk.bench.cuts) == ([1, 2], {2: 1})
    assert torch.equal(weights(window), weights_after(session, 2, 1))
    assert window.facts.facts.steps.tolist() == [1, 1, -1, -1]


def weights_after(session: Session, run: int, step: int) -> torch.Tensor:
    from tests.tiny import tiny_model

    fresh = tiny_model()
    session.rebuild(fresh, run, step)
    module = fresh.model.get_submodule("model.layers.1.mlp.down_proj")
    return module.weight.detach().clone()  # type: ignore[operator]
