"""From traced rows to the residual that a shift should produce (method steps 3 and 4)."""

from torch import Tensor

from workbench.editing.moments import Moments
from workbench.editing.whitening import Whitening

TINY = 1e-30  # keeps a batch whose gradients are all zero at zero


def residual(
    keys: Tensor,
    values: Tensor,
    statistics: Moments,
    whitened: Whitening | None,
    normalisation: str,
    *,
    step_size: float,
    rescale: bool,
    key_cap: float = 0.0,
) -> Tensor:
    """R = −γ‖ĥ‖²v̂, (n, d_v), in the dtype of ``keys`` (n, d_k).

    Without ``whitened`` the values are scaled per dimension, or left alone where ``normalisation`` is none.
    ``rescale`` gives v̂ a mean row norm of √d_v. ``key_cap``: ‖ĥ‖² is at most so many times d_k, its mean under the
    statistics; 0: no bound. A key that leaves what they have seen would otherwise feed on its own shift."""
    normal_keys, normal_values = keys, values
    if normalisation != "none":
        normal_keys = statistics.normalise_keys(keys)
        if whitened is not None:
            normal_values = whitened.apply(values.to(statistics.mean_value) - statistics.mean_value)
        else:
            normal_values = statistics.normalise_values(values)
    if rescale:
        mean_norm = normal_values.norm(dim=1).mean().clamp(min=TINY)
        normal_values = normal_values * (values.shape[1] ** 0.5 / mean_norm)
    weights = normal_keys.square().sum(1, keepdim=True)  # (n, 1)
    if key_cap > 0 and normalisation != "none":
        weights = weights.clamp(max=key_cap * keys.shape[1])
    return (-step_size * weights * normal_values).to(keys.dtype)
