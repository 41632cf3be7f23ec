"""The four kinds of export of a session and the model at hand."""

from pathlib import Path
from threading import Event

from workbench.desktop.background import Tell
from workbench.desktop.export.kind import Check, ExportKind
from workbench.desktop.export.lora_options import LoraOptions
from workbench.desktop.export.report_options import ReportOptions
from workbench.desktop.export.source import ExportSource

NO_RUN = "The session has no run with an editing step yet."


def export_kinds(source: ExportSource) -> list[ExportKind]:
    """Those that cannot be written now say why."""
    name = f"{source.session.folder.stem}-edited".replace(" ", "-")
    return [_hugging_face(source, name), _delta(source, name), _lora(source, name), _report(source)]


def _checks(require_free: Check, size: int, what: str) -> Check:
    """Whether the place is free, and has room for ``size`` bytes."""

    def check(destination: Path) -> None:
        from workbench.models.files import require_space

        require_free(destination)
        require_space(destination, size, what)

    return check


def _hugging_face(source: ExportSource, name: str) -> ExportKind:
    from workbench.models.export import export_hf, require_free, weight_bytes
    from workbench.models.provenance import model_card
    from workbench.models.sources import hub_id_of

    unavailable, preview, size = source.unavailable, "", 0
    if not unavailable:
        edited = source.described()
        preview, size = (
            model_card(name, edited.card, hub_id_of(edited.card.base)),
            weight_bytes(edited.loaded),
        )

    def write(destination: Path, tell: Tell, cancel: Event) -> Path:
        with source.edited(cancel) as edited:
            return export_hf(edited.loaded, destination, edited.card, tell, cancel)

    return ExportKind(
        name="hf",
        title="Hugging Face folder",
        contents="The whole edited model: weights (safetensors), config, tokenizer, and a model card with where it "
        "comes from. Any program that uses transformers loads it.",
        size=size,
        file_name=name,
        check=_checks(require_free, size, "The export"),
        write=write,
        preview=preview,
        unavailable=unavailable,
    )


def _delta(source: ExportSource, name: str) -> ExportKind:
    from workbench.exports.delta import SUFFIX, delta_bytes, write_delta
    from workbench.exports.places import require_new_file

    unavailable, preview, size = source.unavailable, "", 0
    if not unavailable:
        edited = source.described()
        preview, size = edited.card.as_json(), delta_bytes(edited.editor)

    def write(destination: Path, tell: Tell, cancel: Event) -> Path:
        with source.edited(cancel) as edited:
            return write_delta(edited.editor, destination, edited.card, tell, cancel)

    return ExportKind(
        name="delta",
        title="Delta",
        contents="One file with the weights that changed and nothing else. workbench apply puts it on the same base "
        "model, which becomes this one bit for bit; another base is refused.",
        size=size,
        file_name=f"{name}{SUFFIX}",
        check=_checks(require_new_file, size, "The delta"),
        write=write,
        preview=preview,
        is_folder=False,
        unavailable=unavailable,
    )


def _lora(source: ExportSource, name: str) -> ExportKind:
    from workbench.models.export import require_free

    options = LoraOptions(source)
    return ExportKind(
        name="lora",
        title="LoRA adapter",
        contents="The change cut to its strongest directions, as an adapter that PEFT and what builds on it load onto "
        "the base model. It is smaller and not exact: less rank keeps fewer edits.",
        size=0,
        file_name=f"{name}-lora",
        check=require_free,
        unavailable=source.unavailable,
        options=options,
    )


def _report(source: ExportSource) -> ExportKind:
    from workbench.exports.report.write import PAGE
    from workbench.models.export import require_free

    runs = [record for record in source.session.runs() if record.steps_done]
    options = ReportOptions(source, runs)
    return ExportKind(
        name="report",
        title="Report",
        contents="A page for any browser with the plots, the scores before and after, each with how it is measured, "
        "and every setting; beside it all figures and facts as CSV.",
        size=0,
        file_name=f"{source.session.folder.stem}-report".replace(" ", "-"),
        check=require_free,
        unavailable="" if runs else NO_RUN,
        options=options,
        opens=PAGE,
    )
