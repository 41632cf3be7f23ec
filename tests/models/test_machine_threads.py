"""Work that does not divide among threads is done side by side, each piece by one."""

import threading
from collections.abc import Iterator

import pytest
import torch

from workbench.models.machine import one_a_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order_and_each_is_made_by_one_thread() -> None:
    def look(item: int) -> tuple[int, int]:
        return item * 2, torch.get_num_threads()

    assert one_a_thread(look, [3, 1, 2]) == [(6, 1), (2, 1), (4, 1)]
    assert torch.get_num_threads() == 2


def test_threads_that_come_later_compute_as_before() -> None:
    one_a_thread(lambda item: item, [1, 2, 3])
    found: list[int] = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [2]


def test_an_error_of_one_is_raised() -> None:
    def fail(item: int) -> int:
        raise ValueError(str(item))

    with pytest.raises(ValueError, match="7"):
        one_a_thread(fail, [7])
    assert torch.get_num_threads() == 2
