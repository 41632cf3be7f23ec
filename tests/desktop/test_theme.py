"""Legible in both themes, and following them."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt, qInstallMessageHandler
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from workbench.desktop.plots.lines import Line, colour_of
from workbench.desktop.theme import (
    BODY,
    DARK,
    LIGHT,
    Theme,
    Tokens,
    application_icon,
    contrast,
    icon,
    icon_names,
    interface_font,
    tokens_of,
)

THEMES = [pytest.param(tokens, id=tokens.name) for tokens in (DARK, LIGHT)]
SURFACES = ("window", "pane", "plot", "raised")
WANTED_ICONS = {
    "open", "import", "warm-up", "play", "pause", "stop", "discard", "export", "probe", "plus", "undo", "redo",
    "settings", "help", "search", "model", "save", "grid", "expand", "follow",
}  # fmt: skip


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "dark")
    yield made
    made.deleteLater()


def test_contrast_is_the_published_measure() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", THEMES)
@pytest.mark.parametrize("text", ["ink", "dim", "accent", "good", "warning", "bad"])
def test_text_stands_off_every_surface(tokens: Tokens, text: str) -> None:
    for surface in SURFACES:
        assert contrast(getattr(tokens, text), getattr(tokens, surface)) >= 4.5, surface


@pytest.mark.parametrize("tokens", THEMES)
def test_text_stands_off_where_the_pointer_or_the_selection_is(tokens: Tokens) -> None:
    for ground in (tokens.hover, tokens.selection):
        assert contrast(tokens.ink, ground) >= 4.5
    for ground in (tokens.accent, tokens.accent_hover):
        assert contrast(tokens.on_accent, ground) >= 4.5


@pytest.mark.parametrize("tokens", THEMES)
def test_disabled_text_can_still_be_read(tokens: Tokens) -> None:
    for surface in SURFACES:
        assert contrast(tokens.disabled, getattr(tokens, surface)) >= 3, surface


@pytest.mark.parametrize("tokens", THEMES)
def test_curves_stand_off_the_plot(tokens: Tokens) -> None:
    slots: list[int | float] = [*range(len(tokens.curves)), *(i / 31 for i in range(32))]
    for slot in slots:
        colour = colour_of(Line("", "", *EMPTY, slot=slot), tokens)
        assert contrast(colour.name(), tokens.plot) >= 3, slot


@pytest.mark.parametrize("tokens", THEMES)
def test_the_first_colour_is_not_the_start_of_the_ramp(tokens: Tokens) -> None:
    ramp = colour_of(Line("", "", *EMPTY, slot=0.0), tokens).name()
    assert colour_of(Line("", "", *EMPTY, slot=0), tokens).name() == tokens.curves[0] != ramp


@pytest.mark.parametrize("tokens", THEMES)
def test_curves_of_one_plot_differ(tokens: Tokens) -> None:
    for one, other in itertools.combinations(tokens.curves, 2):
        first, second = QColor(one), QColor(other)
        apart = (first.red() - second.red(), first.green() - second.green(), first.blue() - second.blue())
        assert max(abs(difference) for difference in apart) >= 40, (one, other)


def test_the_mode_dresses_the_application(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    with qtbot.waitSignal(theme.changed) as announced:
        theme.set_mode("light")
    assert announced.args == [LIGHT]
    assert theme.tokens is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.WindowText).name() == LIGHT.ink
    assert label.palette().color(QPalette.ColorRole.WindowText).name() == LIGHT.ink
    assert tokens_of(qapp.palette()) is LIGHT
    theme.set_mode("dark")
    assert tokens_of(qapp.palette()) is DARK
    disabled = qapp.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled.name() == DARK.disabled


def test_the_system_decides_only_when_asked_to(
    theme: Theme, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hints:
        def colorScheme(self) -> Qt.ColorScheme:
            return Qt.ColorScheme.Dark

        def setColorScheme(self, scheme: Qt.ColorScheme) -> None: ...

    signal = qapp.styleHints().colorSchemeChanged
    monkeypatch.setattr(qapp, "styleHints", Hints, raising=False)
    theme.set_mode("light")
    signal.emit(Qt.ColorScheme.Dark)
    assert theme.tokens is LIGHT
    theme.set_mode("system")
    assert theme.tokens is DARK


def test_an_unknown_mode_is_refused(theme: Theme) -> None:
    with pytest.raises(KeyError):
        theme.set_mode("sepia")


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_qt_understands_the_whole_style_sheet(theme: Theme, qapp: QApplication, mode: str) -> None:
    said: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _where, text: said.append(text))
    try:
        theme.set_mode(mode)
        label = QLabel()
        label.ensurePolished()
    finally:
        qInstallMessageHandler(before)
    assert said == []
    assert "$" not in qapp.styleSheet()


def test_body_text_is_13_pixels() -> None:
    assert interface_font(BODY).pixelSize() == 13


def test_every_action_has_its_icon() -> None:
    assert set(icon_names()) >= WANTED_ICONS
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


@pytest.mark.parametrize("name", icon_names())
@pytest.mark.parametrize("tokens", THEMES)
def test_icons_take_the_themes_ink(theme: Theme, name: str, tokens: Tokens) -> None:
    theme.set_mode(tokens.name)
    assert strongest(icon(name), 32) == QColor(tokens.ink).name()


def test_an_icon_made_before_the_theme_changed_follows_it(theme: Theme) -> None:
    play = icon("play")
    assert strongest(play, 16) == DARK.ink
    theme.set_mode("light")
    assert strongest(play, 16) == LIGHT.ink
    assert strongest(play, 16, QIcon.Mode.Disabled) == LIGHT.disabled
    assert strongest(icon("play", "on_accent"), 16) == LIGHT.on_accent


@pytest.mark.usefixtures("theme")
def test_icons_are_sharp_on_dense_screens() -> None:
    picture = icon("play").pixmap(QSize(16, 16), 2.0)
    assert (picture.width(), picture.devicePixelRatio()) == (32, 2.0)


def test_the_application_icon_comes_in_every_size(qapp: QApplication) -> None:
    del qapp
    sizes = {size.width() for size in application_icon().availableSizes()}
    assert sizes == {16, 24, 32, 48, 64, 128, 256, 512}
    assert application_icon().pixmap(16, 16).toImage().pixelColor(1, 8).blue() > 150


def strongest(shown: QIcon, size: int, mode: QIcon.Mode = QIcon.Mode.Normal) -> str:
    """The colour of the most opaque pixel."""
    image = shown.pixmap(QSize(size, size), 1.0, mode).toImage()
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    pixels = [image.pixelColor(x, y) for x in range(size) for y in range(size)]
    best = max(pixels, key=QColor.alpha)
    assert best.alpha() > 200
    return best.name()


EMPTY = (np.empty(0), np.empty(0))
