"""The test of the claims as work of a thread."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.background import Tell, Work
from workbench.desktop.calibrate.request import CancelControl, StudyRequest, text_cache

if TYPE_CHECKING:
    from workbench.studies.claims.settings import ClaimsSettings


def claims(request: StudyRequest, settings: "ClaimsSettings", folder: Path) -> Work:
    """Tells Progressed and the events of the study; its result is a Claims."""

    def work(tell: Tell, cancel: Event) -> object:
        from workbench.models.machine import leave_a_core
        from workbench.studies.claims.events import ClaimsEnded
        from workbench.studies.claims.study import ClaimsStudy

        leave_a_core()
        with request.model(cancel) as loaded:
            study = ClaimsStudy(
                loaded,
                request.facts,
                request.warmup,
                request.recipe,
                settings,
                folder,
                CancelControl(cancel, tell),
                ordinary_text=request.ordinary_text,
                perplexity_text=request.perplexity_text,
                text_cache=text_cache(),
            )
            for event in study.events():
                if isinstance(event, ClaimsEnded):
                    return event.result
                tell(event)
        raise AssertionError("a study always ends")

    return work


def claims_folder() -> Path:
    """Where runs are kept, so that the same test goes on where it stopped."""
    from workbench.models.places import data_folder

    return data_folder() / "claims"
