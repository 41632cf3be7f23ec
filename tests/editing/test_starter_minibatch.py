"""On a real model the minibatch must not show in what a step does."""

import pytest
from torch import Tensor

from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.editing.tracing import Traced, trace
from workbench.facts.starter import starter_facts
from workbench.models.encoding import encode
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select

OBSERVED, EDITED = 130, 70


@pytest.fixture
def shifts_at(starter: LoadedModel) -> dict[int, dict[str, Tensor]]:
    """Minibatch → module → shift of the same facts after the same statistics, fully whitened."""
    modules = select(starter.modules, "model.layers.{26..29}.mlp.down_proj")
    facts = [encode(starter.tokenizer, f.prompt, f.target) for f in starter_facts()[1][: OBSERVED + EDITED]]

    def traced(start: int, stop: int, minibatch: int) -> Traced:
        names = [""] * (stop - start)
        return trace(
            starter, modules, facts[start:stop], names, per_edit=True, minibatch=minibatch, control=Control()
        )

    editor = Editor(starter, modules, Recipe(scope="shape"))
    editor.observe(traced(0, OBSERVED, 32))
    assert editor.rows > editor.rows_needed
    found = {}
    for minibatch in (1, 7, 64):
        shifts, _ = editor.shifts(traced(OBSERVED, OBSERVED + EDITED, minibatch), False)
        found[minibatch] = {name: shift.dense() for name, shift in shifts.items()}
    return found


def test_the_starters_shifts_do_not_depend_on_the_minibatch(shifts_at: dict[int, dict[str, Tensor]]) -> None:
    for minibatch in (1, 7):
        for name, shift in shifts_at[64].items():
            assert float((shifts_at[minibatch][name] - shift).norm() / shift.norm()) <= 5e-5
