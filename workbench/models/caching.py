"""Forward passes that continue from a key-value cache, and proof that the model takes it into account."""

import inspect
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from transformers import Cache, PreTrainedModel

from workbench.errors import ModelLoadError
from workbench.models.encoding import Encoded
from workbench.models.forward import Beginning, answer_logits, logits_only_at

_NAMES = ("cache", "past_key_values")  # of the argument: since transformers 5.24, and before
_TOLERANCE = {
    torch.float32: 1e-3,
    torch.float64: 1e-3,
}  # relative; a cache that is ignored is off by more than 0.1
_HALF_TOLERANCE = 0.05
_takes_gaps: WeakKeyDictionary[PreTrainedModel, bool] = WeakKeyDictionary()
SHORTEST_PREFIX = 16  # tokens that several sequences share, from which they are read once


def next_logits(
    model: PreTrainedModel, ids: Tensor, cache: Cache | None, mask: Tensor | None = None
) -> tuple[Tensor, Cache]:
    """(B, T) new ids after what the cache holds → float32 logits (B, vocabulary) of the next token. ``mask`` (B, cached
    + T): 0 where a row has a gap in place of a token, never at its last; None: no row has any."""
    name = _argument(model)
    rows = torch.arange(len(ids), device=ids.device)
    around: dict[str, Tensor] = {}
    if mask is not None:
        around = {
            "attention_mask": mask,
            "position_ids": (mask.cumsum(-1) - 1).clamp_min(0)[:, -ids.shape[1] :],
        }
    with logits_only_at(model, rows, torch.full_like(rows, ids.shape[1] - 1)):
        output = model(input_ids=ids, use_cache=True, **around, **{name: cache})
    return output.logits.float(), output[name]


@torch.inference_mode()
def takes_gaps(model: PreTrainedModel) -> bool:
    """Whether a row with a gap gives the logits that it gives without; looked at once a model."""
    if model not in _takes_gaps:
        _takes_gaps[model] = _gives_the_same_with_gaps(model)
    return _takes_gaps[model]


def _gives_the_same_with_gaps(model: PreTrainedModel) -> bool:
    ids, mask = _trial_ids(model).repeat(2, 1), torch.ones(2, 8, dtype=torch.long, device=model.device)
    mask[1, :3] = 0
    try:
        _, cache = next_logits(model, ids[:, :7], None, mask[:, :7])
        with_gaps, _ = next_logits(model, ids[:, 7:], cache, mask)
    except (TypeError, ValueError):  # no such arguments
        return False
    without = torch.cat([next_logits(model, ids[:1], None)[0], next_logits(model, ids[1:, 3:], None)[0]])
    return _relative(with_gaps, without) <= _tolerance(model)


@torch.inference_mode()
def read_logits(model: PreTrainedModel, batch: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
    """(logits (n, vocabulary), answer tokens (n,)) as of ``answer_logits``, without gradients: what all sequences begin
    with, such as a chat's system prompt, is read once."""
    logits, tokens, _rows = answer_logits(model, batch, beginning(model, batch))
    return logits, tokens


def beginning(model: PreTrainedModel, batch: Sequence[Encoded]) -> Beginning | None:
    """Of all rows, before the first position that one of them is read or edited at; None where it would not pay."""
    shared = shared_prefix([e.ids for e in batch], min(e.first for e in batch))
    if not shared:
        return None
    with torch.no_grad():
        cache = prefix_cache(model, batch[0].ids[:shared], len(batch))
    return Beginning(shared, cache, _argument(model))


def shared_prefix(sequences: Sequence[Sequence[int]], most: int) -> int:
    """How many tokens, at most ``most``, all sequences begin with; 0 where it would not pay."""
    first, last = (
        min(map(tuple, sequences)),
        max(map(tuple, sequences)),
    )  # in the order of their tokens: what these share, all share
    pairs = zip(first[:most], last[:most], strict=False)
    length = next((k for k, (a, b) in enumerate(pairs) if a != b), min(most, len(first), len(last)))
    return length if len(sequences) > 1 and length >= SHORTEST_PREFIX else 0


def prefix_cache(model: PreTrainedModel, prefix: Sequence[int], rows: int) -> Cache:
    """What the model keeps of the prefix, for a batch of so many rows."""
    _, cache = next_logits(model, torch.tensor([list(prefix)], device=model.device), None)
    cache.batch_repeat_interleave(rows)
    return cache


@torch.inference_mode()
def require_caching(model: PreTrainedModel) -> None:
    """Raises ModelLoadError where logits from a cache are not those of one pass over the whole text: a library that
    renames the argument drops the cache without an error."""
    ids = _trial_ids(model)
    whole, _ = next_logits(model, ids, None)
    _, cache = next_logits(model, ids[:, :5], None)
    continued, _ = next_logits(model, ids[:, 5:], cache)
    off = _relative(continued, whole)
    if off > _tolerance(model):
        raise ModelLoadError(
            f"{type(model).__name__} gives other logits from its cache than without it (relative difference "
            f"{off:.2g}): this version of transformers cannot be used with it; install one that the workbench allows."
        )


def _trial_ids(model: PreTrainedModel) -> Tensor:
    """(1, 8)."""
    ids: Tensor = (
        torch.arange(1, 9, device=model.device)[None] * 7 % model.config.get_text_config().vocab_size
    )
    return ids


def _relative(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


def _tolerance(model: PreTrainedModel) -> float:
    return _TOLERANCE.get(model.dtype, _HALF_TOLERANCE)


def _argument(model: PreTrainedModel) -> str:
    known = inspect.signature(type(model).forward).parameters
    for name in _NAMES:
        if name in known:
            return name
    raise ModelLoadError(
        f"{type(model).__name__} has no key-value cache: the workbench cannot write text with it."
    )
