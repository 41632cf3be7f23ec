"""Out of memory, cancel and progress between batches."""

import threading

import pytest
import torch

from workbench.errors import Cancelled, OutOfMemory
from workbench.evaluation.batching import Watch, for_each_batch

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_batches_are_halved_until_they_fit(error: Exception) -> None:
    done: list[int] = []
    tried: list[int] = []
    halved: list[int] = []

    def work(batch: list[int]) -> None:
        tried.append(len(batch))
        if len(batch) > 2:
            raise error
        done.extend(batch)

    watch = Watch(halved=halved.append, total=17)
    for_each_batch([list(range(9)), list(range(9, 17))], work, watch)
    assert done == list(range(17))
    assert watch.done == 17
    assert halved == [5, 3, 2]
    assert tried[:3] == [9, 5, 3]  # and later batches were cut with the first
    assert max(tried[3:]) <= 2


def test_a_single_row_that_does_not_fit() -> None:
    def work(_batch: list[int]) -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(OutOfMemory, match="single text"):
        for_each_batch([[1, 2, 3]], work)


def test_other_errors_are_not_swallowed() -> None:
    def work(_batch: list[int]) -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        for_each_batch([[1, 2]], work)


def test_cancel_leaves_the_rest_undone() -> None:
    cancel = threading.Event()
    done: list[list[int]] = []

    def work(batch: list[int]) -> None:
        done.append(batch)
        cancel.set()

    with pytest.raises(Cancelled):
        for_each_batch([[1], [2]], work, Watch(cancel))
    assert done == [[1]]
