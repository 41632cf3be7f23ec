"""Who may use the model: what a window wants done to it never waits for whoever is in."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.errors import Cancelled
from workbench.models.modules import select
from workbench.runner.bench import Bench
from workbench.runner.gate import Gate

WAIT_S = 60


class Visitor:
    """Somebody who stays inside, in a thread of their own, until they are asked to leave."""

    def __init__(self, enter: Callable[[], Any], look: Callable[[Any], None] = lambda _model: None) -> None:
        self._enter, self._look = enter, look
        self._inside, self._may_leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._stay)
        self._thread.start()
        assert self._inside.wait(WAIT_S)

    def _stay(self) -> None:
        with self._enter() as model:
            self._inside.set()
            assert self._may_leave.wait(WAIT_S)
            self._look(model)

    def leave(self) -> None:
        self._may_leave.set()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()


def edited_bench() -> tuple[Bench, torch.Tensor, torch.Tensor]:
    """With the weight that was edited and what it was before."""
    bench, loaded = Bench(), tiny_model()
    bench.set_model(loaded)
    modules = select(loaded.modules, "mlp.down_proj@1")
    bench.editor = Editor(loaded, modules, Recipe())
    weight = loaded.model.get_submodule(modules[0].name).weight
    assert isinstance(weight, torch.Tensor)
    before = weight.detach().clone()
    next(iter(bench.editor.model._edited.values())).delta.fill_(0.5)
    bench.editor.model.write_weights()
    return bench, weight, before


def test_what_is_wanted_done_waits_for_the_visitor_and_not_for_the_window() -> None:
    gate, done = Gate(), list[str]()
    visitor = Visitor(gate.visit)
    gate.when_free(lambda: done.append("first"))
    gate.when_free(lambda: done.append("second"))
    assert done == []
    visitor.leave()
    assert done == ["first", "second"]
    gate.when_free(lambda: done.append("third"))
    assert done[-1] == "third"


def test_it_is_done_before_anybody_else_comes_in_and_not_within_a_run() -> None:
    gate, done = Gate(), list[str]()
    with gate.held():
        gate.when_free(lambda: done.append("asked for"))
        with gate.opened(), gate.visit():
            assert done == []  # a visitor of a paused run leaves the run's model alone
        assert done == []
    with gate.visit():
        assert done == ["asked for"]


def test_what_fails_when_the_visitor_leaves_leaves_the_gate_open() -> None:
    gate = Gate()
    with pytest.raises(ZeroDivisionError), gate.visit():
        gate.when_free(lambda: 1 / 0)
    with gate.visit():
        pass


def test_a_model_is_unloaded_while_it_answers_and_released_afterwards() -> None:
    bench, _, _ = edited_bench()
    before = bench.loaded
    assert before is not None
    seen: list[bool] = []
    visitor = Visitor(bench.edited, lambda model: seen.append(model is before and hasattr(before, "model")))
    bench.set_model(None)
    assert (bench.loaded, bench.editor) == (None, None)
    visitor.leave()
    assert seen == [True]
    assert not hasattr(before, "model")


def test_starting_over_while_the_model_answers_restores_the_weights_afterwards() -> None:
    bench, weight, before = edited_bench()
    seen: list[bool] = []
    visitor = Visitor(bench.edited, lambda _model: seen.append(not torch.equal(weight, before)))
    bench.start_over()
    assert (bench.chain, bench.editor) == ([], None)
    visitor.leave()
    assert seen == [True]
    assert torch.equal(weight, before)
    with bench.original() as model:
        assert model is bench.loaded


def test_bringing_the_model_back_can_be_stopped_while_it_waits_for_an_answer() -> None:
    bench, _, _ = edited_bench()
    editor, control = bench.editor, Control()
    visitor = Visitor(bench.original)
    control.stop()
    with pytest.raises(Cancelled):
        bench.return_to(None, [1], control=control)  # type: ignore[arg-type]  # it never gets to the session
    assert bench.editor is editor
    visitor.leave()
