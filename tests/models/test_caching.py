"""Logits from a cache are those of one pass, on every architecture; a library that drops it is found out at loading."""

import pytest
import torch

from tests.tiny import ARCHITECTURES, tiny_model
from workbench.errors import ModelLoadError
from workbench.models import caching
from workbench.models.caching import next_logits, require_caching
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


def test_the_starter_uses_its_cache(starter: LoadedModel) -> None:
    require_caching(starter.model)


def test_a_cache_that_is_dropped_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("llama", seed=11).model
    for parameter in model.parameters():  # a random model hardly attends; a trained one does
        parameter.data *= 4
    monkeypatch.setattr(caching, "next_logits", lambda m, ids, _cache: next_logits(m, ids, None))
    with pytest.raises(ModelLoadError, match="from its cache"):
        require_caching(model)
