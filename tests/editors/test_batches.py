"""What batches, their size and a stop may not change."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.editors.tiny_facts import CONTEXTS, FACTS, located
from tests.tiny import INNER, tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.editing.shift import Shift
from workbench.editors.located import values
from workbench.editors.located.covariance import covariance_precision
from workbench.editors.located.facts import LocatedFact
from workbench.editors.located.memit import memit_shifts
from workbench.editors.located.reading import at_output
from workbench.editors.located.rome import rome_shift
from workbench.editors.located.settings import RomeSettings, ValueSettings
from workbench.editors.located.values import Values, search_values
from workbench.errors import Cancelled, NonFinite
from workbench.models.forward import answer_logits
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule

SETTINGS = ValueSettings(steps=12, decay=1e-3, clamp=3.0, enough=5.45)  # some end early, some are clamped


def inner(loaded: LoadedModel, layer: int) -> EditableModule:
    return next(m for m in loaded.modules if m.d_in == INNER and m.layer == layer)


def search(
    loaded: LoadedModel,
    facts: list[LocatedFact],
    control: Control | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    settings: ValueSettings = SETTINGS,
) -> Values:
    return search_values(
        loaded, inner(loaded, 1), facts, settings, control or Control(), progress, of_block=True
    )


def apart(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("architecture", ["phi3", "gpt2", "opt"])
def test_all_facts_at_once_are_one_fact_at_a_time(architecture: str) -> None:
    loaded = tiny_model(architecture, dtype=torch.float64)
    facts = located(loaded)
    together = search(loaded, facts)
    for i, fact in enumerate(facts):
        alone = search(loaded, [fact])
        assert together.moves[i] == alone.moves[0]
        assert apart(together.delta[i], alone.delta[0]) <= 1e-9
        assert apart(together.wanted[i], alone.wanted[0]) <= 1e-9


def test_facts_end_by_themselves_and_are_clamped_by_themselves() -> None:
    loaded = tiny_model("phi3", dtype=torch.float64)
    found = search(loaded, located(loaded))
    ended = found.losses < SETTINGS.enough
    assert ended.any()
    assert not ended.all()
    assert (found.moves[~ended] == SETTINGS.steps - 1).all()
    assert (found.moves[ended] < SETTINGS.steps - 1).all()
    assert (found.delta.norm(dim=1) <= SETTINGS.clamp * found.before.norm(dim=1) * (1 + 1e-12)).all()


def test_memory_that_runs_out_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny_model(dtype=torch.float64)
    wanted = search(loaded, located(loaded))
    whole = answer_logits

    def short_of_memory(model: Any, batch: Any, *more: Any) -> Any:
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(model, batch, *more)

    monkeypatch.setattr(values, "answer_logits", short_of_memory)
    assert apart(search(loaded, located(loaded)).delta, wanted.delta) <= 1e-9


def test_a_stop_ends_the_search_between_rounds() -> None:
    loaded, control, seen = tiny_model(), Control(), list[int]()

    def stop(done: int, _total: int) -> None:
        seen.append(done)
        if done == 2:
            control.stop()

    before = {name: t.clone() for name, t in loaded.model.state_dict().items()}
    with pytest.raises(Cancelled):
        search(loaded, located(loaded), control, stop)
    assert seen == [1, 2]
    assert all(torch.equal(t, before[name]) for name, t in loaded.model.state_dict().items())
    assert not any(block._forward_hooks for block in loaded.model.modules())


def test_a_stop_during_the_spread_leaves_the_weights() -> None:
    loaded, control = tiny_model(), Control()
    modules = [inner(loaded, 0), inner(loaded, 1)]
    editor = Editor(loaded, modules, Recipe())
    before = {name: t.clone() for name, t in loaded.model.state_dict().items()}
    precisions = {m.name: covariance_precision(torch.eye(INNER), 1.0) for m in modules}
    last: list[int] = []

    def stop(done: int, total: int) -> None:
        last[:] = [done, total]
        if done == SETTINGS.steps + 1:
            control.stop()

    with pytest.raises(Cancelled):
        memit_shifts(
            loaded, modules, located(loaded), precisions, SETTINGS, editor.model.trying, control, stop
        )
    assert last == [SETTINGS.steps + 1, SETTINGS.steps + 2]
    assert all(torch.equal(t, before[name]) for name, t in loaded.model.state_dict().items())


def test_progress_always_ends() -> None:
    loaded, seen = tiny_model(), list[tuple[int, int]]()
    search(
        loaded,
        located(loaded),
        progress=lambda *at: seen.append(at),
        settings=ValueSettings(steps=9, enough=100.0),
    )
    assert seen == [(1, 9), (9, 9)]


def test_a_loss_that_is_not_finite_names_its_fact() -> None:
    loaded = tiny_model()
    with torch.no_grad():
        loaded.model.get_parameter("model.norm.weight").fill_(torch.nan)
    with pytest.raises(NonFinite, match="Ada Lo") as raised:
        search(loaded, located(loaded))
    assert raised.value.fact == FACTS[0][0]


def test_nothing_stood_there_and_nothing_moves() -> None:
    """The clamp and the decay are relative to what stood there."""
    loaded = tiny_model()
    module = inner(loaded, 1)
    with torch.no_grad():
        loaded.model.get_parameter(f"{module.name}.weight").zero_()
    found = search_values(loaded, module, located(loaded), SETTINGS, Control(), of_block=False)
    assert not found.before.any()
    assert not found.delta.any()
    assert torch.isfinite(found.losses).all()


def test_romes_facts_follow_each_other() -> None:
    """The second fact's shift is that of a step of its own on weights that hold the first one's."""
    loaded = tiny_model()
    module, facts = inner(loaded, 1), located(loaded, contexts=CONTEXTS[:1])[:2]
    editor = Editor(loaded, [module], Recipe())
    settings = RomeSettings(steps=4)

    def step(chosen: list[LocatedFact]) -> Shift:
        return rome_shift(loaded, module, chosen, settings, None, editor.model.trying, Control()).shift

    together, first = step(facts), step(facts[:1])
    editor.apply({module.name: first})
    second = step(facts[1:])
    assert apart(together.dense(), first.plus(second).dense()) < 1e-5


def test_a_block_may_give_a_tuple() -> None:
    class Pair(nn.Module):
        def forward(self, hidden: Tensor) -> tuple[Tensor, str]:
            return hidden, "rest"

    pair, seen = Pair(), list[Tensor]()
    with at_output(pair, lambda hidden: hidden + 1):
        assert torch.equal(pair(torch.zeros(2))[0], torch.ones(2))
        assert pair(torch.zeros(2))[1] == "rest"
    with at_output(pair, seen.append):
        assert torch.equal(pair(torch.zeros(2))[0], torch.zeros(2))
    pair(torch.zeros(2))
    assert len(seen) == 1
