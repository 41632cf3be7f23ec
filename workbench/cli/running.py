"""``workbench run``: facts into a model, step by step, with scores before and after."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    add_fact_options,
    add_model_options,
    add_own_option,
    add_preset_option,
    add_recipe_options,
    given_settings,
    own_settings,
    require_names,
    require_own,
)
from workbench.cli.scoring_options import add_further_option, further_scores

if TYPE_CHECKING:
    from workbench.cli.collect import RunReport
    from workbench.cli.progress import ProgressLine
    from workbench.editing.editor import Editor
    from workbench.editing.job import Job
    from workbench.editing.recipe import Recipe
    from workbench.evaluation.further import Further
    from workbench.facts.fact import Fact
    from workbench.models.loaded import LoadedModel
    from workbench.models.presets import Preset
    from workbench.session.recorder import RunRecorder

GENERAL = "general"  # in place of a file: the warm-up facts that come with the workbench


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "run",
        help="edit a model with the facts of a file",
        description="Warm up the statistics, apply the facts in steps, score the model before and after, and keep "
        "every step in a session.",
    )
    parser.add_argument("facts", type=Path, metavar="FACTS", help="CSV, TSV, JSON or JSON Lines")
    add_model_options(parser)
    parser.add_argument(
        "--warmup",
        type=Path,
        metavar="F",
        help=f"facts that prepare the statistics; {GENERAL}: those that come with the workbench",
    )
    add_fact_options(parser)
    add_preset_option(parser)
    add_recipe_options(parser)
    add_own_option(parser)
    parser.add_argument(
        "--ordinary-text",
        type=Path,
        metavar="FILE",
        help="plain lines, or JSON with a Text field: what key protection keeps (default: sampled from the model)",
    )
    parser.add_argument(
        "--perplexity-text",
        type=Path,
        metavar="FILE",
        help="text that perplexity is measured on (default: sampled)",
    )
    parser.add_argument(
        "--session", type=Path, metavar="DIR", help="where the session is saved (default: data folder)"
    )
    parser.add_argument("--export", type=Path, metavar="DIR", help="write the edited model there when done")
    add_further_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Everything that can be refused is refused before the model is loaded or anything is written."""
    from workbench.cli.loading import load_model
    from workbench.cli.progress import ProgressLine
    from workbench.editing.recipe import Recipe

    given = given_settings(options)
    Recipe(**given)
    require_names(options)
    require_own(options)
    further_scores(options.scores)
    with ProgressLine() as line:
        job = _job(options, line)
        _require_places(options)
        loaded = load_model(options.model, options.device, options.dtype, line)
        recipe, preset = _recipe(loaded, options, given)
        job = _fitting(loaded, job, recipe, options.skip_unfit, line)
        return _Running(options, line, loaded, job, recipe, preset).go()


def _job(options: argparse.Namespace, line: "ProgressLine") -> "Job":
    from workbench.cli.reading import read_facts, read_plain_texts
    from workbench.editing.job import Job
    from workbench.storage.places import cache_folder

    return Job(
        facts=read_facts(options.facts, line, options.limit, options.target, options.offset),
        warmup=_warmup(options, line),
        ordinary_text=read_plain_texts(options.ordinary_text),
        perplexity_text=read_plain_texts(options.perplexity_text),
        text_cache=cache_folder() / "texts",
        row_cache=cache_folder() / "rows",
    )


def _warmup(options: argparse.Namespace, line: "ProgressLine") -> "Sequence[Fact]":
    from workbench.cli.reading import read_facts
    from workbench.facts.starter import warmup_facts

    if options.warmup is None:
        return ()
    if options.warmup == Path(GENERAL):
        return warmup_facts()
    return read_facts(options.warmup, line, None, options.target)


def _fitting(loaded: "LoadedModel", job: "Job", recipe: "Recipe", skip: bool, line: "ProgressLine") -> "Job":
    from workbench.cli.fitting import fitting

    used = 0 if recipe.warmup_mode == "none" else recipe.warmup_facts
    facts, warmup = fitting(loaded, job.facts, skip, line, job.warmup if skip else job.warmup[:used])
    return replace(job, facts=facts, warmup=warmup if skip else job.warmup)


