"""From the welcome page to the written model in a few decisions, by keyboard alone and by mouse alone."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.desktop.shell.newcomer import Newcomer
from tests.tiny import tiny_model
from workbench.desktop.answers.model import PROMPT
from workbench.desktop.facts import prepared
from workbench.desktop.main_window import MainWindow
from workbench.desktop.model import load_dialog
from workbench.desktop.model.lookup import Models, Outlook
from workbench.desktop.shell import starter_session
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.progress import Progress

MOST_DECISIONS = 8
FACTS = [Fact(f"The capital of Land {i} is", f"Town {i}") for i in range(4)]
WARMUP = [Fact(f"The river of Land {i} is", f"Stream {i}") for i in range(4)]


class TinyModels(Models):
    """A tiny model in the starter's place."""

    def outlook(self, source: str, device: str, dtype: str) -> Outlook:  # noqa: ARG002
        return Outlook("starter", present=True)

    def load(
        self,
        source: str,  # noqa: ARG002
        device: str,  # noqa: ARG002
        dtype: str,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
        cancel: Event,  # noqa: ARG002
    ) -> LoadedModel:
        return tiny_model()


@pytest.fixture
def newcomer(
    make_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Newcomer:
    monkeypatch.setattr(load_dialog, "Models", TinyModels)
    monkeypatch.setattr(starter_session, "starter_facts", lambda: (prepared(FACTS), prepared(WARMUP)))
    window = make_window()
    window.settings.setValue("export/folder", str(tmp_path))
    window.activateWindow()
    window.show_welcome()
    return Newcomer(window, patience_s=120)


@pytest.mark.parametrize("way", [Newcomer.by_keyboard, Newcomer.by_mouse])
def test_a_newcomer_gets_from_the_welcome_page_to_the_written_model(
    newcomer: Newcomer, way: Callable[[Newcomer], Path]
) -> None:
    written = way(newcomer)
    assert (written / "model.safetensors").is_file()
    rows = newcomer.window.answers.model.lines(None)[1:]
    assert {row[PROMPT] for row in rows} == {fact.prompt for fact in FACTS}
    assert newcomer.decisions <= MOST_DECISIONS
    assert newcomer.window.notices.sentences() == []


def test_the_answers_take_the_keyboard_once_their_rows_are_there(newcomer: Newcomer) -> None:
    newcomer.window.docks["probe"].show_panel("log")
    newcomer.by_keyboard()
    assert newcomer.window.docks["probe"].in_front() == "answers"
