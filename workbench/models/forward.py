"""Forward passes that compute logits only where an answer is read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import Cache, PreTrainedModel

from workbench.models.encoding import Encoded

# Of the logits' matrix product. What is over a multiple of the kernel's rows sums the vocabulary in one run of
# float32 on the way back: ten times the rounding, which made value gradients depend on the minibatch.
ROWS_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Beginning:
    """The tokens that all rows of a batch begin with, read once."""

    length: int
    cache: Cache  # of every row; one forward pass uses it up
    argument: str  # the model's name for it


@dataclass(frozen=True, slots=True)
class RowsInHand:
    """Token ids of the rows that the model is given padded, and how many of them it has in its cache."""

    ids: tuple[tuple[int, ...], ...]
    cached: int


rows_in_hand: ContextVar[RowsInHand | None] = ContextVar("rows_in_hand", default=None)


def length_batches(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Indices grouped by similar length, at most ``size`` a group, the longest group first."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i], reverse=True)
    return [order[i : i + size] for i in range(0, len(order), size)]


def pad(rows: Sequence[Sequence[int]], device: torch.device | str, fill: int = 0) -> Tensor:
    """(B, T) ids padded on the right. Causal attention keeps real positions from seeing the padding, so
    no attention mask is needed and any id serves as filler."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), fill, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
    return ids.to(device)


def answer_positions(batch: Sequence[Encoded], device: torch.device | str) -> tuple[Tensor, Tensor, Tensor]:
    """(rows, columns, tokens), each (n,): where answers are read in the padded batch, and what they should be."""
    rows = [i for i, e in enumerate(batch) for _ in e.answer]
    columns = [e.start + k for e in batch for k in range(len(e.answer))]
    tokens = [t for e in batch for t in e.answer]
    rows_, columns_, tokens_ = torch.tensor([rows, columns, tokens], dtype=torch.long, device=device)
    return rows_, columns_, tokens_


@contextmanager
def logits_only_at(model: PreTrainedModel, rows: Tensor, columns: Tensor) -> Iterator[None]:
    """Within it, the model's logits come out as (n, vocabulary), one row per (row, column) pair."""
    head = model.get_output_embeddings()
    assert isinstance(head, nn.Module)

    def select(_module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, *rest = inputs  # (B, T, D)
        return (hidden[rows, columns], *rest)  # (n, D)

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def answer_logits(
    model: PreTrainedModel, batch: Sequence[Encoded], begun: Beginning | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(logits (n, vocabulary) in the model's dtype, answer tokens (n,), row of each (n,)); ``begun``: what of the
    batch is read already."""
    device, cached = model.device, 0 if begun is None else begun.length
    rows, columns, tokens = answer_positions(batch, device)
    spare = -len(rows) % ROWS_AT_A_TIME
    ids = pad([e.ids[cached:] for e in batch], device)
    cache = {} if begun is None else {begun.argument: begun.cache}
    token = rows_in_hand.set(RowsInHand(tuple(e.ids for e in batch), cached))
    try:
        with logits_only_at(model, _lengthen(rows, spare), _lengthen(columns - cached, spare)):
            logits = model(input_ids=ids, use_cache=begun is not None, **cache).logits
    finally:
        rows_in_hand.reset(token)
    return logits[: len(rows)], tokens, rows


def _lengthen(indices: Tensor, spare: int) -> Tensor:
    return torch.cat([indices, indices[:1].expand(spare)])
