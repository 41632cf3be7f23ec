"""A last step that cannot be read any more: the window says so and offers the step before it."""

from pathlib import Path

from tests.desktop.shell.test_session_places import edited, notice, offer
from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model


def lose(session: Path, step: int) -> None:
    """With the checkpoint that would lead there."""
    for file in session.rglob(f"run0001-edit{step:06}-*"):
        file.write_bytes(file.read_bytes()[:-1] + b"x")


def test_the_step_before_a_damaged_one_is_offered_and_the_run_goes_on_from_there(walker: Walker) -> None:
    window = walker.window
    lose(edited(walker), 2)
    window.handlers._model_loaded(tiny_model())
    walker.wait_for_end()
    frame = notice(window, "cannot be read")
    offer(frame, "Continue from step 1").click()
    walker.wait_for_end()
    assert (window.desk.bench.chain, window.desk.bench.cuts) == ([1], {1: 1})
    assert (window.facts.facts.steps >= 0).tolist() == [True, True, False, False]
    walker.press("edit")
    walker.wait_for_end()
    assert (window.facts.facts.steps >= 0).all()
