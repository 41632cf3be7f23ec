"""``workbench verify``: whether a session is what was written."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.cli.progress import ProgressLine
    from workbench.models.loaded import LoadedModel
    from workbench.session.records import RunRecord
    from workbench.session.verify import Verification

EXIT_DAMAGED = 1


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "verify",
        help="check that a session is what was written",
        description="Checks the database, the checksums of facts, and hash and shapes of every step and checkpoint; "
        "with --model also that the steps lead to the states that they led to. Nothing is changed. The exit code is "
        "0 where all is well and 1 where something is damaged.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session folder")
    parser.add_argument("--model", metavar="M", help="the base model: rebuild and compare every state too")
    parser.add_argument("--device", default="cpu", help="where states are rebuilt (default: cpu)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(command=verify_command)


def verify_command(options: argparse.Namespace) -> int:
    from workbench.cli.progress import ProgressLine
    from workbench.evaluation.batching import Watch
    from workbench.session.opening import existing
    from workbench.session.verify import verify

    folder = existing(options.session)
    with ProgressLine() as line:
        watch = Watch(progress=lambda done, total: line.update("Verifying", done, total, "files and steps"))
        found = verify(folder, _Loading(options, line) if options.model else None, watch)
    if options.json:
        print(
            json.dumps(
                {"session": str(folder), "sound": not found.faults} | asdict(found), ensure_ascii=False
            )
        )
    else:
        print(_text(found, bool(options.model)))
    return EXIT_DAMAGED if found.faults else 0


class _Loading:
    """One model for runs that edited the same one in the same dtype."""

    def __init__(self, options: argparse.Namespace, line: "ProgressLine") -> None:
        self._options, self._line = options, line
        self._loaded: dict[str, LoadedModel] = {}

    def __call__(self, run: "RunRecord") -> "LoadedModel":
        from workbench.cli.loading import load_base

        if run.model.dtype not in self._loaded:
            self._loaded[run.model.dtype] = load_base(
                run.model, self._options.model, self._options.device, self._line
            )
        return self._loaded[run.model.dtype]


def _text(found: "Verification", rebuilt: bool) -> str:
    counted = f"{found.facts:,} facts, {found.runs:,} runs and {found.files:,} files were checked"
    counted += (
        f", and {found.states:,} states rebuilt." if rebuilt else "; --model M rebuilds the states too."
    )
    verdict = "All is as it was written." if not found.faults else f"{len(found.faults):,} faults:"
    return "\n".join([*found.notes, counted, verdict, *(f"- {fault}" for fault in found.faults)])
