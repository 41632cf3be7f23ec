"""``workbench evaluate``: a model's scores on facts, beside those of the model that it was."""

import argparse
import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.options import add_fact_options, add_model_options
from workbench.cli.scoring_options import (
    Chosen,
    add_harness_options,
    add_judge_options,
    add_scores_option,
    chosen_scores,
    judge_from,
    tasks_from,
)
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.cli.measuring import Measured, Measuring
    from workbench.cli.progress import ProgressLine
    from workbench.facts.fact import Fact
    from workbench.models.loaded import LoadedModel
    from workbench.session.folder import Session


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "evaluate",
        help="score a model on the facts of a file",
        description="Scores a model; with --baseline also the model it came from, which locality is compared with. "
        "--model may be a session: its edited model is scored, and before it the one that it edited.",
    )
    parser.add_argument(
        "facts",
        type=Path,
        nargs="?",
        metavar="FACTS",
        help="CSV, TSV, JSON or JSON Lines; a session's own where none is given",
    )
    add_model_options(parser)
    parser.add_argument("--baseline", metavar="M0", help="the unedited model")
    add_fact_options(parser)
    parser.add_argument(
        "--perplexity-text", type=Path, metavar="FILE", help="text that perplexity is measured on"
    )
    add_scores_option(parser)
    add_judge_options(parser)
    add_harness_options(parser)
    parser.add_argument("--protocols", action="store_true", help="say how each score is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=evaluate_command)


def evaluate_command(options: argparse.Namespace) -> int:
    """Everything that can be refused is refused before a model is loaded."""
    from workbench.cli.progress import ProgressLine
    from workbench.cli.tables import evaluation_table, protocols
    from workbench.plain import plain

    chosen = chosen_scores(options.scores)
    with ProgressLine() as line, ExitStack() as opened:
        session = _session(options, opened)
        found = _measured(options, session, chosen, line)
    before, after = found.get(False), found[True]
    if options.json:
        print(json.dumps(plain(_result(options, before, after)), ensure_ascii=False))
        return 0
    print(evaluation_table(before, after, chosen.names))
    if options.protocols:
        print("\n" + protocols(after.further, after.tasks is not None))
    return 0


def _session(options: argparse.Namespace, opened: ExitStack) -> "Session | None":
    from workbench.session.folder import Session
    from workbench.session.paths import is_session

    if not is_session(Path(options.model)):
        return None
    if options.baseline:
        raise InputError("--baseline is for a model: a session knows the one that it edited; leave it out.")
    return opened.enter_context(Session.open(Path(options.model), read_only=True))


def _measured(
    options: argparse.Namespace, session: "Session | None", chosen: Chosen, line: "ProgressLine"
) -> "dict[bool, Measured]":
    """Unedited (False), where there is such a model, and edited (True)."""
    from workbench.cli.measuring import Measuring
    from workbench.cli.reading import read_plain_texts

    judge = judge_from(options)
    facts = _facts(options, session, line)
    texts = read_plain_texts(options.perplexity_text) or ()
    tasks = tasks_from(options)
    if judge is not None:
        judge.require_answer()
    system = session.run().recipe.system_prompt if session is not None else ""
    measuring = Measuring(line, facts, texts, chosen, judge, tasks, options.harness_limit, system)
    with closing(_sides(options, session, line, measuring)) as sides:
        return {edited: measuring.measure(loaded, edited, name) for edited, name, loaded in sides}


def _facts(
    options: argparse.Namespace, session: "Session | None", line: "ProgressLine"
) -> "tuple[Fact, ...]":
    """None for tasks of the harness alone. Raises InputError where there is nothing to measure."""
    from workbench.cli.reading import read_facts, some_of

    if options.facts is not None:
        return read_facts(options.facts, line, options.limit, options.target, options.offset)
    if session is not None:
        return some_of(session.job(session.run().id).facts, options.limit, options.offset, session.folder)
    if not options.harness or options.judge:
        raise InputError("There is nothing to score: name a file of facts.")
    return ()


def _sides(
    options: argparse.Namespace,
    session: "Session | None",
    line: "ProgressLine",
    measuring: "Measuring",
) -> "Generator[tuple[bool, str, LoadedModel], None, None]":
    """(whether edited, name, model), one in memory at a time."""
    from workbench.cli.loading import load_base, way_back

    if session is None:
        for edited, name in ((False, options.baseline), (True, options.model)):
            if name:
                with _model(name, options, line) as loaded:
                    if not measuring.fitted:
                        measuring.fit(loaded, options.skip_unfit)
                    yield edited, name, loaded
        return
    run = session.run()
    loaded = load_base(run.model, None, options.device, line)
    measuring.fit(loaded, options.skip_unfit)
    yield False, run.model.source, loaded
    rebuilt = session.rebuild(loaded, run.id, None, way_back(line))
    line.close()
    yield True, options.model, rebuilt.editor.loaded


@contextmanager
def _model(name: str, options: argparse.Namespace, line: "ProgressLine") -> "Iterator[LoadedModel]":
    """The model's memory is given back before the next one is loaded."""
    from workbench.cli.loading import load_model

    loaded = load_model(name, options.device, options.dtype, line)
    try:
        yield loaded
    finally:
        line.close()
        loaded.release()


def _result(options: argparse.Namespace, before: "Measured | None", after: "Measured") -> dict[str, Any]:
    from workbench.cli.measuring import judge_in_json
    from workbench.evaluation.further import further_in_json

    return {
        "model": options.model,
        "baseline": before.name if before else None,
        "facts": after.facts,
        "before": before.as_dict() if before else None,
        "after": after.as_dict(),
        "further": further_in_json(before.further if before else None, after.further),
        "judge": judge_in_json(before, after),
    }
