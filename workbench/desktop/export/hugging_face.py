"""The edited model as a Hugging Face folder."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.background import Tell
from workbench.desktop.export.kind import ExportKind

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.models.provenance import Provenance


def hugging_face(loaded: "LoadedModel", card: "Provenance", name: str, unavailable: str = "") -> ExportKind:
    """``name``: of the folder suggested, also the title of the model card."""
    from workbench.models.export import require_free, weight_bytes
    from workbench.models.files import require_space
    from workbench.models.provenance import model_card
    from workbench.models.sources import hub_id_of

    size = weight_bytes(loaded)

    def check(destination: Path) -> None:
        require_free(destination)
        require_space(destination, size, "The export")

    def write(destination: Path, tell: Tell, cancel: Event) -> Path:
        from workbench.models.export import export_hf

        return export_hf(loaded, destination, card, tell, cancel)

    return ExportKind(
        name="hf",
        title="Hugging Face folder",
        contents="The whole edited model: weights (safetensors), config, tokenizer, and a model card with where it "
        "comes from. Any program that uses transformers loads it.",
        size=size,
        file_name=name,
        check=check,
        write=write,
        preview=model_card(name, card, hub_id_of(card.base)),
        unavailable=unavailable,
    )
