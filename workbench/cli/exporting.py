"""``workbench export``: a session's edited model as a folder that other tools load."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.cli.collect import RunReport
    from workbench.editing.recipe import Recipe
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.models.provenance import Provenance


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "export",
        help="write a session's edited model",
        description="Rebuilds the edited model from its base and the session's steps, and writes it.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session folder")
    parser.add_argument(
        "--format", choices=("hf",), default="hf", help="hf: a folder in the Hugging Face layout"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="a new folder")
    parser.add_argument("--run", type=int, metavar="N", help="which run of the session (default: the last)")
    parser.add_argument("--step", type=int, metavar="N", help="after which step (default: the last)")
    parser.add_argument("--model", metavar="M", help="where the base model is, if not where it was")
    parser.add_argument("--device", default="cpu", help="where the model is rebuilt (default: cpu)")
    parser.set_defaults(command=export_command)


def export_command(options: argparse.Namespace) -> int:
    from workbench.cli.loading import load_model
    from workbench.cli.progress import ProgressLine
    from workbench.models.export import export_hf, require_free
    from workbench.session.folder import Session
    from workbench.session.provenance import rebuilt_provenance

    require_free(options.out)
    with ProgressLine() as line, Session.open(options.session, read_only=True) as session:
        run = session.run(options.run)
        loaded = load_model(options.model or run.model.source, options.device, run.model.dtype, line)
        rebuilt = session.rebuild(loaded, run.id, options.step)
        if not rebuilt.bit_equal:
            line.note(
                "The weights differ from the run's in their last bits: another device or library rounded them."
            )
        card = rebuilt_provenance(session, rebuilt, loaded)
        export_hf(
            loaded,
            options.out,
            card,
            progress=lambda e: line.update(f"Export: {e.stage}", e.done, e.total, e.unit),
        )
    print(options.out)
    return 0


def provenance_of(
    loaded: "LoadedModel", recipe: "Recipe", modules: "Sequence[EditableModule]", report: "RunReport"
) -> "Provenance":
    """Of a run that has just ended."""
    from workbench.session.provenance import provenance

    assert report.ended is not None
    warmup = report.warmup[-1] if report.warmup else None
    return provenance(
        loaded,
        recipe,
        [m.name for m in modules],
        edits=report.ended.facts_done,
        warmup_facts=warmup.facts_done if warmup else 0,
        before=report.before,
        after=report.after,
    )
