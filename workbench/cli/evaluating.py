"""``workbench evaluate``: a model's scores on facts, beside another model's."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.options import add_fact_options, add_model_options

if TYPE_CHECKING:
    from workbench.cli.progress import ProgressLine
    from workbench.evaluation.batching import Watch
    from workbench.evaluation.evaluate import Baseline
    from workbench.evaluation.scores import Scores
    from workbench.facts.fact import Fact
    from workbench.models.loaded import LoadedModel


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "evaluate",
        help="score a model on the facts of a file",
        description="Scores a model; with --baseline also the model it came from, which locality is compared with.",
    )
    parser.add_argument("facts", type=Path, metavar="FACTS", help="CSV, TSV, JSON or JSON Lines")
    add_model_options(parser)
    parser.add_argument("--baseline", metavar="M0", help="the unedited model")
    add_fact_options(parser)
    parser.add_argument(
        "--perplexity-text", type=Path, metavar="FILE", help="text that perplexity is measured on"
    )
    parser.add_argument("--protocols", action="store_true", help="say how each score is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=evaluate_command)


def evaluate_command(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from workbench.cli.progress import ProgressLine
    from workbench.cli.reading import read_facts, read_plain_texts
    from workbench.cli.tables import protocols, scores_table
    from workbench.plain import plain

    with ProgressLine() as line:
        facts = read_facts(options.facts, line, options.limit, options.target, options.offset)
        texts = read_plain_texts(options.perplexity_text) or ()
        before, baseline = None, None
        if options.baseline:
            facts, before, baseline = _unedited(options.baseline, facts, texts, options, line)
        after = _scored(options.model, facts, texts, baseline, options, line)
    if options.json:
        result = {
            "model": options.model,
            "baseline": options.baseline,
            "facts": after.facts,
            "before": asdict(before) if before else None,
            "after": asdict(after),
        }
        print(json.dumps(plain(result), ensure_ascii=False))
        return 0
    print(scores_table(before, after))
    if options.protocols:
        print("\n" + protocols())
    return 0


def _unedited(
    name: str,
    facts: "tuple[Fact, ...]",
    texts: tuple[str, ...],
    options: argparse.Namespace,
    line: "ProgressLine",
) -> "tuple[tuple[Fact, ...], Scores, Baseline]":
    """With the facts that the model can take."""
    from workbench.cli.fitting import fitting
    from workbench.evaluation.encoded import encode_facts, encode_texts
    from workbench.evaluation.evaluate import evaluate_unedited

    with _model(name, options, line) as (loaded, watch):
        facts, _ = fitting(loaded, facts, options.skip_unfit, line)
        encoded = encode_facts(loaded, facts)
        scores, _, baseline = evaluate_unedited(loaded, encoded, encode_texts(loaded, texts), watch=watch)
        return facts, scores, baseline


def _scored(
    name: str,
    facts: "tuple[Fact, ...]",
    texts: tuple[str, ...],
    baseline: "Baseline | None",
    options: argparse.Namespace,
    line: "ProgressLine",
) -> "Scores":
    """Without a baseline, locality kept is not measured."""
    from workbench.cli.fitting import fitting
    from workbench.evaluation.encoded import encode_facts, encode_texts
    from workbench.evaluation.evaluate import evaluate

    with _model(name, options, line) as (loaded, watch):
        if baseline is None:  # else its facts are those
            facts, _ = fitting(loaded, facts, options.skip_unfit, line)
        encoded = encode_facts(loaded, facts)
        return evaluate(loaded, encoded, baseline, encode_texts(loaded, texts), watch=watch)[0]


@contextmanager
def _model(
    name: str, options: argparse.Namespace, line: "ProgressLine"
) -> "Iterator[tuple[LoadedModel, Watch]]":
    """The model's memory is given back before the next one is loaded."""
    from workbench.cli.loading import load_model
    from workbench.evaluation.batching import Watch

    loaded = load_model(name, options.device, options.dtype, line)
    try:
        yield (
            loaded,
            Watch(progress=lambda done, total: line.update(f"Scoring {name}", done, total, "passes")),
        )
    finally:
        line.close()
        loaded.release()
