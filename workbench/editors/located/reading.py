"""Hidden states at the lookup of every sequence, read and added to."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from workbench.editing.control import Control
from workbench.editors.located.facts import lookup
from workbench.evaluation.batching import Budget, Watch, for_each_batch
from workbench.models.encoding import Encoded
from workbench.models.forward import pad
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule


def block_of(loaded: LoadedModel, module: EditableModule) -> nn.Module:
    """The block that holds the module; its output is the residual stream."""
    return loaded.model.get_submodule(module.name.removesuffix(f".{module.projection}"))


@contextmanager
def at_output(module: nn.Module, act: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
    """Within it and in this thread, ``act`` sees the module's output, of a tuple the first, and may replace it."""
    thread = threading.get_ident()

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> object:
        if threading.get_ident() != thread:  # somebody probes the model between two batches
            return None
        if not isinstance(output, tuple):
            return act(output)
        replaced = act(output[0])
        return None if replaced is None else (replaced, *output[1:])

    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def at_input(module: nn.Module, act: Callable[[Tensor], None]) -> Iterator[None]:
    """Within it and in this thread, ``act`` sees the module's input."""
    thread = threading.get_ident()

    def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if threading.get_ident() == thread:
            act(inputs[0])

    handle = module.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def places(batch: Sequence[Encoded], device: torch.device) -> Tensor:
    """(B,) the lookups among the padded batch's B·T positions."""
    width = max(len(sequence.ids) for sequence in batch)
    return torch.tensor([i * width + lookup(s) for i, s in enumerate(batch)], device=device)


def rows_at(hidden: Tensor, at: Tensor) -> Tensor:
    """(n, d) of (B, T, d), or of the (B·T, d) that OPT's blocks flatten it to; float32 at least."""
    rows = hidden.reshape(-1, hidden.shape[-1])[at]
    return rows.to(torch.promote_types(rows.dtype, torch.float32))


def read(
    loaded: LoadedModel, sequences: Sequence[Encoded], into: nn.Module, out_of: nn.Module, control: Control
) -> tuple[Tensor, Tensor]:
    """What goes into one module and comes out of another at each of N lookups: (N, d_k) and (N, d_v), float32 at least.
    Raises Cancelled and OutOfMemory."""
    cut = [Encoded(s.ids[: lookup(s) + 1], (), lookup(s)) for s in sequences]
    entered: dict[int, Tensor] = {}
    left: dict[int, Tensor] = {}

    def work(batch: list[int]) -> None:
        ids, at = (
            pad([cut[i].ids for i in batch], loaded.device),
            places([cut[i] for i in batch], loaded.device),
        )

        def keep(rows: dict[int, Tensor]) -> Callable[[Tensor], None]:
            return lambda hidden: rows.update(zip(batch, rows_at(hidden, at), strict=True))

        with at_input(into, keep(entered)), at_output(out_of, keep(left)):
            loaded.model.base_model(input_ids=ids, use_cache=False)

    widths = [len(s.ids) for s in cut]
    with torch.no_grad():
        batches = Budget.on(loaded.device).batches(widths, [0] * len(cut))
        for_each_batch(batches, work, Watch(control))
    keys, outputs = (torch.stack([rows[i] for i in range(len(cut))]) for rows in (entered, left))
    return keys, outputs
