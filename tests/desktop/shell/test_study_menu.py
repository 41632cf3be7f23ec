"""The Study menu: both studies open on the model at hand, and a chosen point becomes the method."""

import pytest
from PySide6.QtWidgets import QDialog

from tests.desktop.shell.walker import Walker, is_open
from workbench.desktop.calibrate.dialog import CalibrateDialog
from workbench.desktop.claims.dialog import ClaimsDialog


@pytest.mark.parametrize(("name", "kind"), [("calibrate", CalibrateDialog), ("claims", ClaimsDialog)])
def test_a_study_opens_where_a_model_and_warm_up_facts_are(
    walker: Walker, name: str, kind: type[QDialog]
) -> None:
    window = walker.window
    walker.wait(window.actions_by_name[name].isEnabled, "the study to be possible")
    window.actions_by_name[name].trigger()
    dialog = walker.dialog(kind)
    assert is_open(dialog)
    dialog.close()
    walker.wait(lambda: not is_open(dialog), "the dialog to close")


def test_why_there_is_no_study_without_a_model(walker: Walker) -> None:
    walker.window.desk.set_model(None)
    actions = [walker.window.actions_by_name[name] for name in ("calibrate", "claims")]
    walker.wait(lambda: not any(action.isEnabled() for action in actions), "the studies to be impossible")
    assert all("Load a model" in action.toolTip() for action in actions)


def test_a_point_that_is_taken_becomes_the_method(walker: Walker) -> None:
    desk = walker.window.desk
    recipe = desk.method.recipe().with_(step_size=7e-4, passes=3)
    walker.window.handlers.studies._take(recipe, "mlp.down_proj@1-1")
    assert (desk.method.recipe().step_size, desk.method.recipe().passes) == (7e-4, 3)
    assert [m.layer for m in desk.modules] == [1]
