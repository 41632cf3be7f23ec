"""Token by token with a key-value cache, many prompts at once. Rows that are finished leave the batch.

Prompts of several lengths share a batch where the model takes gaps before them, and only where the likeliest token is
picked: a row's result does not depend on its neighbours then, but for the rounding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from workbench.evaluation.batching import Watch, for_each_batch
from workbench.evaluation.reading import non_finite
from workbench.models.caching import next_logits, prefix_cache, shared_prefix, takes_gaps
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

    together = pick is greedy and _may_mix(loaded, prompts, stop.limits)
    for_each_batch(_batches(prompts, stop.limits, together=together), work, watch)
    return written


def _may_mix(loaded: LoadedModel, prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> bool:
    """Gaps count in a sliding window, which no row may fill."""
    window = getattr(loaded.model.config.get_text_config(), "sliding_window", None)
    longest = max(map(len, prompts), default=0) + max(limits, default=0)
    return len(set(map(len, prompts))) > 1 and longest <= (window or longest) and takes_gaps(loaded.model)


def end_tokens(loaded: LoadedModel) -> frozenset[int]:
    """Every token that ends a text: the tokenizer's, and those of the generation settings."""
    settings = loaded.model.generation_config
    ends = settings.eos_token_id if settings is not None else None
    several = ends if isinstance(ends, list) else [ends]
    return frozenset(t for t in (*several, loaded.tokenizer.eos_token_id) if t is not None)


def _batches(
    prompts: Sequence[Sequence[int]], limits: Sequence[int], *, together: bool = False
) -> list[list[int]]:
    """The longest prompts first, and of those that are equally long those that may grow longest; of one length each,
    or all lengths ``together``."""
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), -limits[i], i))
    found: list[list[int]] = []
    for _, group in groupby(order, key=lambda i: together or len(prompts[i])):
        rows = list(group)
        width = len(prompts[rows[0]]) + max(limits[i] for i in rows)
        size = max(1, BATCH_TOKENS // width)
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
    shortest = min((len(prompts[row]) for row in alive), default=1)
    shared = shared_prefix([prompts[row] for row in alive], shortest - 1) if alive else 0
    cache = prefix_cache(loaded.model, prompts[alive[0]][:shared], len(alive)) if shared else None
    ids, mask = _with_gaps([prompts[row] for row in alive], shared, device)
    steps = max(stop.limits[row] for row in batch)
    for step in range(steps):
        watch.check()
        logits, cache = next_logits(loaded.model, ids, cache, mask)
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
        if mask is not None:
            mask = torch.cat([mask[places], torch.ones_like(ids)], dim=1)
        watch.report(len(batch) * (step + 1) // steps)
    return list(written.values())


def _with_gaps(
    prompts: Sequence[Sequence[int]], shared: int, device: torch.device
) -> tuple[Tensor, Tensor | None]:
    """(b, T) ids behind the ``shared`` ones, gaps first; and the mask (b, shared + T), None where there are no gaps."""
    rest = [list(ids[shared:]) for ids in prompts]
    width = max(map(len, rest), default=0)
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rest], device=device)
    if all(len(row) == width for row in rest):
        return ids, None
    mask = [[1] * shared + [0] * (width - len(row)) + [1] * len(row) for row in rest]
    return ids, torch.tensor(mask, device=device)


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
