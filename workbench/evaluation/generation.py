"""Token by token with a key-value cache, many prompts at once.

Prompts of one length share a batch: without padding, no architecture needs an attention mask or positions,
and a row's result does not depend on its neighbours. Rows that are finished leave the batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from workbench.evaluation.batching import Watch, for_each_batch
from workbench.evaluation.reading import non_finite
from workbench.models.caching import next_logits, prefix_cache, shared_prefix
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

BATCH_TOKENS = 1 << 13  # positions that the caches of one batch may hold

Pick = Callable[[Tensor, list[int], int], Tensor]  # logits (b, vocabulary), rows (b,), step → tokens (b,)


@dataclass(frozen=True, slots=True)
class Stop:
    """When a row is finished: after ``limits[row]`` tokens, at ``ends``, or where ``done(row, tokens)``."""

    limits: Sequence[int]
    ends: frozenset[int] = frozenset()
    done: Callable[[int, list[int]], bool] = lambda _row, _ids: False


def greedy(logits: Tensor, _rows: list[int], _step: int) -> Tensor:
    return logits.argmax(-1)


def generate(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    stop: Stop,
    pick: Pick = greedy,
    watch: Watch | None = None,
) -> list[list[int]]:
    """New tokens of each prompt, without the end token. Raises Cancelled, OutOfMemory and NonFinite."""
    watch = watch or Watch()
    written: list[list[int]] = [[] for _ in prompts]

    def work(batch: list[int]) -> None:
        for i, ids in zip(batch, _generate_batch(loaded, prompts, batch, stop, pick, watch), strict=True):
            written[i] = ids

    for_each_batch(_batches(prompts, stop.limits), work, watch)
    return written


def end_tokens(loaded: LoadedModel) -> frozenset[int]:
    """Every token that ends a text: the tokenizer's, and those of the generation settings."""
    settings = loaded.model.generation_config
    ends = settings.eos_token_id if settings is not None else None
    several = ends if isinstance(ends, list) else [ends]
    return frozenset(t for t in (*several, loaded.tokenizer.eos_token_id) if t is not None)


def _batches(prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> list[list[int]]:
    """Prompts of one length, the longest first; within a length those that may grow longest first."""
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), -limits[i], i))
    found: list[list[int]] = []
    for width, group in groupby(order, key=lambda i: len(prompts[i])):
        rows = list(group)
        size = max(1, BATCH_TOKENS // (width + limits[rows[0]]))
        found += [rows[i : i + size] for i in range(0, len(rows), size)]
    return found


@torch.inference_mode()
def _generate_batch(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    batch: list[int],
    stop: Stop,
    pick: Pick,
    watch: Watch,
) -> list[list[int]]:
    device = loaded.model.device
    written: dict[int, list[int]] = {row: [] for row in batch}
    alive = [row for row in batch if stop.limits[row] > 0]
    shared = shared_prefix([prompts[row] for row in alive], len(prompts[alive[0]]) - 1) if alive else 0
    cache = prefix_cache(loaded.model, prompts[alive[0]][:shared], len(alive)) if shared else None
    ids = torch.tensor([list(prompts[row][shared:]) for row in alive], device=device)  # (b, T)
    steps = max(stop.limits[row] for row in batch)
    for step in range(steps):
        watch.check()
        logits, cache = next_logits(loaded.model, ids, cache)
        _check_finite(loaded, logits, [prompts[row] for row in alive])
        picked = pick(logits, alive, step)
        kept = _append(written, alive, picked.tolist(), stop)
        if not kept:
            break
        places = torch.tensor(kept, device=device)
        if len(kept) < len(alive):
            cache.batch_select_indices(places)
        alive = [alive[k] for k in kept]
        ids = picked[places][:, None]  # (b, 1)
        watch.report(len(batch) * (step + 1) // steps)
    return list(written.values())


def _append(written: dict[int, list[int]], rows: list[int], tokens: list[int], stop: Stop) -> list[int]:
    """Adds each row's token; returns the places in the batch that go on."""
    kept = []
    for k, (row, token) in enumerate(zip(rows, tokens, strict=True)):
        ids = written[row]
        if token not in stop.ends:
            ids.append(token)
            if len(ids) < stop.limits[row] and not stop.done(row, ids):
                kept.append(k)
    return kept


def _check_finite(loaded: LoadedModel, logits: Tensor, prompts: list[Sequence[int]]) -> None:
    fine = torch.isfinite(logits.amax(-1))  # amax of a row with NaN is NaN
    if not fine.all():
        ids = tuple(prompts[int(fine.long().argmin())])
        raise non_finite(loaded.tokenizer, Encoded(ids, (), len(ids) - 1))
