"""Work in batches of similar length: bounded memory, halved when it runs out, stopped between two of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from workbench.errors import Cancelled, OutOfMemory

_CPU_OUT_OF_MEMORY = ("DefaultCPUAllocator", "can't allocate memory", "not enough memory")


class Cancel(Protocol):
    """A ``threading.Event``, or anything that answers like one."""

    def is_set(self) -> bool: ...


@dataclass(slots=True)
class Watch:
    """Who listens to a long evaluation, and what stops it; ``halved`` is told the new rows a batch."""

    cancel: Cancel | None = None
    progress: Callable[[int, int], None] | None = None
    halved: Callable[[int], None] | None = None
    total: int = 0
    done: int = 0

    def check(self) -> None:
        """Raises Cancelled once the person asked to stop."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("Stopped; the model is as it was.")

    def advance(self, rows: int) -> None:
        self.done += rows
        self.report(0)

    def report(self, under_way: int) -> None:
        """``under_way``: rows' worth of work inside the batch in hand."""
        if self.progress is not None:
            self.progress(self.done + under_way, max(self.total, self.done + under_way))


@dataclass(frozen=True, slots=True)
class Budget:
    """What one batch may hold: ``tokens`` counts padded positions, ``logits`` single numbers."""

    tokens: int
    logits: int

    @classmethod
    def on(cls, device: torch.device) -> "Budget":
        return cls(1 << 9, 1 << 25) if device.type == "cpu" else cls(1 << 13, 1 << 28)

    def batches(self, widths: Sequence[int], logits: Sequence[int]) -> list[list[int]]:
        """Indices of rows, widest first. A row beyond the budget stands alone."""
        found: list[list[int]] = []
        width = numbers = 0
        for i in sorted(range(len(widths)), key=lambda i: (-widths[i], i)):
            numbers += logits[i]
            if not found or (len(found[-1]) + 1) * width > self.tokens or numbers > self.logits:
                found.append([])
                width, numbers = widths[i], logits[i]
            found[-1].append(i)
        return found


def for_each_batch(
    batches: Iterable[list[int]], work: Callable[[list[int]], None], watch: Watch | None = None
) -> None:
    """Runs ``work`` on every batch; where memory runs out, this and all later ones go on in halves.

    Raises Cancelled, and OutOfMemory where a single row does not fit. ``work`` may see rows twice.
    """
    watch = watch or Watch()
    queue = list(batches)[::-1]
    while queue:
        watch.check()
        batch = queue.pop()
        if _fits(work, batch):
            watch.advance(len(batch))
            continue
        if len(batch) == 1:
            raise OutOfMemory("Memory ran out on a single text: free memory, or choose a smaller model.")
        queue = [half for b in (*queue, batch) for half in _halves(b)]
        if watch.halved is not None:
            watch.halved(len(queue[-1]))


def _halves(batch: list[int]) -> list[list[int]]:
    """The second half first, as the queue is read from its end."""
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[middle:], batch[:middle]) if half]


def _fits(work: Callable[[list[int]], None], batch: list[int]) -> bool:
    try:
        work(batch)
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
    else:
        return True
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return False


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _CPU_OUT_OF_MEMORY)
