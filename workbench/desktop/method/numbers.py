"""Numbers as a person types and reads them."""

import math
import re

MANTISSAS = (1, 2, 5)
FIRST = 0.1  # above 0, where 0 is allowed
LEAST = 1e-12  # no arrow goes below
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


def parse(text: str, unit: str = "") -> float | None:
    """``3e-4``, ``1,000``, ``0.01 × mean``, ``50 facts``; a comma alone counts as a decimal point. None: no number."""
    plain = text.strip()
    if unit and plain.endswith(unit):
        plain = plain[: -len(unit)].strip()
    plain = plain.replace(" ", "").replace("\u202f", "").replace("−", "-")
    if _THOUSANDS.fullmatch(plain):
        return float(plain.replace(",", ""))
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", "."))
    return value if math.isfinite(value) else None


def in_words(value: float) -> str:
    """``3e-4``, ``0.01``, ``1,000``: plain between a thousandth and a million, else in powers of ten.

    ``parse`` gives the same number back."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e6:
        return next(t for d in range(6, 18) if float(t := f"{value:.{d}g}") == value)
    mantissa, _, exponent = next(t for d in range(17) if float(t := f"{value:.{d}e}") == value).partition("e")
    return f"{mantissa}e{int(exponent)}"


def stepped_by_factors(value: float, steps: int, zero_allowed: bool) -> float:
    """The next of …, 1, 2, 5, 10, … in that direction; where 0 is allowed it lies below FIRST."""
    for _ in range(abs(steps)):
        value = _up(value) if steps > 0 else _down(value, zero_allowed)
    return value


def stepped_whole(value: int, steps: int) -> int:
    """By one in the second digit: 100 → 110, 1,000 → 1,100, 7 → 8."""
    return value + steps * int(10 ** max(0, len(str(abs(value))) - 2))


def _ladder(value: float) -> list[float]:
    """The rungs around a positive value."""
    decade = math.floor(math.log10(value))
    return [float(f"{m}e{d}") for d in (decade - 1, decade, decade + 1) for m in MANTISSAS]


def _up(value: float) -> float:
    return FIRST if value <= 0 else min(rung for rung in _ladder(value) if rung > value)


def _down(value: float, zero_allowed: bool) -> float:
    if value <= LEAST:
        return value
    below = max(rung for rung in _ladder(value) if rung < value)
    return 0.0 if zero_allowed and below < FIRST else below
