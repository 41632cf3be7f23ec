"""``workbench apply``: a delta onto the base that it was made from."""

import argparse
import json
from pathlib import Path


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "apply",
        help="put a delta on its base",
        description="Writes the base model with the change of a delta file, bit for bit the model that was edited, as "
        "a folder in the Hugging Face layout. Another base is refused.",
    )
    parser.add_argument("delta", type=Path, metavar="DELTA", help="a file that export --format delta wrote")
    parser.add_argument(
        "--model", required=True, metavar="M", help="the base: a folder, a GGUF file, a hub id, or starter"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="a new folder")
    parser.add_argument("--device", default="cpu", help="where the base is loaded (default: cpu)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(command=apply_command)


def apply_command(options: argparse.Namespace) -> int:
    """The delta's header is checked before the model is loaded."""
    from workbench.cli.loading import load_model
    from workbench.cli.progress import ProgressLine
    from workbench.exports.applying import apply_delta
    from workbench.exports.delta_file import open_delta
    from workbench.models.export import require_free

    require_free(options.out)
    delta = open_delta(options.delta)
    with ProgressLine() as line:
        loaded = load_model(options.model, options.device, delta.dtype, line, hash_again=True)
        path = apply_delta(
            delta,
            loaded,
            options.out,
            lambda event: line.update(f"Apply: {event.stage}", event.done, event.total, event.unit),
        )
    if options.json:
        told = {"export": str(path), "base_sha256": loaded.sha256, "modules": len(delta.shapes)}
        print(json.dumps(told | {"edits": delta.provenance.edits}, ensure_ascii=False))
    else:
        print(path)
    return 0
