"""Numbers as a person types and reads them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.desktop.method.numbers import in_words, parse, stepped_by_factors, stepped_whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("1,000", 1000),
        ("1,234,567.5", 1234567.5),
        ("0,01", 0.01),
        ("0.01 × mean", 0.01),
        (" .5 ", 0.5),
        ("−2", -2),
        ("1 000", 1000),
        ("", None),
        ("many", None),
        ("1e999", None),
        ("nan", None),
        ("0x10", None),
        ("1.2.3", None),
    ],
)
def test_what_may_be_typed(text: str, value: float | None) -> None:
    assert parse(text, "× mean") == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(3e-4, "3e-4"), (1e-6, "1e-6"), (0.01, "0.01"), (1000, "1,000"), (0, "0"), (1.5e-7, "1.5e-7")],
)
def test_how_numbers_are_written(value: float, text: str) -> None:
    assert in_words(value) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_what_is_written_reads_back(value: float) -> None:
    assert parse(in_words(value)) == value


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_read_back(value: int) -> None:
    assert parse(in_words(value)) == value


def test_arrows_go_by_1_2_5() -> None:
    ladder = [1e-4]
    for _ in range(6):
        ladder.append(stepped_by_factors(ladder[-1], 1, zero_allowed=False))
    assert ladder == [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
    assert stepped_by_factors(3e-4, 1, zero_allowed=False) == 5e-4
    assert stepped_by_factors(3e-4, -1, zero_allowed=False) == 2e-4


def test_zero_lies_below_the_ladder_only_where_it_is_allowed() -> None:
    assert stepped_by_factors(0.1, -1, zero_allowed=True) == 0
    assert stepped_by_factors(0, 1, zero_allowed=True) == 0.1
    assert stepped_by_factors(0.1, -1, zero_allowed=False) == 0.05


@given(st.floats(1e-10, 1e10), st.integers(1, 8))
def test_steps_go_up_and_down_the_same_rungs(value: float, steps: int) -> None:
    rung = stepped_by_factors(value, 1, zero_allowed=False)
    assert rung > value
    there = stepped_by_factors(rung, steps, zero_allowed=False)
    assert stepped_by_factors(there, -steps, zero_allowed=False) == pytest.approx(rung)


def test_whole_numbers_step_in_their_second_digit() -> None:
    assert [stepped_whole(v, 1) for v in (0, 7, 50, 100, 1_000)] == [1, 8, 51, 110, 1_100]
