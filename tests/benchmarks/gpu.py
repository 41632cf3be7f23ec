"""Whether the engine does on a GPU what it does on the CPU, and what a step costs there at the shapes of a 7B model.

    python -m tests.benchmarks.gpu [--device cuda] [--small]

One JSON line; progress on stderr. Needs torch, transformers, safetensors and numpy beside the sources, and no file of
a model. A part that fails has ``error`` in its place. ``agreement``: summed shifts of a warm-up and two steps on the
device against the same on the CPU, in float32 and without a budget, as the largest relative difference. ``step``: a
whole step ÷ the bare passes over its facts, medians after one step that is not counted. ``flat``: the last quarter of
many steps against the first. ``algebra``: the solve of size d_k that the papers' code does beside ours of size n."""

import argparse
import gc
import json
import platform
import resource
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM

from tests.benchmarks.stepping import Bench, recipes, returned
from tests.benchmarks.timing import bare_pass, seconds_of
from tests.tiny import ARCHITECTURES, INNER, tiny_model, tiny_tokenizer
from workbench.editing.recipe import Recipe
from workbench.editing.shift import ridge_dual, ridge_primal
from workbench.editing.whitening import whitening
from workbench.models.loaded import LoadedModel, as_loaded
from workbench.models.machine import device_title
from workbench.models.modules import select

Part = dict[str, Any]

POSITIONS = {"answer": 1, "subject then answer": 4}  # → passes: three at the subject, one at the answer
MEASURED: dict[str, dict[str, Any]] = {  # recipe → what a model of 7B wants otherwise
    "stableedit-published": {},
    "ultraedit": {},
    "stableedit-memory": {"step_size": 6e-6},
}
TOLERANCE, RIDGE = 1e-3, 10.0
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a llama, and of the steps that it is edited with."""

    hidden: int
    inner: int
    layers: int
    heads: int
    vocabulary: int
    modules: str
    batch: int
    steps: int
    warm: int  # of the steps, those after which memory is compared


@dataclass(frozen=True, slots=True)
class Sizes:
    architectures: tuple[str, ...]
    step: Shape
    flat: Shape
    algebra: tuple[int, int, tuple[int, ...]]  # d_k, d_v, rows


FULL = Sizes(
    tuple(ARCHITECTURES),
    Shape(4_096, 14_336, 32, 32, 128_256, "mlp.down_proj@22-26", 100, 5, 1),
    Shape(1_024, 4_096, 4, 16, 32_000, "mlp.down_proj@2-3", 20, 200, 20),
    (14_336, 4_096, (400, 2_000)),
)
SMALL = Sizes(
    ("llama", "gpt2", "opt"),
    Shape(32, 48, 4, 4, 259, "mlp.down_proj@2-3", 10, 2, 1),
    Shape(32, 48, 3, 4, 259, "mlp.down_proj@1-2", 4, 16, 4),
    (96, 32, (16, 48)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", action="store_true", help="tiny shapes, so that a CPU will do")
    options = parser.parse_args()
    device, sizes = torch.device(options.device), SMALL if options.small else FULL
    parts: dict[str, Callable[[], Part]] = {
        "agreement": lambda: _agreement(device, sizes.architectures),
        "step": lambda: _step_costs(device, sizes.step),
        "flat": lambda: _flatness(device, sizes.flat),
        "algebra": lambda: _algebra(device, *sizes.algebra),
    }
    began = time.perf_counter()
    result: Part = _environment(device)
    for name, part in parts.items():
        result[name] = _guarded(name, part)
    print(json.dumps(result | {"seconds": round(time.perf_counter() - began, 1)}))


def _environment(device: torch.device) -> Part:
    return {
        "device": device_title(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "tf32": torch.backends.cuda.matmul.allow_tf32,
    }


def _guarded(name: str, part: Callable[[], Part]) -> Part:
    """What it found, or the error in its place; either is shown at once, in case the rest is cut off."""
    began = time.perf_counter()
    _say(f"{name} ...")
    try:
        found = part()
    except Exception as error:
        traceback.print_exc()
        found = {"error": f"{type(error).__name__}: {error}"}
    found["seconds"] = round(time.perf_counter() - began, 1)
    _say(f"{name}: {json.dumps(found)}")
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _agreement(device: torch.device, architectures: Sequence[str]) -> Part:
    cases = [(r, p, a) for r in recipes().values() for p in POSITIONS for a in architectures]
    found: dict[str, Part] = {}
    errors: dict[str, str] = {}
    for recipe, positions, architecture in cases:
        chosen = recipe.with_(
            positions=positions, passes=POSITIONS[positions], batch=10, minibatch=5, budget=0.0
        )
        try:
            difference = _difference(architecture, chosen, device)
        except Exception as error:
            errors[f"{recipe.name}, {positions}, {architecture}"] = f"{type(error).__name__}: {error}"
            continue
        _say(f"{recipe.name}, {positions}, {architecture}: {difference:.1e}")
        if difference >= found.get(recipe.name, {"worst": 0.0})["worst"]:
            place = {"positions": positions, "architecture": architecture}
            found[recipe.name] = {"worst": difference} | place
    worst = max(found, key=lambda name: float(found[name]["worst"]), default="")
    overall: Part = {"recipe": worst, **found.get(worst, {}), "cases": len(cases), "recipes": found}
    overall["holds"] = bool(found) and not errors and overall["worst"] <= TOLERANCE
    return overall | ({"error": errors} if errors else {})


def _difference(architecture: str, recipe: Recipe, device: torch.device) -> float:
    """Of the module that differs most, the Frobenius norm relative to the CPU's."""
    here, there = (_moved(architecture, recipe, at) for at in (torch.device("cpu"), device))
    off = torch.stack([(there[name] - moved).norm() / moved.norm() for name, moved in here.items()]).amax()
    if not torch.isfinite(off):
        raise ValueError("a shift is zero or not finite")
    return float(off)


