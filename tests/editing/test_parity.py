"""The statistics and updates against the float64 reference vectors, every normalisation and scope."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from workbench.editing.moments import Moments
from workbench.editing.shift import ridge_dual, ridge_primal
from workbench.editing.update import residual
from workbench.editing.whitening import whitening

WARMUP, STEPS, MODULES = 5, 13, 2
STEP_SIZE, RIDGE, FLOOR = 3e-3, 10.0, 1e-6
NORMALISATION = {"stable": "whitening", "diagonal": "diagonal", "none": "none"}


@pytest.fixture(scope="module")
def vectors(shared_data: Path) -> dict[str, np.ndarray]:
    path = shared_data / "parity" / "vectors.npz"
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def relative_difference(got: Tensor, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(got.double().numpy() - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-3)])
@pytest.mark.parametrize("scope", ["module", "shape"])
@pytest.mark.parametrize("mode", ["stable", "diagonal", "none"])
@pytest.mark.parametrize("solve", [ridge_dual, ridge_primal])
def test_shifts_meet_the_reference(vectors, mode, scope, dtype, tolerance, solve) -> None:
    d_key, d_value = vectors["stable/module/module0/step00/shift"].shape
    own = [Moments.empty(d_key, d_value, mode == "stable", dtype) for _ in range(MODULES)]
    statistics = own if scope == "module" else [own[0]] * MODULES
    worst = 0.0
    for step in range(STEPS):
        at = [
            [
                torch.from_numpy(vectors[f"module{m}/step{step:02}/{part}"]).to(dtype)
                for part in ("keys", "grads")
            ]
            for m in range(MODULES)
        ]
        for m in range(MODULES):
            statistics[m].update(*at[m])
        for m in range(MODULES):
            whitened = None
            if mode == "stable" and step >= WARMUP and statistics[m].can_whiten:
                whitened = whitening(statistics[m].covariance(), FLOOR, relative=False, dtype=dtype)
            target = residual(
                *at[m], statistics[m], whitened, NORMALISATION[mode], step_size=STEP_SIZE, rescale=False
            )
            shift = solve(at[m][0], target, RIDGE)
            worst = max(
                worst,
                relative_difference(shift.dense(), vectors[f"{mode}/{scope}/module{m}/step{step:02}/shift"]),
            )
    assert worst <= tolerance
