"""Blocks that are not run again: the same bits, with fewer of them."""

import pytest
import torch
from torch import nn

from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.tiny import ARCHITECTURES, tiny_model
from workbench.editing.control import Control
from workbench.evaluation.batching import Watch
from workbench.models.caching import read_logits
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel
from workbench.models.prefix import SharedPrefix
from workbench.studies.study_run import Yardstick, traced_run, unedited_afterwards
from workbench.studies.traces import Traces

IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])


def shared(loaded: LoadedModel, room: int = 1 << 20) -> SharedPrefix:
    return SharedPrefix(loaded, loaded.modules, room)


def logits(loaded: LoadedModel, ids: torch.Tensor = IDS) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = loaded.model(input_ids=ids, use_cache=False).logits
        return found


def block_of(loaded: LoadedModel, layer: int) -> nn.Module:
    module = next(m for m in loaded.modules if m.layer == layer)
    return loaded.model.get_submodule(module.name.removesuffix(f".{module.projection}"))


def runs_of(loaded: LoadedModel, layer: int) -> list[int]:
    """Grows by one with every pass through a linear map of the block."""
    counted: list[int] = []
    module = next(m for m in loaded.modules if m.layer == layer)
    inside = loaded.model.get_submodule(module.name)
    inside.register_forward_hook(lambda *_given: counted.append(1))
    return counted


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_comes_out_is_the_same_and_lower_blocks_run_once(architecture: str) -> None:
    loaded = tiny_model(architecture)
    whole, other = logits(loaded), logits(loaded, IDS + 7)
    passes = runs_of(loaded, 0)
    prefix = shared(loaded)
    with prefix.below(1):
        passes.clear()
        for _ in range(3):
            assert torch.equal(logits(loaded), whole)
            assert torch.equal(logits(loaded, IDS + 7), other)
    assert len(passes) == 2
    assert "forward" not in vars(block_of(loaded, 0))
    assert torch.equal(logits(loaded), whole)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_so_it_is_behind_a_beginning_that_is_read_once(architecture: str) -> None:
    loaded = tiny_model(architecture)
    system = tuple(range(40, 60))
    batch = [Encoded((*system, *range(70, 70 + n), 9), (9, 3), 20 + n - 1) for n in (2, 4, 7)]
    whole, _ = read_logits(loaded.model, batch)
    longer = [Encoded((*system, 70, 71, n), (3,), 22) for n in (5, 6, 7)]
    whole_longer, _ = read_logits(loaded.model, longer)
    passes, prefix = runs_of(loaded, 0), shared(loaded)
    with prefix.below(1):
        passes.clear()
        for _ in range(3):
            assert torch.equal(read_logits(loaded.model, batch)[0], whole)
        for few in (longer, longer[:2], longer[1:]):  # which share as many tokens or more
            found, _ = read_logits(loaded.model, few)
            assert torch.allclose(found, whole_longer[[longer.index(e) for e in few]], atol=1e-5)
    assert len(passes) == 6 + 2  # every beginning, and what follows it once


def test_an_edit_above_the_prefix_shows() -> None:
    loaded = tiny_model()
    prefix = shared(loaded)
    with prefix.below(1):
        before = logits(loaded)
    block_of(loaded, 1).mlp.down_proj.weight.data.add_(0.1)  # type: ignore[union-attr,operator]
    whole = logits(loaded)
    with prefix.below(1):
        assert torch.equal(logits(loaded), whole)
    assert not torch.equal(whole, before)


def test_whoever_listens_to_lower_blocks_can_have_them_run() -> None:
    loaded = tiny_model()
    whole, prefix = logits(loaded), shared(loaded)
    passes = runs_of(loaded, 0)
    with prefix.below(1):
        logits(loaded)
        passes.clear()
        with prefix.every_block():
            assert torch.equal(logits(loaded), whole)
        assert len(passes) == 1
        logits(loaded)
    assert len(passes) == 1


def test_a_part_of_the_model_that_is_called_by_itself_is_run() -> None:
    loaded = tiny_model()
    with torch.inference_mode():
        whole = loaded.model.base_model(input_ids=IDS + 7, use_cache=False).last_hidden_state
        with shared(loaded).below(1):
            logits(loaded)
            logits(loaded)
            found = loaded.model.base_model(input_ids=IDS + 7, use_cache=False).last_hidden_state
    assert torch.equal(found, whole)


def test_a_full_store_forgets_and_still_gives_the_same() -> None:
    loaded = tiny_model()
    whole, prefix = logits(loaded), shared(loaded, room=1)
    with prefix.below(1):
        assert torch.equal(logits(loaded), whole)
        assert torch.equal(logits(loaded), whole)


def test_a_model_whose_blocks_say_more_than_hidden_states_is_run_as_a_whole() -> None:
    loaded = tiny_model()
    block = block_of(loaded, 0)
    state: list[torch.Tensor] = []
    block.register_forward_hook(lambda _b, _i, out: state.append(out))
    top = block_of(loaded, 2)
    top.register_forward_hook(lambda _b, _i, out: out + state[-1].mean() * (1 + len(state)))
    passes = runs_of(loaded, 0)
    with shared(loaded).below(1):
        passes.clear()
        logits(loaded)
        logits(loaded)
    assert len(passes) == 2


def test_a_run_gives_the_same_shifts_with_and_without_shared_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny_model()
    edits, warmup = facts(10), facts(16, 100)
    recipe = recipe_of(loaded, 2)
    down = [m for m in loaded.modules if m.projection == "mlp.down_proj"]
    yardstick = Yardstick.read(loaded, edits, TEXTS, Watch())
    moved = []
    for sharing in (True, False):
        if not sharing:
            monkeypatch.setattr(SharedPrefix, "_is_sound", lambda _prefix, _level: False)
        run = traced_run(Traces(loaded, down, warmup, edits), recipe, yardstick, Control())
        with unedited_afterwards(run.editor):
            list(run.parts())
            moved.append({name: tensor.clone() for name, tensor in run.editor.model.delta().items()})
    for name, tensor in moved[0].items():
        assert torch.equal(tensor, moved[1][name])
