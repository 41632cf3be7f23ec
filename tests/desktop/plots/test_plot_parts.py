"""The parts of a plot that need no window."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.desktop.plots.axes import StepAxis, ValueAxis, format_value, nice_spacing
from workbench.desktop.plots.band import envelope
from workbench.desktop.plots.curve import in_view, reduced
from workbench.desktop.plots.export import neutral, number
from workbench.desktop.plots.heat_map import in_columns
from workbench.desktop.plots.labels import evenly, spread
from workbench.desktop.plots.lines import Line
from workbench.desktop.plots.modules import by_layer, short_names
from workbench.desktop.plots.positions import index_of, settled

HEIGHTS = st.lists(st.floats(-50, 250), min_size=1, max_size=12)


@given(HEIGHTS)
def test_labels_never_overlap_and_stay_inside(wanted: list[float]) -> None:
    placed = spread(wanted, 13, 6.5, 193.5)
    ordered = sorted(placed)
    assert all(b - a >= 13 - 1e-6 for a, b in itertools.pairwise(ordered))
    assert ordered[0] >= 6.5 - 1e-6
    assert ordered[-1] <= 193.5 + 1e-6


@given(HEIGHTS)
def test_labels_keep_the_order_of_their_curves(wanted: list[float]) -> None:
    placed = spread(wanted, 13, 6.5, 193.5)
    by_wish = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert by_wish == sorted(range(len(wanted)), key=placed.__getitem__)


def test_labels_with_room_stay_at_their_curves() -> None:
    assert spread([30, 10, 60], 13, 0, 100) == [30, 10, 60]
    assert spread([50, 50], 10, 0, 100) == [45, 55]


@given(st.integers(1, 60), st.integers(1, 20))
def test_a_few_labels_are_picked_evenly(count: int, most: int) -> None:
    picked = evenly(count, most)
    assert len(picked) == min(count, most)
    assert picked[0] == 0
    assert most == 1 or picked[-1] == count - 1


@given(st.floats(1e-6, 1e7), st.integers(2, 10))
def test_ticks_are_round_and_few(span: float, most: int) -> None:
    spacing = nice_spacing(span, most)
    assert span / spacing <= most * (1 + 1e-6)
    leading = float(f"{spacing:e}".partition("e")[0])
    assert leading in (1, 2, 5)


@pytest.mark.parametrize("span", [0, float("nan"), float("inf")])
def test_a_span_of_nothing_still_has_a_spacing(span: float) -> None:
    assert nice_spacing(span, 5) == 1.0


@pytest.mark.usefixtures("qapp")
def test_step_axes_show_whole_numbers() -> None:
    axis = StepAxis("bottom")
    ((spacing, values),) = axis.tickValues(0, 3, 1_000)
    assert (spacing, values) == (1, [0, 1, 2, 3])
    assert axis.tickStrings([12_000], 1, 1_000) == ["12,000"]


@pytest.mark.usefixtures("qapp")
def test_decades_are_named_as_values() -> None:
    axis = ValueAxis()
    axis.decades = True
    assert axis.tickStrings([-5, -2, 0, 3, 6], 1, 1) == ["10⁻⁵", "0.01", "1", "1,000", "10⁶"]
    ((spacing, _),) = axis.tickValues(-3.2, 2.1, 60)
    assert spacing == int(spacing)


@pytest.mark.parametrize(
    ("value", "spacing", "text"),
    [
        (0, 0.2, "0"),
        (0.2, 0.2, "0.2"),
        (1.5, 0.05, "1.50"),
        (1234.5, 0, "1,234"),
        (3e-7, 0, "3e-07"),
        (12, 5, "12"),
    ],
)
def test_values_have_the_decimals_they_need(value: float, spacing: float, text: str) -> None:
    assert format_value(value, spacing) == text


def test_modules_are_named_by_layer_where_that_is_enough() -> None:
    assert short_names(["model.layers.7.mlp.down_proj", "model.layers.12.mlp.down_proj"]) == {
        "model.layers.7.mlp.down_proj": "7",
        "model.layers.12.mlp.down_proj": "12",
    }
    both = ["model.layers.7.mlp.down_proj", "model.layers.7.mlp.up_proj", "transformer.h.3.mlp.fc_out"]
    assert list(short_names(both).values()) == ["7 down", "7 up", "3 fc_out"]
    assert short_names(["lm_head"]) == {"lm_head": "lm_head"}
    assert by_layer(["a.12.x", "a.7.x"]) == [1, 0]


def test_a_curve_reads_its_last_point_up_to_x() -> None:
    line = Line("", "", np.array([0.0, 5.0, 10.0]), np.array([1.0, 2.0, 3.0]))
    assert np.isnan(line.at(-1))
    assert [line.at(x) for x in (0, 4.9, 5, 99)] == [1, 1, 2, 3]
    assert Line("", "", np.array([1.0, 2.0]), np.array([7.0, np.nan])).last() == 7


@given(st.integers(1, 3_000), st.integers(1, 500))
def test_a_reduced_band_and_map_lose_no_extreme(length: int, most: int) -> None:
    random = np.random.default_rng(length)
    x, low = np.arange(length, dtype=float), random.standard_normal(length)
    xs, lows, highs = envelope(x, low, low + 1, most)
    assert len(xs) <= max(most, 1)
    assert (lows.min(), highs.max()) == (low.min(), (low + 1).max())
    picture, ends = in_columns(np.stack([low, -low]), x, most)
    assert picture.max(axis=1).tolist() == [low.max(), (-low).max()]
    assert ends[-1] == x[-1]


@given(st.integers(1, 3_000), st.integers(1, 400))
def test_a_reduced_curve_keeps_extremes_and_the_newest_point(length: int, pixels: int) -> None:
    random = np.random.default_rng(length)
    x, y = np.arange(length, dtype=float), random.standard_normal(length)
    xs, ys = reduced(x, y, pixels, averaged=False)
    assert len(xs) <= 4 * pixels + 1
    assert (ys.min(), ys.max()) == (y.min(), y.max())
    assert (xs[-1], ys[-1]) == (x[-1], y[-1])
    assert (np.diff(xs) >= 0).all()


def test_averages_are_means_of_groups_that_stay_while_points_are_added() -> None:
    x, y = np.arange(1_005.0), np.sin(np.arange(1_005.0))
    before, after = reduced(x[:1_001], y[:1_001], 100, True), reduced(x, y, 100, True)
    assert before[1][0] == pytest.approx(y[:10].mean())
    assert before[1][:100].tolist() == after[1][:100].tolist()
    assert after[1][-1] == y[-1]


def test_only_points_in_view_and_one_beside_are_drawn() -> None:
    x = np.arange(10.0)
    assert x[in_view(x, 2.5, 5.5)].tolist() == [2, 3, 4, 5, 6]
    assert x[in_view(x, -5, 99)].tolist() == x.tolist()


def test_a_band_leaves_gaps_out() -> None:
    x, low = np.arange(3.0), np.array([np.nan, 1.0, 2.0])
    assert envelope(x, low, low)[0].tolist() == [1, 2]


@given(st.lists(st.integers(0, 1000), min_size=1, unique=True).map(sorted), st.floats(-10, 1010))
def test_the_crosshair_takes_the_nearest_position(positions: list[int], x: float) -> None:
    found = positions[index_of(np.array(positions, float), x)]
    assert abs(found - x) == min(abs(p - x) for p in positions)


@given(st.integers(1, 10**6), st.integers(100, 2_000))
def test_a_long_axis_moves_by_less_than_a_pixel(high: int, pixels: int) -> None:
    shown = settled(high, high, pixels)
    assert 0 <= shown - high <= max(high / pixels, 0)
    assert high > 2 * pixels or shown == high


def test_cells_of_the_csv() -> None:
    assert [number(v) for v in (3.0, 0.5, float("nan"))] == [3, 0.5, ""]
    assert neutral("=cmd()") == "'=cmd()"
    assert neutral("model.layers.1") == "model.layers.1"
