"""Options that say what is scored, and how what was given is read."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.evaluation.judging import Judge

USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Chosen:
    usual: frozenset[str]  # of SCORES
    further: tuple[str, ...]  # of QUESTIONS

    @property
    def names(self) -> frozenset[str]:
        return self.usual.union(self.further)


def add_scores_option(parser: argparse.ArgumentParser) -> None:
    from workbench.evaluation.titles import TITLES

    parser.add_argument(
        "--scores",
        metavar="A,B,…",
        help=f"what is measured: {', '.join(TITLES)}, or {USUAL} for all of these (default); and, at the cost of a "
        f"generation a fact each, {', '.join(_questions())}",
    )


def add_further_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scores",
        metavar="A,B,…",
        help="measure these before and after too, at the cost of a generation a fact each: "
        + ", ".join(_questions()),
    )


def add_judge_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "judge",
        "Another model, at an address with OpenAI's chat completions, says of every answer whether it is right: a "
        "generation and a request a fact, in both forms where the model has a chat template.",
    )
    group.add_argument("--judge", metavar="URL", help="for example http://127.0.0.1:8080/v1")
    group.add_argument("--judge-model", metavar="NAME", help="which of the models that are served there")
    group.add_argument(
        "--judge-anywhere",
        action="store_true",
        help="the address may be another machine's, which then reads facts and answers",
    )
    group.add_argument(
        "--show-prompt", action=_ShowPrompt, help="print what the judge is asked, and do nothing else"
    )


def add_harness_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "lm-evaluation-harness", "General ability before and after; needs the extra harness."
    )
    group.add_argument(
        "--harness", metavar="TASKS", help="names of tasks or paths of their YAML files, separated by commas"
    )
    group.add_argument("--harness-limit", type=int, metavar="N", help="the first N questions of each task")


def chosen_scores(given: str | None) -> Chosen:
    """Raises InputError for a score that does not exist."""
    from workbench.evaluation.titles import TITLES

    if given is None:
        return Chosen(frozenset(TITLES), ())
    names = _names(given, (USUAL, *TITLES, *_questions()))
    usual = {*TITLES} if USUAL in names else {*TITLES}.intersection(names)
    return Chosen(frozenset(usual), tuple(name for name in _questions() if name in names))


def further_scores(given: str | None) -> tuple[str, ...]:
    """Raises InputError for one that does not exist."""
    names = _names(given, _questions()) if given is not None else ()
    return tuple(name for name in _questions() if name in names)


def judge_from(options: argparse.Namespace) -> "Judge | None":
    """Raises InputError for an incomplete or forbidden one."""
    from workbench.evaluation.judging import Judge

    if options.judge is None and options.judge_model is None:
        return None
    if not options.judge or not options.judge_model:
        missing = "--judge" if not options.judge else "--judge-model"
        raise InputError(f"A judge needs an address and the name of its model: give {missing} too.")
    return Judge.at(options.judge, options.judge_model, options.judge_anywhere)


def tasks_from(options: argparse.Namespace) -> list[Any] | None:
    """None where none was asked for. Raises InputError, also where the package is not installed."""
    from workbench.evaluation.harness import load_tasks

    limit = options.harness_limit
    if limit is not None and limit < 1:
        raise InputError(f"--harness-limit is {limit}: give a number of at least 1.")
    return None if options.harness is None else load_tasks(options.harness)


def _questions() -> tuple[str, ...]:
    from workbench.evaluation.titles import QUESTIONS

    return QUESTIONS


def _names(given: str, known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in given.split(","))))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"there is no score {unknown[0]!r}" if unknown else "no score is named"
        raise InputError(f"--scores: {what}; there are {', '.join(known)}.")
    return names


class _ShowPrompt(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, help: str = "") -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from workbench.evaluation.judging import PROMPT

        print(PROMPT)
        parser.exit()