def _require_places(options: argparse.Namespace) -> None:
    from workbench.cli.sessions import require_no_run
    from workbench.models.export import require_free
    from workbench.session.paths import is_session

    if options.export is not None:
        require_free(options.export)
    if options.session is not None:
        require_no_run(options.session)
        if not is_session(options.session):
            require_free(options.session)


def _recipe(
    loaded: "LoadedModel", options: argparse.Namespace, given: dict[str, Any]
) -> "tuple[Recipe, Preset]":
    from workbench.editing.start import preset_of, starting_recipe

    preset = preset_of(loaded, options.preset)
    own = own_settings(options)
    return starting_recipe(preset, options.recipe, given, own, loaded.modules), preset


class _Running:
    """A new run of the command, from the warm-up's announcement to the export."""

    def __init__(
        self,
        options: argparse.Namespace,
        line: "ProgressLine",
        loaded: "LoadedModel",
        job: "Job",
        recipe: "Recipe",
        preset: "Preset",
    ) -> None:
        from workbench.models.modules import select

        self.options, self.line, self.loaded, self.job, self.recipe = options, line, loaded, job, recipe
        self.modules = select(loaded.modules, recipe.modules)
        self.folder = Path()  # of the session, once there is one
        if preset.guess:
            line.note(f"No preset fits this model. {preset.note}")

    def go(self) -> int:
        from workbench.cli.following import follow, tell_result
        from workbench.editing.kinds import make_editor

        self._tell_warmup()
        self._require_memory()
        editor = make_editor(self.loaded, self.modules, self.recipe)
        before = self._further("unedited")
        with ExitStack() as opened:
            report = follow(self.line, editor, self.job, lambda: self._start(editor, opened))
            further = (before, self._further("edited")) if report.finished else ({}, {})
            exported = self._export(report) if report.finished and self.options.export else None
            tell_result(self.options.json, self.loaded, self.recipe, report, self.folder, exported, further)
        report.require_finished(self.folder)
        return 0

    def _further(self, which: str) -> "dict[str, Further]":
        """What --scores asks for, of the model as it stands."""
        from workbench.evaluation.batching import Watch
        from workbench.evaluation.further import measure_further

        names, title = further_scores(self.options.scores), f"Asking the {which} model further"
        watch = Watch(progress=lambda done, total: self.line.update(title, done, total, "questions"))
        found = measure_further(self.loaded, self.job.facts, names, watch, self.recipe.system_prompt)
        self.line.close()
        return found

    def _start(self, editor: "Editor", opened: ExitStack) -> "RunRecorder":
        """Only now is anything written; the session stays open until ``opened`` is."""
        from workbench.cli.sessions import session_for

        session = opened.enter_context(session_for(self.options.session, self.loaded, self.job))
        self.folder = session.folder
        return session.start_run(editor, self.job)

    def _tell_warmup(self) -> None:
        """Where full whitening has to wait for the edits themselves."""
        if self.recipe.warmup_mode == "none" or self.recipe.normalisation != "whitening":
            return
        if not self.job.warmup:
            self.line.note(
                "There are no warm-up facts: the first steps use diagonal normalisation, until more than "
                f"{max(m.d_out for m in self.modules) + 1:,} answer tokens were seen. With --warmup {GENERAL}, "
                "facts that come with the workbench prepare the statistics."
            )

    def _require_memory(self) -> None:
        from workbench.models.memory import estimate, require_memory
        from workbench.models.outline import outline_of

        needed = estimate(
            outline_of(self.loaded.model.config),
            self.loaded.dtype,
            self.modules,
            preconditioned=self.recipe.keeps_precision,
        )
        require_memory(replace(needed, weights=0), self.loaded.device)

    def _export(self, report: "RunReport") -> Path:
        from workbench.cli.exporting import provenance_of
        from workbench.models.export import export_hf

        card = provenance_of(self.loaded, self.recipe, self.modules, report)
        path: Path = self.options.export
        export_hf(
            self.loaded,
            path,
            card,
            progress=lambda e: self.line.update(f"Export: {e.stage}", e.done, e.total, e.unit),
        )
        self.line.close()
        return path
