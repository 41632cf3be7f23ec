"""General ability by lm-evaluation-harness, an optional package, on the model in memory."""

import copy
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.models.loaded import LoadedModel

Tasks = dict[str, dict[str, float]]  # task or group → metric → value
PROTOCOL = (
    "lm-evaluation-harness: its tasks as it defines them, in the plain form and with its own prompts; costs a forward "
    "pass or more for each choice of each question."
)
_BATCH = 8  # questions at once


def load_tasks(named: str) -> list[Any]:
    """Names of tasks or groups, or paths of YAML files, separated by commas → what ``run_tasks`` takes.

    Raises InputError where the package is not installed or a task or its data cannot be had."""
    try:
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise InputError(
            f"lm-evaluation-harness is not installed ({error}): pip install 'stableedit-workbench[harness]'."
        ) from error
    manager = TaskManager()
    names = [name.strip() for name in named.split(",") if name.strip()]
    if not names:
        raise InputError("--harness names no task: give names or YAML files, separated by commas.")
    return [task for name in names for task in _loaded(manager, name)]


def run_tasks(loaded: LoadedModel, tasks: list[Any], limit: int | None = None) -> Tasks:
    """``limit``: the first questions of each task. What the package prints goes to standard error."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM

    with redirect_stdout(sys.stderr):
        wrapped = HFLM(
            pretrained=loaded.model,
            tokenizer=copy.deepcopy(loaded.tokenizer),  # it may be given a padding token
            batch_size=_BATCH,
            max_length=loaded.window,
        )
        found = lm_eval.simple_evaluate(wrapped, tasks=tasks, limit=limit, log_samples=False)
    results = {**found["results"], **found.get("groups", {})}
    return {name: _metrics(values) for name, values in results.items()}


def _loaded(manager: Any, name: str) -> list[Any]:
    """A task or group; the tasks of a tag."""
    path = Path(name).expanduser()
    is_file = path.suffix in (".yaml", ".yml")
    if is_file and not path.is_file():
        raise InputError(f"--harness: {name} does not exist: check the path.")
    if not is_file and not manager.match_tasks([name]):
        raise InputError(
            f"--harness: lm-evaluation-harness has no task {name!r}: `lm-eval ls tasks` lists them."
        )
    try:
        built = manager.load([str(path.resolve()) if is_file else name])
    except Exception as error:  # whatever the package, its tasks' code and their data sets raise
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"--harness: {name} cannot be used ({said[:300]}): check it and its data."
        ) from error
    inside = {task for group in built["groups"].values() for task in group.get_all_tasks()}
    return [*built["groups"].values(), *(t for t in built["tasks"].values() if t not in inside)]


def _metrics(values: dict[str, Any]) -> dict[str, float]:
    """Numbers only; "acc,none", of which nothing was filtered, is "acc"."""
    numbers = {k: v for k, v in values.items() if isinstance(v, int | float) and "," in k}
    return {name.removesuffix(",none"): float(value) for name, value in numbers.items()}
