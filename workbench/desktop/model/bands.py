"""Where the cells of the module grid lie: layers run to the right and wrap into bands, like weeks in a month."""

from dataclasses import dataclass

from workbench.desktop.model.selection import Cell

SMALLEST, LARGEST = 13.0, 20.0  # width of a cell, pixels
ROW = 15  # height of a cell
HEAD = 16  # height of the layer numbers above a band
BETWEEN = 8  # between two bands
Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True, slots=True)
class Bands:
    """``projections`` × ``layers`` cells in ``width`` pixels, of which ``names`` go to the rows' names."""

    projections: int
    layers: int
    width: float
    names: float

    @property
    def per_band(self) -> int:
        """As even as can be: 30 layers in two bands are 15 and 15."""
        fitting = max(1, int((self.width - self.names) // SMALLEST))
        return max(1, -(-self.layers // self.bands_for(fitting)))

    def bands_for(self, fitting: int) -> int:
        return max(1, -(-self.layers // fitting))

    @property
    def bands(self) -> int:
        return self.bands_for(self.per_band)

    @property
    def cell_width(self) -> float:
        return min(LARGEST, (self.width - self.names) / max(1, self.per_band))

    @property
    def band_height(self) -> int:
        return HEAD + self.projections * ROW

    @property
    def height(self) -> int:
        return self.bands * self.band_height + (self.bands - 1) * BETWEEN

    def top(self, band: int) -> int:
        return band * (self.band_height + BETWEEN)

    def cell(self, cell: Cell) -> Box:
        band, place = divmod(cell[1], self.per_band)
        x = self.names + place * self.cell_width
        return x, self.top(band) + HEAD + cell[0] * ROW, self.cell_width, ROW

    def layer_head(self, column: int) -> Box:
        band, place = divmod(column, self.per_band)
        return self.names + place * self.cell_width, self.top(band), self.cell_width, HEAD

    def projection_head(self, row: int, band: int) -> Box:
        return 0.0, self.top(band) + HEAD + row * ROW, self.names, ROW

    def hit(self, x: float, y: float) -> tuple[int | None, int | None] | None:
        """(projection, layer) under a point; one of them None in a heading; None where nothing is."""
        band, down = divmod(y, self.band_height + BETWEEN)
        if not 0 <= band < self.bands or not x >= 0 or down >= self.band_height:
            return None
        row = None if down < HEAD else int((down - HEAD) // ROW)
        if x < self.names:
            return None if row is None else (row, None)
        place = int((x - self.names) // self.cell_width)
        column = int(band) * self.per_band + place
        if place >= self.per_band or column >= self.layers:
            return None
        return row, column

    def nearest(self, x: float, y: float) -> Cell:
        """The cell closest to a point, for a drag that leaves the grid."""
        band = min(max(int(y // (self.band_height + BETWEEN)), 0), self.bands - 1)
        row = min(max(int((y - self.top(band) - HEAD) // ROW), 0), self.projections - 1)
        place = min(max(int((x - self.names) // self.cell_width), 0), self.per_band - 1)
        return row, min(band * self.per_band + place, self.layers - 1)
