"""Which modules are ticked, in words, and where their cells lie."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.desktop.model.bands import Bands
from workbench.desktop.model.selection import Matrix, in_words
from workbench.models.modules import EditableModule

PROJECTIONS = ("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj")


def modules(layers: int, projections: tuple[str, ...] = PROJECTIONS) -> list[EditableModule]:
    return [
        EditableModule(f"model.layers.{n}.{p}", n, p, 1536, 576) for n in range(layers) for p in projections
    ]


def test_words_name_projection_and_layers() -> None:
    matrix = Matrix(modules(30))
    down = {(3, layer) for layer in (*range(18, 27), 28)}
    assert in_words(matrix, down) == "10 of 120 · down_proj 18–26, 28"
    assert in_words(matrix, matrix.of_projection(0) | {(1, 4)}) == "31 of 120 · q_proj all · o_proj 4"
    assert "tick at least one" in in_words(matrix, set())


def test_projections_of_one_name_are_told_apart() -> None:
    matrix = Matrix(modules(2, ("attn.c_proj", "mlp.c_proj")))
    assert matrix.short_names() == ["attn.c_proj", "mlp.c_proj"]
    assert in_words(matrix, {(1, 0)}) == "1 of 4 · mlp.c_proj 0"
    assert Matrix(modules(2)).short_names() == ["q", "o", "up", "down"]


def test_layers_may_lack_a_projection() -> None:
    ragged = [m for m in modules(3) if (m.layer, m.projection) != (1, "mlp.up_proj")]
    matrix = Matrix(ragged)
    assert (2, 1) not in matrix.at
    assert matrix.between((0, 0), (3, 2)) == set(matrix.at)
    assert [m.name for m in matrix.chosen(matrix.of_layer(1))] == [m.name for m in ragged if m.layer == 1]


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 130), st.integers(200, 900), st.integers(20, 90))
def test_every_cell_is_hit_at_its_middle_and_lies_inside(
    projections: int, layers: int, width: int, names: int
) -> None:
    bands = Bands(projections, layers, width, names)
    for row in (0, projections - 1):
        for column in range(layers):
            x, y, wide, high = bands.cell((row, column))
            assert wide >= 13
            assert x + wide <= width + 0.01
            assert y + high <= bands.height
            assert bands.hit(x + wide / 2, y + high / 2) == (row, column)
            assert bands.nearest(x + wide / 2, y + high / 2) == (row, column)
    for column in range(layers):
        x, y, wide, high = bands.layer_head(column)
        assert bands.hit(x + wide / 2, y + high / 2) == (None, column)
    for band in range(bands.bands):
        x, y, wide, high = bands.projection_head(0, band)
        assert bands.hit(x + wide / 2, y + high / 2) == (0, None)


def test_a_deep_model_fits_a_narrow_dock() -> None:
    bands = Bands(7, 80, 256, 34)
    assert bands.bands == 5
    assert bands.per_band == 16
