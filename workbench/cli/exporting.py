"""``workbench export``: what a session made, in the form that another tool reads."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.cli.collect import RunReport
    from workbench.cli.progress import ProgressLine
    from workbench.editing.recipe import Recipe
    from workbench.exports.edited import EditedModel
    from workbench.exports.lora import LoraChoice, WrittenAdapter
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.models.progress import LoadProgressed, Progress
    from workbench.models.provenance import Provenance
    from workbench.session.folder import Session

Told = dict[str, Any]  # what --json prints of an export

FORMATS = {
    "hf": "the whole edited model as a folder in the Hugging Face layout",
    "delta": "one file with the change alone, which workbench apply puts on the base",
    "lora": "a PEFT adapter by truncated singular value decomposition of the change",
    "report": "a page with plots, scores and settings, and CSV files beside it",
}
# Options that only some formats take, for a sentence where they are given with another.
_OF_FORMAT = {
    "rank": ("lora",),
    "energy": ("lora",),
    "no_measure": ("lora",),
    "lora_ranks": ("report",),
    "step": ("hf", "delta", "lora"),
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "export",
        help="write what a session made",
        description="Rebuilds the edited model from its base and the session's steps, and writes it. "
        + " ".join(f"{name}: {what}." for name, what in FORMATS.items()),
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session folder")
    parser.add_argument("--format", choices=tuple(FORMATS), default="hf", help="see above (default: hf)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="a new folder; for delta a new file"
    )
    parser.add_argument("--run", type=int, metavar="N", help="which run of the session (default: the last)")
    parser.add_argument("--step", type=int, metavar="N", help="after which step (default: the last)")
    _add_lora_options(parser)
    parser.add_argument(
        "--lora-ranks",
        type=_ranks,
        nargs="?",
        const=(8, 32, 128),
        metavar="R,R,…",
        help="report: score adapters of these ranks for a table (8,32,128 where none is named); needs the model",
    )
    parser.add_argument("--model", metavar="M", help="where the base model is, if not where it was")
    parser.add_argument("--device", default="cpu", help="where the model is rebuilt (default: cpu)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(command=export_command)


def _add_lora_options(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--rank", type=int, metavar="R", help="lora: directions that each module keeps (default: 32)"
    )
    either.add_argument(
        "--energy",
        type=float,
        metavar="E",
        help="lora: the smallest rank that keeps this share of the change, 0 to 1",
    )
    parser.add_argument(
        "--no-measure",
        action="store_true",
        default=None,
        help="lora: write without scoring the adapter on the run's facts",
    )


def export_command(options: argparse.Namespace) -> int:
    """What can be refused is refused before the model is loaded."""
    from workbench.cli.progress import ProgressLine
    from workbench.exports.places import require_new_file
    from workbench.models.export import require_free
    from workbench.plain import plain
    from workbench.session.folder import Session

    _require_options_fit(options)
    (require_new_file if options.format == "delta" else require_free)(options.out)
    with ProgressLine() as line, Session.open(options.session, read_only=True) as session:
        told = _WRITERS[options.format](options, session, line)
    print(
        json.dumps(plain({"format": options.format, **told}), ensure_ascii=False)
        if options.json
        else told["export"]
    )
    return 0


def _require_options_fit(options: argparse.Namespace) -> None:
    for name, formats in _OF_FORMAT.items():
        if getattr(options, name) is not None and options.format not in formats:
            raise InputError(
                f"--{name.replace('_', '-')} is for --format {' or '.join(formats)}: leave it out."
            )
    if options.format == "lora":
        _lora_choice(options)


def _lora_choice(options: argparse.Namespace) -> "LoraChoice":
    """Raises SettingError."""
    from workbench.exports.lora import LoraChoice

    if options.energy is not None:
        if not 0 < options.energy <= 1:
            raise InputError(f"--energy is {options.energy:g}: give a number above 0 and at most 1.")
        return LoraChoice(energy=options.energy)
    return LoraChoice() if options.rank is None else LoraChoice(rank=options.rank)


def _write_hf(options: argparse.Namespace, session: "Session", line: "ProgressLine") -> Told:
    from workbench.models.export import export_hf

    edited = _rebuilt(options, session, line)
    path = export_hf(edited.loaded, options.out, edited.card, _progress(line, "Export"))
    return _identity(edited, path)


def _write_delta(options: argparse.Namespace, session: "Session", line: "ProgressLine") -> Told:
    from workbench.exports.delta import write_delta

    edited = _rebuilt(options, session, line)
    path = write_delta(edited.editor, options.out, edited.card, _progress(line, "Delta"))
    return _identity(edited, path) | {"bytes": path.stat().st_size}


def _write_lora(options: argparse.Namespace, session: "Session", line: "ProgressLine") -> Told:
    """Captured energy and scores are told before anything is written."""
    from workbench.cli.tables import adapter_table
    from workbench.exports.decomposition import decompose
    from workbench.exports.lora import export_lora, measure_adapter
    from workbench.exports.yardstick import prepare_yardstick

    edited, choice, told = _rebuilt(options, session, line), _lora_choice(options), _progress(line, "Adapter")
    decomposition = decompose(edited.editor, told)
    rank = choice.rank_in(decomposition)
    line.close()
    line.note(f"Rank {rank:,} keeps {decomposition.kept(rank):.4f} of the energy of the change.")
    scores = None
    if not options.no_measure:
        scores = measure_adapter(edited, decomposition, rank, prepare_yardstick(edited, told), told)
    line.close()
    if not options.json:
        print(adapter_table(decomposition, rank, scores), flush=True)
    written = export_lora(edited, decomposition, rank, options.out, scores, told)
    return _identity(edited, written.path) | _adapter(written)


def _write_report(options: argparse.Namespace, session: "Session", line: "ProgressLine") -> Told:
    from workbench.exports.report.adapters import adapter_rows
    from workbench.exports.report.contents import gather
    from workbench.exports.report.write import export_report
    from workbench.models.progress import Watch

    contents, told = gather(session, options.run), _progress(line, "Report")
    if options.lora_ranks is not None:
        options.run = contents.run.id
        edited = _rebuilt(options, session, line)
        contents = contents.with_model(edited.editor.loaded, Watch(told))
        contents = replace(contents, adapters=adapter_rows(edited, options.lora_ranks, told))
    path = export_report(contents, options.out, told)
    return {"export": str(path), "run": contents.run.id}


_WRITERS: dict[str, Callable[[argparse.Namespace, "Session", "ProgressLine"], Told]] = {
    "hf": _write_hf,
    "delta": _write_delta,
    "lora": _write_lora,
    "report": _write_report,
}


def _rebuilt(options: argparse.Namespace, session: "Session", line: "ProgressLine") -> "EditedModel":
    from workbench.cli.loading import load_base, way_back
    from workbench.exports.edited import rebuilt_model

    run = session.run(options.run)
    loaded = load_base(run.model, options.model, options.device, line)
    rebuilt = session.rebuild(loaded, run.id, options.step, way_back(line))
    if not rebuilt.bit_equal:
        line.note(
            "The weights differ from the run's in their last bits: another device or library rounded them."
        )
    return rebuilt_model(session, rebuilt)


def _progress(line: "ProgressLine", title: str) -> "Progress":
    def tell(event: "LoadProgressed") -> None:
        line.update(f"{title}: {event.stage}", event.done, event.total, event.unit)

    return tell


def _identity(edited: "EditedModel", path: Path) -> Told:
    return {
        "export": str(path),
        "run": edited.run.id,
        "step": edited.step,
        "facts": edited.facts,
        "base_sha256": edited.loaded.sha256,
    }


def _adapter(written: "WrittenAdapter") -> Told:
    scores = written.scores
    return {
        "rank": written.rank,
        "kept_energy": written.kept,
        "kept_energy_by_module": written.kept_by_module,
        "bytes": written.bytes,
        "scores": None
        if scores is None
        else {
            "unedited": asdict(scores.unedited),
            "edited": asdict(scores.edited),
            "adapter": asdict(scores.adapter),
            "loss": scores.loss(),
        },
    }


def _ranks(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}: give ranks of at least 1, such as 8,32,128")
    return tuple(map(int, parts))


def provenance_of(
    loaded: "LoadedModel", recipe: "Recipe", modules: "Sequence[EditableModule]", report: "RunReport"
) -> "Provenance":
    """Of a run that has just ended."""
    from workbench.session.provenance import provenance

    assert report.ended is not None
    warmup = report.warmup[-1].facts_done if report.warmup else 0
    return provenance(
        loaded,
        recipe,
        [m.name for m in modules],
        edits=report.ended.facts_done,
        warmup_facts=warmup,
        warmup_edits=warmup if recipe.warmup_mode == "edits" else 0,
        before=report.before,
        after=report.after,
    )
