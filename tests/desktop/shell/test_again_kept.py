"""Facts that the person asked to have edited again are still to be edited when the session is opened again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.desktop.shell.walker import Walker
from tests.editing.test_skipped_steps import poison
from tests.session.kept_runs import facts, job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.desktop.facts import State, prepared
from workbench.desktop.facts.store.fact_list import AGAIN, UNTOUCHED
from workbench.desktop.main_window import MainWindow
from workbench.desktop.workspace.again import AGAIN as SETTING
from workbench.desktop.workspace.opened import open_session, read_session
from workbench.editing.run import Run
from workbench.errors import SessionError
from workbench.facts.fact import Fact
from workbench.session.folder import Session
from workbench.session.lineage import chain_to


def edit(walker: Walker) -> Path:
    walker.wait(walker.window.tool_bar.buttons["edit"].isEnabled, "facts to edit")
    walker.press("edit")
    walker.wait_for_end()
    return walker.window.desk.keeper.need().folder


def opened_again(make: Callable[[], MainWindow], folder: Path) -> Walker:
    window = make()
    window.handlers.open_session(folder)
    walker = Walker(window, patience_s=60)
    walker.wait(lambda: window.desk.keeper.session is not None, "the session")
    window.handlers._model_loaded(tiny_model())
    walker.wait(lambda: window.desk.bench.chain and not window.desk.run.activity, "the model's state")
    return walker


def test_marks_outlive_the_window_until_a_run_has_done_the_facts(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    folder = edit(walker)
    panel = walker.window.facts
    panel.history.edit_again(panel.facts, np.array([1, 2]))
    panel.history.add(panel.facts, prepared([Fact("before them is", "one")]), at=0)
    walker.window.close()
    second = opened_again(make_window, folder)
    steps = second.window.facts.facts.steps
    assert steps.tolist() == [UNTOUCHED, 1, AGAIN, AGAIN, 2]
    assert second.window.desk.run.fresh().tolist() == [0, 2, 3]
    edit(second)
    assert len(second.window.desk.keeper.need().job(2).facts) == 3
    second.window.close()
    with Session.open(folder) as kept:
        assert kept.setting(SETTING) is not None  # what it says of run 1 does not hold for run 2
        assert (read_session(kept).steps >= 0).all()


def test_a_mark_that_was_undone_is_not_kept(walker: Walker) -> None:
    folder = edit(walker)
    panel = walker.window.facts
    panel.history.edit_again(panel.facts, np.array([1, 2]))
    walker.window.desk.keeper.flush()
    panel.history.undo()
    walker.window.close()
    assert open_session(folder).steps.tolist() == [1, 1, 2, 2]


def test_a_session_saved_elsewhere_after_its_folder_went_has_no_marks(walker: Walker, tmp_path: Path) -> None:
    edit(walker)
    panel = walker.window.facts
    panel.history.edit_again(panel.facts, np.array([1]))
    keeper = walker.window.desk.keeper
    keeper.flush()
    keeper.need().folder.rename(tmp_path / "gone")
    keeper.look()
    keeper.save_elsewhere(tmp_path / "rescued")
    with Session.open(tmp_path / "rescued") as rescued:
        assert rescued.setting(SETTING) is None


@pytest.fixture
def kept(tmp_path: Path) -> Session:
    """Run 1: twelve facts, two a step."""
    run_kept(tmp_path / "s", recipe(), job(12))
    session = Session.open(tmp_path / "s")
    session.set_facts("edit", facts(12))
    return session


def test_what_a_resumed_run_does_later_counts(kept: Session) -> None:
    with kept:
        kept.set_setting(SETTING, {"run": 1, "step": 3, "facts": [0, 5, 6]})
        steps = read_session(kept).steps
    assert [steps[p] for p in (0, 5, 6)] == [AGAIN, AGAIN, 4]  # 6 was done by a step after the mark


def test_a_branch_takes_the_marks_of_its_parent_s_steps_over(kept: Session) -> None:
    with kept:
        kept.set_setting(SETTING, {"run": 1, "step": 6, "facts": [0, 5, 6]})
        going = kept.branch(tiny_model(), 1, 3)
        list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        branch = read_session(kept, chain_to(kept, 2)).steps
        parent = read_session(kept, chain_to(kept, 1)).steps
    assert [branch[p] for p in (0, 5, 6)] == [AGAIN, AGAIN, 4]  # the branch itself did 6
    assert [parent[p] for p in (0, 5, 6)] == [AGAIN, AGAIN, AGAIN]


@pytest.mark.parametrize("damaged", [3, [], {"run": 1}, {"run": 1, "step": 6, "facts": [99, "x", -1, None]}])
def test_a_setting_that_says_nothing_marks_nothing(kept: Session, damaged: object) -> None:
    with kept:
        kept.set_setting(SETTING, damaged)
        assert (read_session(kept).steps >= 0).all()


def lose_all(session: Session) -> None:
    with session.together():
        session.splice_facts("edit", 0, 12)
        session.run(9)


def test_facts_and_marks_are_kept_together_or_not_at_all(kept: Session) -> None:
    with kept:
        with pytest.raises(SessionError, match="no run 9"):
            lose_all(kept)
        assert kept.fact_count("edit") == 12
        kept.set_facts("edit", facts(1))
        assert kept.fact_count("edit") == 1


def test_facts_that_were_skipped_are_shown_so_after_opening(
    make_window: Callable[[], MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "Item 2 is")
    run_kept(tmp_path / "s", recipe(on_error="skip"), job(8))
    with Session.open(tmp_path / "s") as session:
        session.set_facts("edit", facts(8))
    window = make_window()
    window.desk.keeper.open(tmp_path / "s")
    Walker(window, patience_s=60).wait(lambda: window.desk.keeper.session is not None, "the session")
    shown = [window.facts.facts.state(i) for i in range(8)]
    assert [i for i, state in enumerate(shown) if state is State.SKIPPED] == [2, 3]
    assert window.desk.run.fresh().tolist() == [2, 3]
