"""The test of the claims as work of a thread."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.desktop.background import Work
from workbench.desktop.study import StudyRequest, study_work, text_cache
from workbench.editing.control import Control

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.studies.claims.settings import ClaimsSettings


def claims(request: StudyRequest, settings: "ClaimsSettings", folder: Path) -> Work:
    """Its result is a Claims."""

    def events(loaded: "LoadedModel", control: Control) -> Iterable[Any]:
        from workbench.studies.claims.study import ClaimsStudy

        return ClaimsStudy(
            loaded,
            request.facts,
            request.warmup,
            request.recipe,
            settings,
            folder,
            control,
            ordinary_text=request.ordinary_text,
            perplexity_text=request.perplexity_text,
            text_cache=text_cache(),
        ).events()

    def result_of(event: object) -> object:
        from workbench.studies.claims.events import ClaimsEnded

        return event.result if isinstance(event, ClaimsEnded) else None

    return study_work(request, events, result_of)


def claims_folder() -> Path:
    """Where runs are kept, so that the same test goes on where it stopped."""
    from workbench.storage.places import data_folder

    return data_folder() / "claims"