def _moved(architecture: str, recipe: Recipe, device: torch.device) -> dict[str, Tensor]:
    tiny = tiny_model(architecture)
    nn.Module.to(tiny.model, device)
    loaded = as_loaded(tiny.model, tiny.tokenizer, tiny.source, tiny.sha256)
    bench = Bench(loaded, [m for m in loaded.modules if m.d_in == INNER and m.layer], recipe)
    bench.warm_up(4)
    for _ in range(2):
        bench.step(*bench.chunk())
    return {name: moved.double().cpu() for name, moved in bench.editor.model.delta().items()}


def _llama(shape: Shape, device: torch.device) -> LoadedModel:
    config = AutoConfig.for_model(
        "llama", vocab_size=shape.vocabulary, hidden_size=shape.hidden, intermediate_size=shape.inner,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.heads // 4,
        max_position_embeddings=8_192,
    )  # fmt: skip
    torch.manual_seed(0)
    with device:
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    return as_loaded(model, tiny_tokenizer(), "random", "0" * 64)


def _step_costs(device: torch.device, shape: Shape) -> Part:
    built: list[LoadedModel] = []
    building = seconds_of(lambda: built.append(_llama(shape, device)))
    (loaded,) = built
    named = recipes()
    found: Part = {
        "layers": shape.layers,
        "parameters": loaded.parameters,
        "building_seconds": round(building, 1),
        "modules": shape.modules,
        "facts": shape.batch,
    }
    for name, changes in MEASURED.items():
        recipe = named[name].with_(batch=shape.batch, **changes)
        found[name] = _guarded(name, lambda r=recipe: _step_cost(loaded, shape, r))  # type: ignore[misc]
    loaded.release()
    failed = [name for name in MEASURED if "error" in found[name]]
    return found | ({"error": f"failed: {', '.join(failed)}"} if failed else {})


def _step_cost(loaded: LoadedModel, shape: Shape, recipe: Recipe) -> Part:
    before = _forget_peak(loaded.device)
    bench = Bench(loaded, select(loaded.modules, shape.modules), recipe)
    try:
        warming = seconds_of(bench.warm_up)
        preparing_peak, _ = _peak(loaded.device) - before, _forget_peak(loaded.device)
        times = [_step_times(bench) for _ in range(shape.steps + 1)][1:]
        peak = _peak(loaded.device) - before
        more = _breakdown(bench)
    finally:
        bench.editor.restore()
    whole = statistics.median(whole for whole, _ in times)
    return {
        "ratio": round(statistics.median(whole / bare for whole, bare in times), 3),
        "whole_seconds": round(whole, 4),
        "bare_seconds": round(statistics.median(bare for _, bare in times), 4),
        "edits_per_second": round(shape.batch / whole, 1),
        "peak_gib": round(peak / GIB, 3),
        "preparing_peak_gib": round(preparing_peak / GIB, 3),
        "warmup_seconds": round(warming, 1),
    } | more


