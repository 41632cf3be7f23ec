"""Blocks below the lowest edited one see the same input before and after every edit: they are run once a text."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from workbench.models.caching import SHORTEST_PREFIX, read_logits
from workbench.models.encoding import Encoded
from workbench.models.forward import RowsInHand, rows_in_hand
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule

_log = logging.getLogger(__name__)
_EVERY = 2  # layers between two levels at which states are kept
_Key = tuple[int, tuple[int, ...]]  # level, token ids of one row without its padding


class SharedPrefix:
    """Keeps the hidden states that enter some block, by the row's token ids; at most ``room`` bytes, the oldest
    dropped first. Where a model does not take them back bit for bit, it is run as a whole.

    A row's states are rounded as in the batch that it was run in first: ``clear`` it where that must be the same."""

    def __init__(self, loaded: LoadedModel, modules: Sequence[EditableModule], room: int = 1 << 30) -> None:
        """``modules``: those that may be edited, all of one list of blocks."""
        self._loaded, self._room = loaded, room
        self._blocks = _blocks_of(loaded, modules)
        self._levels = sorted({m.layer for m in modules if m.layer})[::_EVERY]
        self._lowest = min(m.layer for m in modules)
        self._sound: dict[int, bool] = {}
        self._kept: OrderedDict[_Key, tuple[int, Tensor]] = OrderedDict()  # from which token on, (T, D)
        self._bytes = 0
        self.suspended = False

    @contextmanager
    def every_block(self) -> Iterator[None]:
        """Within it, also within ``below``, all blocks run: what listens to the lower ones misses nothing."""
        before, self.suspended = self.suspended, True
        try:
            yield
        finally:
            self.suspended = before

    def edited(self) -> AbstractContextManager[None]:
        """``below`` the lowest of the modules."""
        return self.below(self._lowest)

    @contextmanager
    def below(self, layer: int) -> Iterator[None]:
        """Within it, nothing below block ``layer`` may be edited, and only this thread shares."""
        level = max((at for at in self._levels if at <= layer), default=0)
        if level == 0 or not self._is_sound(level):
            yield
            return
        with self._patched(level):
            yield

    def _is_sound(self, level: int) -> bool:
        """Tried once a level, on the unedited or an edited model alike."""
        if level not in self._sound:
            try:
                self._sound[level] = self._gives_the_same(level)
            except (RuntimeError, TypeError, ValueError, IndexError) as error:
                _log.info("The blocks below %d are run every time: %s", level, error)
                self._sound[level] = False
        return self._sound[level]

    @torch.inference_mode()
    def _gives_the_same(self, level: int) -> bool:
        ids = torch.arange(2, 14, device=self._loaded.device).reshape(2, 6)

        begun_alike = [Encoded((*range(2, 2 + SHORTEST_PREFIX), i, i + 1), (i + 2,), 17) for i in (3, 4)]

        def logits() -> Tensor:
            found: Tensor = self._loaded.model(input_ids=ids, use_cache=False).logits
            return torch.cat([found.flatten(), read_logits(self._loaded.model, begun_alike)[0].flatten()])

        whole = logits()
        with self._patched(level):
            kept, reused = logits(), logits()
        return torch.equal(whole, kept) and torch.equal(whole, reused)

    @contextmanager
    def _patched(self, level: int) -> Iterator[None]:
        batch = _Batch(self, level)
        with ExitStack() as stack:
            top = self._loaded.model.register_forward_pre_hook(batch.began, with_kwargs=True)
            entry = self._blocks[level].register_forward_pre_hook(batch.entered, with_kwargs=True)
            over = self._loaded.model.register_forward_hook(batch.ended, always_call=True)
            stack.callback(top.remove)
            stack.callback(over.remove)
            stack.callback(entry.remove)
            for block in self._blocks[:level]:
                stack.enter_context(_replaced(block, batch.skipping(block.forward)))
            yield

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def get(self, level: int, rows: RowsInHand, width: int) -> Tensor | None:
        """(B, width, D) of what is not cached, zero at the padding; None where a row is not known from there on."""
        found = [self._kept.get((level, ids)) for ids in rows.ids]
        known = [
            states[rows.cached - first :] for first, states in filter(None, found) if first <= rows.cached
        ]
        if len(known) < len(found):
            return None
        with torch.inference_mode(False):
            batch = known[0].new_zeros(len(known), width, known[0].shape[-1])
            for i, states in enumerate(known):
                batch[i, : len(states)] = states
                self._kept.move_to_end((level, rows.ids[i]))
        return batch

    def keep(self, level: int, rows: RowsInHand, hidden: Tensor) -> None:
        """``hidden`` (B, T, D) of what is not cached."""
        for ids, states in zip(rows.ids, hidden, strict=True):
            known = self._kept.get((level, ids))
            if known is not None and known[0] <= rows.cached:
                continue
            self._bytes -= 0 if known is None else known[1].nbytes
            with torch.inference_mode(False):
                own = states[: len(ids) - rows.cached].detach().clone()
            self._kept[level, ids] = rows.cached, own
            self._bytes += own.nbytes
        while self._bytes > self._room:
            _, (_, old) = self._kept.popitem(last=False)
            self._bytes -= old.nbytes


class _Batch:
    """The forward pass in hand."""

    def __init__(self, prefix: SharedPrefix, level: int) -> None:
        self._prefix, self._level = prefix, level
        self._thread = threading.get_ident()
        self._rows: RowsInHand | None = None
        self._states: Tensor | None = None

    def began(self, _model: nn.Module, _args: tuple[Any, ...], given: dict[str, Any]) -> None:
        self._rows, self._states = None, None
        ids, rows = given.get("input_ids"), rows_in_hand.get()
        if self._prefix.suspended or threading.get_ident() != self._thread or ids is None:
            return
        if rows is None:
            if given.get("use_cache") is not False:
                return
            rows = RowsInHand(tuple(map(tuple, ids.tolist())), 0)
        self._rows = rows
        self._states = self._prefix.get(self._level, self._rows, ids.shape[1])

    def ended(self, _model: nn.Module, _args: tuple[Any, ...], _output: object) -> None:
        """Whoever calls a part of the model by itself gets all of that part."""
        self._rows, self._states = None, None

    def entered(
        self, _block: nn.Module, args: tuple[Any, ...], given: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        if self._rows is None or threading.get_ident() != self._thread:
            return None
        if self._states is None:
            self._prefix.keep(self._level, self._rows, args[0] if args else given["hidden_states"])
            return None
        if args:
            return (self._states, *args[1:]), given
        return args, given | {"hidden_states": self._states}

    def skipping(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """In place of a block's forward: what comes in goes out, in the form that the block gives."""
        as_tuple: list[bool] = []

        def skip(*args: Any, **given: Any) -> Any:
            if self._states is not None and as_tuple and threading.get_ident() == self._thread:
                hidden = args[0] if args else given["hidden_states"]
                return (hidden,) if as_tuple[0] else hidden
            found = forward(*args, **given)
            as_tuple[:] = [isinstance(found, tuple)]
            return found

        return skip


@contextmanager
def _replaced(block: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """The instance's own ``forward``, where somebody had set one, is put back."""
    own = vars(block).get("forward")
    block.forward = forward
    try:
        yield
    finally:
        del block.forward
        if own is not None:
            block.forward = own


def _blocks_of(loaded: LoadedModel, modules: Sequence[EditableModule]) -> list[nn.Module]:
    first = modules[0]
    blocks = loaded.model.get_submodule(first.name.removesuffix(f".{first.layer}.{first.projection}"))
    return list(blocks.children())
