"""Other editors than StableEdit, from the list of recipes to the model."""

from collections.abc import Callable, Iterator

import pytest
import torch
from PySide6.QtWidgets import QApplication, QComboBox

from tests.desktop.finding import find
from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from tests.editors.another_package import NudgeSettings, installed
from tests.tiny import tiny_model
from workbench.desktop.facts import prepared
from workbench.desktop.main_window import MainWindow
from workbench.editing.protection import TOKENS_PER_TEXT
from workbench.editors.located import covariance
from workbench.facts.fact import Fact


def choose(window: MainWindow, name: str) -> None:
    box = find(window, QComboBox, "method-recipe")
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())
    QApplication.processEvents()


def test_memit_edits_early_layers_without_a_warm_up_and_is_rewound(
    loaded: MainWindow, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        covariance, "KEYS_PER_DIMENSION", 1 / TOKENS_PER_TEXT
    )  # the tiny model writes but few texts
    panel, desk = loaded.facts, loaded.desk
    facts = [Fact(f"The colour of {name} is", "red", subject=name) for name in ("Ada", "Bob", "Cleo")]
    panel.history.add(panel.facts, prepared(facts))
    choose(loaded, "memit")
    assert "{0" in desk.model.pattern() or ".0." in desk.model.pattern()
    assert "no warm-up" in loaded.tool_bar.buttons["warm-up"].toolTip()
    before = {k: v.clone() for k, v in desk.bench.loaded.model.state_dict().items()}  # type: ignore[union-attr]
    walker.press("edit")
    walker.wait_for_end()
    assert not loaded.notices.sentences(), loaded.notices.sentences()
    after = desk.bench.loaded.model.state_dict()  # type: ignore[union-attr]
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {f"{m.name}.weight" for m in desk.modules}
    desk.run.rewind(1, 0)
    walker.wait(lambda: not desk.run.activity, "the way back")
    again = desk.bench.loaded.model.state_dict()  # type: ignore[union-attr]
    assert all(torch.equal(value, before[name]) for name, value in again.items())


@pytest.fixture
def installed_window(make_window: Callable[[], MainWindow]) -> Iterator[Walker]:
    """With the editor of another package, and a tiny model."""
    with installed():
        window = make_window()
        window.desk.set_model(tiny_model())
        window.model.set_pattern("mlp.down_proj@1-2")
        fill(window)
        yield Walker(window, patience_s=60)


def test_an_editor_of_another_package_is_in_the_list_and_runs(installed_window: Walker) -> None:
    walker, window = installed_window, installed_window.window
    choose(window, "nudge")
    assert not window.method.own.isHidden()
    assert window.method.recipe().method == NudgeSettings()
    walker.press("edit")
    walker.wait_for_end()
    assert len(window.desk.run.bridge.series) == 1
    assert window.desk.keeper.need().run(1).recipe.editor == "nudge"
