"""What the entries of the Study menu do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from workbench.errors import SettingError

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.desktop.study import StudyRequest
    from workbench.editing.recipe import Recipe

_log = logging.getLogger("workbench")


class StudyHandlers(QObject):
    """Studies run on the unedited weights, in the window's place: nothing else uses the model meanwhile."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    @Slot()
    def calibrate(self) -> None:
        from workbench.desktop.calibrate.dialog import open_calibration

        open_calibration(self._request(self._recipe()), self._take, self._window)

    @Slot()
    def claims(self) -> None:
        from workbench.desktop.claims.dialog import open_claims

        open_claims(self._request(self._published_method()), self._window)

    def _request(self, recipe: Recipe) -> StudyRequest:
        from workbench.desktop.study import StudyRequest

        desk = self._window.desk
        return StudyRequest(
            desk.bench.original,
            tuple(desk.facts.facts.facts),
            tuple(desk.facts.warmup.facts),
            recipe,
            threads=desk.run.runner.threads,
        )

    def _recipe(self) -> Recipe:
        desk = self._window.desk
        return desk.method.recipe().with_(modules=desk.model.pattern())

    def _published_method(self) -> Recipe:
        """Without what this project adds: the claims are the paper's."""
        from workbench.editing.start import starting_recipe

        desk = self._window.desk
        preset = desk.model.preset()
        if preset is None:
            return self._recipe().with_(protection=0.0, memory=0.0, warmup_memory=0.0, passes=1)
        return starting_recipe(preset, "stableedit", {"modules": desk.model.pattern()})

    def _take(self, recipe: Recipe, pattern: str) -> None:
        """The point that the person chose becomes the method."""
        desk = self._window.desk
        try:
            desk.model.set_pattern(pattern)
        except SettingError as error:
            _log.warning("%s", error)
            return
        desk.method.set_recipe(recipe.with_(modules=pattern))
        self._window.docks["model"].show_panel("method")
        _log.info("Settings taken from the calibration: γ %g, modules %s", recipe.step_size, pattern)
