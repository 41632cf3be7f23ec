"""Logits from a cache are those of one pass, on every architecture; a library that drops it is found out at loading."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import ARCHITECTURES, tiny_model
from workbench.errors import ModelLoadError
from workbench.evaluation.generation import Stop, generate
from workbench.models import caching
from workbench.models.caching import next_logits, read_logits, require_caching, shared_prefix, takes_gaps
from workbench.models.encoding import Encoded
from workbench.models.forward import answer_logits
from workbench.models.loaded import LoadedModel

IDS = torch.tensor([[5, 80, 33, 200, 7, 91], [64, 2, 111, 9, 250, 17]])


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
@torch.inference_mode()
def test_cached_and_uncached_logits_agree(architecture: str) -> None:
    model = tiny_model(architecture, seed=11).model
    whole, _ = next_logits(model, IDS, None)
    _, cache = next_logits(model, IDS[:, :4], None)
    _, cache = next_logits(model, IDS[:, 4:5], cache)
    last, _ = next_logits(model, IDS[:, 5:], cache)
    assert torch.allclose(last, whole, atol=1e-5)
    require_caching(model)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
@torch.inference_mode()
def test_a_row_with_gaps_gives_what_it_gives_without(architecture: str) -> None:
    model = tiny_model(architecture, seed=11).model
    assert takes_gaps(model)
    mask = torch.tensor([[1] * 6, [1, 1, 0, 0, 1, 1]])
    _, cache = next_logits(model, IDS[:, :5], None, mask[:, :5])
    found, _ = next_logits(model, IDS[:, 5:], cache, mask)
    alone, _ = next_logits(model, IDS[1:, [0, 1, 4, 5]], None)
    whole, _ = next_logits(model, IDS[:1], None)
    assert torch.allclose(found, torch.cat([whole, alone]), atol=1e-5)


def test_the_starter_uses_its_cache(starter: LoadedModel) -> None:
    require_caching(starter.model)


def test_a_cache_that_is_dropped_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("llama", seed=11).model
    for parameter in model.parameters():  # a random model hardly attends; a trained one does
        parameter.data *= 4
    monkeypatch.setattr(caching, "next_logits", lambda m, ids, _cache: next_logits(m, ids, None))
    with pytest.raises(ModelLoadError, match="from its cache"):
        require_caching(model)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
@torch.inference_mode()
def test_a_shared_beginning_is_read_once_with_the_same_logits(architecture: str) -> None:
    loaded = tiny_model(architecture, seed=11)
    system = tuple(range(40, 64))
    batch = [
        Encoded((*system, *b"Hi there", 7), (7, 9), 24 + 7),
        Encoded((*system, *b"No"), (3,), 24 + 1),
        Encoded((*system, *b"A longer one than", 1, 2), (1, 2, 5), 24 + 16),
    ]
    assert shared_prefix([e.ids for e in batch], min(e.start for e in batch)) == 24
    logits, tokens = read_logits(loaded.model, batch)
    whole, expected, _ = answer_logits(loaded.model, batch)
    assert tokens.tolist() == expected.tolist()
    assert torch.allclose(logits, whole, atol=1e-5)
    prompts = [e.ids[: 24 + 2] for e in batch]
    alone = [generate(loaded, [prompt], Stop([6]))[0] for prompt in prompts]
    assert generate(loaded, prompts, Stop([6] * 3)) == alone


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=20, max_size=24), min_size=2, max_size=5),
    st.integers(0, 30),
)
def test_what_is_shared_is_shared_by_all(sequences: list[list[int]], most: int) -> None:
    sequences = [[1] * 18 + rest for rest in sequences]
    length = shared_prefix(sequences, most)
    assert length <= most
    assert len({tuple(s[:length]) for s in sequences}) == 1
    assert length >= 16 if most >= 16 else length == 0
    if 16 <= length < min(most, *map(len, sequences)):
        assert len({s[length] for s in sequences}) > 1
