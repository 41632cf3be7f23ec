"""Whether consecutive shifts point in new directions."""

from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.plots.module_chooser import ModuleChooser
from workbench.desktop.series import RunSeries

CURVES = (
    ("cosine_previous", "previous", "with the previous shift"),
    ("cosine_sum", "sum", "with the sum of all earlier"),
)


class OrthogonalityPlot(CurvePlot):
    """Of all modules: the median with the range over modules; or of one."""

    key = "orthogonality"
    title = "Orthogonality"
    quantities = (
        "cosine of a shift with the previous one and with the sum of all earlier",
        "cosine with the previous shift and the sum",
        "cosine between shifts",
        "cosine",
    )
    empty = "Cosines between weight shifts appear here after the second editing step."
    scale = Scale.SIGNED

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chooser = ModuleChooser("All modules", self)
        self.header.add_chooser(self.chooser)
        self.chooser.chosen.connect(self.invalidate)
        self.commands.add("Choose the module", "M", self.chooser.showMenu, "model")

    def lines(self, run: RunSeries) -> list[Line]:
        if run is self.run:
            self.chooser.set_modules(run.modules)
        x = self.step_x(run)
        if len(x) < 2:
            return []
        module, made = self.chooser.module, []
        for i, (field, label, name) in enumerate(CURVES):
            if module in run.modules:
                made.append(Line(field, label, x, run.values(field)[run.modules.index(module)], i, i, name))
            elif not module:
                low, middle, high = run.spread[field].values
                band = {"low": low, "high": high} if len(run.modules) > 1 else {}
                made.append(Line(field, label, x, middle, i, i, name, **band))
        return made
