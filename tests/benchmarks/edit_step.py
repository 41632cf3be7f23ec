"""What a step costs beyond the forward and backward passes that it cannot do without, and how much memory it takes.

    python -m tests.benchmarks.edit_step [--large]

One JSON line. ``preset`` and ``published``: 100 of the starter's facts a step with the recipe that people start with,
and with the published one, in float32 and bfloat16: the whole step ÷ the bare passes over the same facts, as the median
over steps, and ``run_mib``, the peak up to the first step beyond the loaded model. ``solve``: dual ÷ primal at
d_k 14,336 and n 400. ``large``: one module of a 7B model, a whole step but for its passes, on the device there is. Each
is measured in a process of its own; about half an hour on two cores.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tests.benchmarks.timing import bare_pass, seconds_of
from tests.tiny import tiny_tokenizer
from workbench.editing import solving
from workbench.editing.editor import Editor
from workbench.editing.events import StepApplied, WarmupProgressed
from workbench.editing.job import Job
from workbench.editing.memory_use import peak_memory_bytes
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.shift import ridge_dual, ridge_primal
from workbench.editing.start import preset_of, starting_recipe
from workbench.editing.tracing import Traced, trace
from workbench.facts.starter import starter_facts
from workbench.models.encoding import Encoded
from workbench.models.loaded import as_loaded
from workbench.models.loading import load
from workbench.models.modules import select

STEPS, MIB = 3, 1 << 20
LARGE_KEY, LARGE_VALUE, LARGE_ROWS = 14_336, 4_096, 400
RECIPES = {"preset": None, "published": "stableedit-published"}
PARTS = [f"{recipe} {dtype}" for recipe in RECIPES for dtype in ("float32", "bfloat16")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--large", action="store_true", help="also one module of a 7B model, without its passes"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_measured(options.part)))
        return
    result: dict[str, object] = {"device": _device().type, "threads": torch.get_num_threads()}
    for part in PARTS:
        result[part] = _in_own_process(part) | _in_own_process(f"{part} memory")
    for part in ["solve", *["large"] * options.large]:
        result[part] = _in_own_process(part)
    print(json.dumps(result))


def _in_own_process(part: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.edit_step", "--part", part]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _measured(part: str) -> dict[str, float]:
    if part == "solve":
        return _solve_times()
    if part == "large":
        return _large_step()
    recipe, dtype, *memory = part.split()
    return _run_memory(recipe, dtype) if memory else _step_times(recipe, dtype)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _run(recipe: str, dtype: str) -> Run:
    """As a person starts it on the starter's own facts; its texts are beside the program."""
    loaded = load("starter", dtype=dtype)
    chosen = starting_recipe(preset_of(loaded), RECIPES[recipe])
    edits, warmup = starter_facts()
    editor = Editor(loaded, select(loaded.modules, chosen.modules), chosen)
    return Run(editor, Job(edits[: STEPS * chosen.batch], warmup))


def _step_times(recipe: str, dtype: str) -> dict[str, float]:
    run, whole, bare, passes = _run(recipe, dtype), list[float](), list[float](), list[int]()
    with _passes() as traced:
        for event in run.events():
            if isinstance(event, StepApplied):
                whole.append(event.seconds)
                bare.append(sum(seconds_of(lambda f=facts: _bare_pass(run, f)) for facts in traced))  # type: ignore[misc]
                passes.append(len(traced))
                if event.step == STEPS:
                    break
            if isinstance(event, StepApplied | WarmupProgressed):
                traced.clear()
    return {
        "ratio": round(statistics.median(w / b for w, b in zip(whole, bare, strict=True)), 4),
        "bare_seconds": round(statistics.median(bare), 3),
        "whole_seconds": round(statistics.median(whole), 3),
        "passes": statistics.median(passes),
    }