def _step_times(bench: Bench) -> tuple[float, float]:
    """(the whole step, its bare passes)."""
    chunk, names = bench.chunk()
    whole = seconds_of(lambda: bench.step(chunk, names))
    model, lowest = bench.loaded.model, bench.editor.modules[0]
    return whole, seconds_of(lambda: bare_pass(model, lowest, chunk.items, bench.solver.minibatch))


def _breakdown(bench: Bench) -> Part:
    """What a step spends on tracing, and on whitening where it does."""
    chunk, names = bench.chunk()
    found: Part = {"trace_seconds": round(seconds_of(lambda: returned(bench.solver.trace(chunk, names))), 4)}
    ready = [s for s in bench.editor.statistics.values() if s.can_whiten]
    if ready:
        dtype = torch.float32 if bench.loaded.dtype != torch.float32 else torch.float64
        one = seconds_of(lambda: whitening(ready[0].covariance(), 0.01, True, dtype))
        found |= {"decompositions": len(ready), "decomposition_seconds": round(one, 4)}
    return found


def _flatness(device: torch.device, shape: Shape) -> Part:
    """Without a budget, whose measurements come when they are needed."""
    loaded = _llama(shape, device)
    recipe = recipes()["stableedit-memory"].with_(batch=shape.batch, budget=0.0, step_size=1e-5)
    bench = Bench(loaded, select(loaded.modules, shape.modules), recipe)
    bench.warm_up()
    bench.step(*bench.chunk())  # not counted
    times: list[float] = []
    held: list[int] = []
    for number in range(1, shape.steps + 1):
        chunk, names = bench.chunk()
        times.append(seconds_of(lambda c=chunk, n=names: bench.step(c, n)))  # type: ignore[misc]
        if number in (shape.warm, shape.steps):
            gc.collect()
            held.append(_held(device))
    quarter = shape.steps // 4
    return {
        "steps": shape.steps,
        "time_ratio": round(sum(times[-quarter:]) / sum(times[:quarter]), 3),
        "memory_ratio": round(held[-1] / held[0], 3),
        "step_seconds": round(statistics.median(times), 4),
    }


def _algebra(device: torch.device, d_key: int, d_value: int, rows: Sequence[int]) -> Part:
    ways = {"dual": _dual, "primal": _primal, "primal_cholesky": _primal_cholesky}
    found: Part = {"d_k": d_key, "d_v": d_value}
    for n in rows:
        generator = torch.Generator(device).manual_seed(n)
        keys, target = (torch.randn(n, d, generator=generator, device=device) for d in (d_key, d_value))
        answers = {name: way(keys, target) for name, way in ways.items()}  # not timed
        times = {
            name: min(seconds_of(lambda w=way: w(keys, target)) for _ in range(3))  # type: ignore[misc]  # noqa: B023
            for name, way in ways.items()
        }
        found[f"n={n}"] = {
            **{f"{name}_seconds": round(s, 5) for name, s in times.items()},
            "dual_over_primal": round(times["dual"] / times["primal"], 4),
            "difference": float((answers["dual"] - answers["primal"]).norm() / answers["primal"].norm()),
        }
    return found


def _dual(keys: Tensor, target: Tensor) -> Tensor:
    return ridge_dual(keys, target, RIDGE).dense()


def _primal(keys: Tensor, target: Tensor) -> Tensor:
    """As the papers' code does it."""
    system = keys.T @ keys + RIDGE * torch.eye(keys.shape[1], device=keys.device)
    solved: Tensor = torch.linalg.solve(system, keys.T @ target)
    return solved


def _primal_cholesky(keys: Tensor, target: Tensor) -> Tensor:
    return ridge_primal(keys, target, RIDGE).dense()


def _forget_peak(device: torch.device) -> int:
    """Bytes held now; from here on the peak is counted anew, where the device can do that."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    return _held(device)


def _held(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else _peak(device)


def _peak(device: torch.device) -> int:
    """Bytes; on the CPU the process's largest, ever."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
