"""A few random kills in every test run; the loop itself does as many as asked."""

from pathlib import Path

from tests.faults.kill_loop import RECIPES, kill_loop


def test_killed_runs_go_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    result = kill_loop(len(RECIPES), seed=1, folder=tmp_path)
    assert result["wrong"] == []
    assert result["whole"] == len(RECIPES)
