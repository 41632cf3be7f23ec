"""A calibration as work of a thread."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workbench.desktop.background import Work
from workbench.desktop.study import StudyRequest, study_work, text_cache
from workbench.editing.control import Control

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.studies.calibration import CalibrationSettings


def calibration(request: StudyRequest, settings: "CalibrationSettings") -> Work:
    """Its result is a Calibration."""

    def events(loaded: "LoadedModel", control: Control) -> Iterable[Any]:
        from workbench.studies.calibrate import Calibrator
        from workbench.studies.candidates import candidates_for

        return Calibrator(
            loaded,
            request.warmup,
            request.recipe,
            settings,
            control,
            candidates=candidates_for(loaded, request.recipe),
            avoid=request.facts,
            ordinary_text=request.ordinary_text,
            perplexity_text=request.perplexity_text,
            text_cache=text_cache(),
        ).events()

    def result_of(event: object) -> object:
        from workbench.studies.events import CalibrationEnded

        return event.calibration if isinstance(event, CalibrationEnded) else None

    return study_work(request, events, result_of)
