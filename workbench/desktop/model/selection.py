"""Which modules are ticked, as a matrix of projection × layer."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from workbench.desktop.words import ranges_in_words

if TYPE_CHECKING:
    from workbench.models.modules import EditableModule

Cell = tuple[int, int]  # projection, layer: positions in Matrix.projections and Matrix.layers


class Matrix:
    """The editable modules by projection and layer; some layers may lack a projection."""

    def __init__(self, modules: "Sequence[EditableModule]") -> None:
        self.modules = tuple(modules)
        self.projections = list(dict.fromkeys(m.projection for m in modules))
        self.layers = sorted({m.layer for m in modules})
        row = {name: i for i, name in enumerate(self.projections)}
        column = {number: i for i, number in enumerate(self.layers)}
        self.at: dict[Cell, EditableModule] = {(row[m.projection], column[m.layer]): m for m in modules}
        self.cell_of = {m.name: cell for cell, m in self.at.items()}

    def of_projection(self, row: int) -> set[Cell]:
        return {cell for cell in self.at if cell[0] == row}

    def of_layer(self, column: int) -> set[Cell]:
        return {cell for cell in self.at if cell[1] == column}

    def between(self, one: Cell, other: Cell) -> set[Cell]:
        """The rectangle that two cells span, without the holes."""
        (top, bottom), (left, right) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return {c for c in self.at if top <= c[0] <= bottom and left <= c[1] <= right}

    def chosen(self, cells: Collection[Cell]) -> "tuple[EditableModule, ...]":
        """In the model's order."""
        return tuple(m for m in self.modules if self.cell_of[m.name] in cells)

    def names(self) -> list[str]:
        """``mlp.down_proj`` → down_proj, where that keeps the projections apart."""
        last = [name.rpartition(".")[2] for name in self.projections]
        return last if len(set(last)) == len(last) else self.projections

    def short_names(self) -> list[str]:
        """``mlp.down_proj`` → down, where that keeps the projections apart."""
        short = [name.removesuffix("_proj") for name in self.names()]
        return short if len(set(short)) == len(short) and "." not in "".join(short) else self.names()


def in_words(matrix: Matrix, cells: Collection[Cell]) -> str:
    """``9 of 210 · down_proj 18–26``."""
    if not cells:
        return f"None of {len(matrix.modules):,} ticked: tick at least one to edit."
    parts = [f"{len(cells):,} of {len(matrix.modules):,}"]
    for row, name in enumerate(matrix.names()):
        columns = sorted(c for r, c in cells if r == row)
        if columns:
            layers = [matrix.layers[c] for c in columns]
            every = len(layers) == len(matrix.of_projection(row))
            parts.append(f"{name} {'all' if every else ranges_in_words(layers)}")
    return " · ".join(parts)
