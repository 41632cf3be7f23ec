"""Full whitening of value gradients: v̂ = Σ̂^(−1/2)(v − m_v), with the eigenvalues floored (method step 3)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.errors import NonFinite

SPECTRUM_POINTS = 128


@dataclass(frozen=True, slots=True)
class Whitening:
    """The floored symmetric inverse root of a covariance, kept as its eigenpairs."""

    eigenvalues: Tensor  # (d_v,) ascending, before flooring
    eigenvectors: Tensor  # (d_v, d_v), columns
    floor: float

    def apply(self, centred: Tensor) -> Tensor:
        """(n, d_v) rows, already centred, times Σ̂^(−1/2)."""
        scale = self.eigenvalues.clamp(min=self.floor).rsqrt()
        return (centred.to(self.eigenvectors) @ self.eigenvectors * scale) @ self.eigenvectors.T

    @property
    def floored_share(self) -> float:
        return float((self.eigenvalues < self.floor).double().mean())

    @property
    def condition(self) -> float:
        return max(float(self.eigenvalues[-1]), self.floor) / max(float(self.eigenvalues[0]), self.floor)

    def spectrum(self, points: int = SPECTRUM_POINTS) -> Tensor:
        """(≤ points,) eigenvalues, descending, evenly picked with both ends."""
        count = len(self.eigenvalues)
        picked = torch.linspace(count - 1, 0, min(points, count), dtype=torch.float64).round().long()
        return self.eigenvalues.cpu()[picked]


def whitening(covariance: Tensor, floor: float, relative: bool, dtype: torch.dtype) -> Whitening:
    """One eigendecomposition in ``dtype`` of the matrix scaled to a mean eigenvalue of 1, so that tiny
    gradients do not underflow. Raises NonFinite where the covariance is not finite."""
    mean = float(covariance.diagonal().double().mean())
    if not mean > 0 or not torch.isfinite(covariance).all():
        raise NonFinite(
            "The gradient covariance is zero or not finite: lower the step size or check the facts."
        )
    try:
        values, vectors = torch.linalg.eigh((covariance / mean).to(dtype))
    except torch.linalg.LinAlgError:
        values, vectors = torch.linalg.eigh((covariance / mean).double())
        values, vectors = values.to(dtype), vectors.to(dtype)
    return Whitening(values * mean, vectors, floor * mean if relative else floor)
