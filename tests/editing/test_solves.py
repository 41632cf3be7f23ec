"""Ridge solves, recursive least squares and moments against their definitions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from workbench.editing.moments import Moments
from workbench.editing.precision import Precision
from workbench.editing.shift import Shift, inner, inner_dense, ridge_dual, ridge_primal, ridge_shift
from workbench.editing.whitening import whitening

sizes = st.integers(1, 24)
seeds = st.integers(0, 2**31 - 1)


def random(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def relative_difference(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm().clamp(min=1e-300))


@given(sizes, sizes, sizes, seeds, st.floats(1e-3, 1e3))
def test_dual_and_primal_agree(n: int, d_key: int, d_value: int, seed: int, ridge: float) -> None:
    keys, target = random(seed, n, d_key), random(seed + 1, n, d_value)
    dual, primal = ridge_dual(keys, target, ridge).dense(), ridge_primal(keys, target, ridge).dense()
    assert relative_difference(dual, primal) <= 1e-6


def test_the_smaller_system_is_solved() -> None:
    assert ridge_shift(random(0, 5, 9), random(1, 5, 3), 1.0).left is not None
    assert ridge_shift(random(0, 9, 5), random(1, 9, 3), 1.0).left is None


@given(sizes, sizes, sizes, sizes, seeds)
def test_inner_products_need_no_dense_shift(n: int, m: int, d_key: int, d_value: int, seed: int) -> None:
    a = Shift(random(seed, n, d_key), random(seed + 1, n, d_value))
    b = Shift(random(seed + 2, m, d_key), random(seed + 3, m, d_value))
    dense = Shift(None, b.dense())
    wanted = float((a.dense() * b.dense()).sum())
    scale = float(a.dense().norm() * b.dense().norm())
    for got in (inner(a, b), inner(b, a), inner(a, dense), inner(dense, a), inner_dense(a, b.dense())):
        assert abs(got - wanted) <= 1e-9 * scale
    assert a.norm() == pytest.approx(float(a.dense().norm()), rel=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-8), (torch.float32, 1e-3)])
@pytest.mark.parametrize(("protection", "memory"), [(0.0, 1.0), (300.0, 1.0), (1000.0, 0.1), (0.0, 0.0)])
def test_recursive_least_squares_is_the_fresh_solve(
    dtype: torch.dtype, tolerance: float, protection: float, memory: float
) -> None:
    d_key, d_value, rows, ridge = 96, 16, 12, 1.0
    text = random(7, 400, d_key) * torch.logspace(-2, 1, d_key, dtype=torch.float64)
    text_keys = text.T @ text / len(text)
    recursive = Precision.prior(ridge, protection, text_keys, torch.empty(1, d_key, dtype=dtype))
    precision = protection * text_keys + ridge * torch.eye(d_key, dtype=torch.float64)
    for step in range(50):
        keys, target = random(100 + step, rows, d_key), random(200 + step, rows, d_value)
        got = recursive.shift(keys.to(dtype), target.to(dtype)).dense()
        wanted = torch.linalg.solve(keys.T @ keys + precision, keys.T @ target)
        assert relative_difference(got.double(), wanted) <= tolerance
        recursive.remember(keys.to(dtype), memory)
        precision = precision + memory * keys.T @ keys


def test_without_protection_and_memory_the_precision_is_the_ridge() -> None:
    keys, target = random(1, 8, 20), random(2, 8, 5)
    prior = Precision.prior(10.0, 0.0, None, keys)
    assert (
        relative_difference(prior.shift(keys, target).dense(), ridge_dual(keys, target, 10.0).dense())
        <= 1e-12
    )


@settings(max_examples=50)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(lambda b: sum(b) >= 2), seeds)
def test_moments_do_not_depend_on_the_batches(batches: list[int], seed: int) -> None:
    n, d_key, d_value = sum(batches), 5, 3
    keys, values = random(seed, n, d_key) * 3 + 2, random(seed + 1, n, d_value) * 1e-4 - 1e-3
    moments = Moments.empty(d_key, d_value, True, torch.float64)
    at = 0
    for b in batches:
        moments.update(keys[at : at + b], values[at : at + b])
        at += b
    assert moments.scatter is not None
    centred = values - values.mean(0)
    for got, wanted in (
        (moments.mean_key, keys.mean(0)),
        (moments.m2_key, (keys - keys.mean(0)).square().sum(0)),
        (moments.m2_value, centred.square().sum(0)),
        (moments.scatter, centred.T @ centred),
    ):
        assert relative_difference(got, wanted) <= 1e-8


def test_a_dimension_that_never_varies_is_left_out() -> None:
    moments = Moments.empty(3, 2, False, torch.float32)
    keys = random(3, 40, 3, dtype=torch.float32)
    keys[:, 1] = 0.1
    for part in keys.split(7):
        moments.update(part, torch.ones(len(part), 2))
    assert torch.isfinite(moments.normalise_keys(keys)).all()
    assert moments.normalise_keys(keys)[:, 1].abs().max() == 0


def test_whitening_needs_more_rows_than_dimensions() -> None:
    moments = Moments.empty(2, 4, True, torch.float64)
    moments.update(random(1, 5, 2), random(2, 5, 4))
    assert not moments.can_whiten
    moments.update(random(3, 1, 2), random(4, 1, 4))
    assert moments.rows == moments.rows_needed == 6
    assert moments.can_whiten


@pytest.mark.parametrize("scale", [1.0, 1e-9])
def test_whitened_gradients_are_uncorrelated_whatever_their_scale(scale: float) -> None:
    values = random(5, 4000, 12) @ random(6, 12, 12) * scale
    centred = values - values.mean(0)
    whitened = whitening(centred.T @ centred / len(values), 1e-12, True, torch.float64).apply(centred)
    torch.testing.assert_close(whitened.T @ whitened / len(values), torch.eye(12, dtype=torch.float64))


def test_the_relative_floor_is_scale_free_and_counted() -> None:
    covariance = torch.diag(torch.tensor([1e-4, 1.0, 1.0, 1.9999], dtype=torch.float64))
    for scale in (1.0, 1e-8):
        whitened = whitening(covariance * scale, 0.01, True, torch.float64)
        assert whitened.floored_share == 0.25
        assert whitened.condition == pytest.approx(199.99)
        assert float(whitened.spectrum()[0]) == pytest.approx(1.9999 * scale)
