"""Weight shifts as factors, and the ridge solves that make them (method step 5)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.evaluation import stability


@dataclass(frozen=True, slots=True)
class Shift:
    """Δ = leftᵀ·right, (d_k, d_v): what a step adds to a module's weight. ``left`` None: ``right`` is Δ itself."""

    left: Tensor | None  # (r, d_k)
    right: Tensor  # (r, d_v), or (d_k, d_v) where left is None

    def dense(self) -> Tensor:
        return self.right if self.left is None else self.left.T @ self.right

    def smaller(self) -> "Shift":
        """Δ in the form that has fewer elements."""
        if self.left is None:
            return self
        (rows, d_key), d_value = self.left.shape, self.right.shape[1]
        return self if rows * (d_key + d_value) <= d_key * d_value else Shift(None, self.dense())

    def plus(self, other: "Shift") -> "Shift":
        """Their sum, in factors where both have them and the dense sum is not smaller."""
        if self.left is None or other.left is None:
            return Shift(None, self.dense() + other.dense())
        return Shift(torch.cat([self.left, other.left]), torch.cat([self.right, other.right])).smaller()

    def scaled(self, factor: float) -> "Shift":
        return Shift(self.left, self.right * factor)

    def norm(self) -> float:
        """‖Δ‖_F."""
        if self.left is None:
            return float(torch.linalg.vector_norm(self.right, dtype=torch.float64))
        return stability.frobenius_norm(self.left, self.right)

    def fits(self, dtype: torch.dtype) -> bool:
        """Whether every element of Δ is finite in ``dtype``: |Δ_ij| ≤ ‖left‖_F ‖right‖_F."""
        factors = [self.right] if self.left is None else [self.left, self.right]
        bound = math.prod(float(torch.linalg.vector_norm(f, dtype=torch.float64)) for f in factors)
        return bound <= torch.finfo(dtype).max


def inner(a: Shift, b: Shift) -> float:
    """⟨Δ_a, Δ_b⟩, without a d_k × d_v product where both have factors."""
    if a.left is not None and b.left is not None:
        return stability.inner(a.left, a.right, b.left, b.right)
    if a.left is None:
        return inner_dense(b, a.right)
    return inner_dense(a, b.right)


def inner_dense(a: Shift, dense: Tensor) -> float:
    """⟨Δ_a, D⟩ for a dense D (d_k, d_v)."""
    product = a.right * dense if a.left is None else (a.left @ dense) * a.right
    return float(product.sum(dtype=torch.float64))


def ridge_dual(keys: Tensor, residual: Tensor, ridge: float) -> Shift:
    """Hᵀ(HHᵀ + λI)⁻¹R: an n × n system. ``keys`` (n, d_k), ``residual`` (n, d_v)."""
    gram = keys @ keys.T
    gram.diagonal().add_(ridge)
    return Shift(keys, solve_positive(gram, residual))


def ridge_primal(keys: Tensor, residual: Tensor, ridge: float) -> Shift:
    """(HᵀH + λI)⁻¹HᵀR: a d_k × d_k system, for more rows than d_k."""
    gram = keys.T @ keys
    gram.diagonal().add_(ridge)
    return Shift(None, solve_positive(gram, keys.T @ residual))


def ridge_shift(keys: Tensor, residual: Tensor, ridge: float) -> Shift:
    """The same Δ from whichever system is smaller."""
    solve = ridge_dual if keys.shape[0] <= keys.shape[1] else ridge_primal
    return solve(keys, residual, ridge)


def solve_positive(matrix: Tensor, right: Tensor) -> Tensor:
    """matrix⁻¹·right for a symmetric positive definite matrix; LU where rounding made Cholesky fail."""
    factor, info = torch.linalg.cholesky_ex(matrix)
    if int(info) == 0:
        solution: Tensor = torch.cholesky_solve(right, factor)
        return solution
    solved: Tensor = torch.linalg.solve(matrix, right)
    return solved
