"""A few random kills in every test run; the loop itself does as many as asked."""

from pathlib import Path

import pytest
import torch

from tests.faults.kill_loop import MANNERS, kill_loop
from tests.faults.works import WORKS

KILLS = len(WORKS) + len(WORKS) // len(MANNERS)  # each work in one manner; one of three kills twice


def test_killed_work_goes_on_as_if_nothing_had_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for each other where the cores are busy
    try:
        result = kill_loop(KILLS, seed=1, folder=tmp_path)
    finally:
        torch.set_num_threads(threads)
    assert result["wrong"] == []
    assert result["whole"] == result["rounds"]
    assert set(result["hits"]) == set(WORKS)
