"""Forward passes that continue from a key-value cache, and proof that the model takes it into account."""

import inspect

import torch
from torch import Tensor
from transformers import Cache, PreTrainedModel

from workbench.errors import ModelLoadError
from workbench.models.forward import logits_only_at

_NAMES = ("cache", "past_key_values")  # of the argument: since transformers 5.24, and before
_TOLERANCE = {
    torch.float32: 1e-3,
    torch.float64: 1e-3,
}  # relative; a cache that is ignored is off by more than 0.1
_HALF_TOLERANCE = 0.05


def next_logits(model: PreTrainedModel, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
    """(B, T) new ids after what the cache holds → float32 logits (B, vocabulary) of the next token."""
    name = _argument(model)
    rows = torch.arange(len(ids), device=ids.device)
    with logits_only_at(model, rows, torch.full_like(rows, ids.shape[1] - 1)):
        output = model(input_ids=ids, use_cache=True, **{name: cache})
    return output.logits.float(), output[name]


@torch.inference_mode()
def require_caching(model: PreTrainedModel) -> None:
    """Raises ModelLoadError where logits from a cache are not those of one pass over the whole text: a library that
    renames the argument drops the cache without an error."""
    ids = (
        torch.arange(1, 9, device=model.device)[None] * 7 % model.config.get_text_config().vocab_size
    )  # (1, 8)
    whole, _ = next_logits(model, ids, None)
    _, cache = next_logits(model, ids[:, :5], None)
    continued, _ = next_logits(model, ids[:, 5:], cache)
    off = float((continued - whole).norm() / whole.norm())
    if off > _TOLERANCE.get(model.dtype, _HALF_TOLERANCE):
        raise ModelLoadError(
            f"{type(model).__name__} gives other logits from its cache than without it (relative difference "
            f"{off:.2g}): this version of transformers cannot be used with it; install one that the workbench allows."
        )


def _argument(model: PreTrainedModel) -> str:
    known = inspect.signature(type(model).forward).parameters
    for name in _NAMES:
        if name in known:
            return name
    raise ModelLoadError(
        f"{type(model).__name__} has no key-value cache: the workbench cannot write text with it."
    )