@contextmanager
def _passes() -> Iterator[list[Sequence[Encoded]]]:
    """The facts of every pass that a run makes within it."""
    made: list[Sequence[Encoded]] = []

    def watched(*given: Any, **options: Any) -> Traced:
        made.append(given[2])
        return trace(*given, **options)

    with patch.object(solving, "trace", watched):
        yield made


def _bare_pass(run: Run, facts: Sequence[Encoded]) -> None:
    bare_pass(run.editor.loaded.model, run.editor.modules[0], facts, run.solver.minibatch)


def _run_memory(recipe: str, dtype: str) -> dict[str, float]:
    """Up to the first editing step, the warm-up included."""
    run = _run(recipe, dtype)
    before = _forget_peak()
    next(event for event in run.events() if isinstance(event, StepApplied))
    return {"run_mib": round((peak_memory() - before) / MIB, 1), "loaded_mib": round(before / MIB, 1)}


def _forget_peak() -> int:
    """Bytes held now; from here on the peak is counted anew."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return int(psutil.Process().memory_info().rss)


def peak_memory() -> int:
    """Bytes, since the peak was forgotten where the system can forget it."""
    status = Path("/proc/self/status")
    if not torch.cuda.is_available() and status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    return peak_memory_bytes(_device())


def _solve_times() -> dict[str, float]:
    """At the key width of a 7B model; float32."""
    generator = torch.Generator().manual_seed(0)
    keys = torch.randn(LARGE_ROWS, LARGE_KEY, generator=generator).to(_device())
    target = torch.randn(LARGE_ROWS, LARGE_VALUE, generator=generator).to(_device())
    dual = min(seconds_of(lambda: ridge_dual(keys, target, 10.0).dense()) for _ in range(3))
    primal = seconds_of(lambda: ridge_primal(keys, target, 10.0))
    return {
        "dual_seconds": round(dual, 3),
        "primal_seconds": round(primal, 3),
        "dual_over_primal": round(dual / primal, 4),
    }


def _large_step() -> dict[str, float]:
    """Statistics, whitening, solve, figures and apply in bfloat16, after as many rows as whitening needs."""
    editor, generator = _large_editor(), torch.Generator().manual_seed(1)
    while not all(s.can_whiten for s in editor.statistics.values()):
        editor.observe(_large_rows(editor, generator))
    traced, before = _large_rows(editor, generator), _forget_peak()
    seconds = {"statistics": seconds_of(lambda: editor.observe(traced))}
    found: list[Any] = []
    seconds["whitening_and_solve"] = seconds_of(lambda: found.extend(editor.shifts(traced, warming_up=False)))
    shifts, whitenings = found
    seconds["figures"] = seconds_of(lambda: editor.measure(shifts, whitenings))
    seconds["apply"] = seconds_of(lambda: editor.apply(shifts, traced))
    seconds["whole"] = sum(seconds.values())
    return {f"{name}_seconds": round(s, 3) for name, s in seconds.items()} | {
        "step_mib": round((peak_memory() - before) / MIB, 1)
    }


def _large_editor() -> Editor:
    config = AutoConfig.for_model(
        "llama", vocab_size=259, hidden_size=LARGE_VALUE, intermediate_size=LARGE_KEY, num_hidden_layers=1,
        num_attention_heads=32, num_key_value_heads=8,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).to(_device())
    loaded = as_loaded(model, tiny_tokenizer(), "large", "0" * 64)
    return Editor(loaded, select(loaded.modules, "mlp.down_proj@0"), Recipe())


def _large_rows(editor: Editor, generator: torch.Generator) -> Traced:
    (module,) = editor.modules
    keys = torch.randn(LARGE_ROWS, LARGE_KEY, generator=generator).to(_device())
    values = torch.randn(LARGE_ROWS, LARGE_VALUE, generator=generator).to(_device())
    nothing = torch.zeros(0)
    return Traced({module.name: keys}, {module.name: values}, nothing, nothing, nothing)


if __name__ == "__main__":
    main()
