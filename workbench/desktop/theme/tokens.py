"""Every colour of the window, once per theme. Palette, style sheet, icons and plots read these and nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as ``#rrggbb``. Tests hold texts at 4.5:1, disabled texts and curves at 3:1."""

    name: str
    window: str  # between and behind panes
    pane: str  # docks, dialogs, tables
    plot: str  # behind curves
    raised: str  # buttons, fields, headers
    hover: str  # raised, under the pointer
    line: str  # between panes, grid of plots
    edge: str  # around fields and buttons
    ink: str
    dim: str  # secondary text, readable
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str  # text and icons on accent
    selection: str  # behind ink in tables, menus and fields
    good: str
    warning: str
    bad: str
    curves: tuple[str, ...]  # after Okabe and Ito, moved in lightness until each stands off ``plot``
    ramp: tuple[float, float]  # part of viridis that stands off ``plot``, for many layers


DARK = Tokens(
    name="dark",
    window="#1d1f23",
    pane="#24272c",
    plot="#1d1f23",
    raised="#2c3036",
    hover="#363b43",
    line="#3a3f47",
    edge="#454b55",
    ink="#e7e9ec",
    dim="#9aa3ae",
    disabled="#7f8893",
    accent="#4c9be8",
    accent_hover="#69adef",
    on_accent="#0e1b28",
    selection="#2b4a6b",
    good="#3fb98c",
    warning="#e0a23c",
    bad="#ec7a71",
    curves=("#56b4e9", "#e69f00", "#35bf93", "#d98bb6", "#f0e442", "#8fa3ff", "#ff8a65", "#b9c0c9"),
    ramp=(0.42, 1.0),
)

LIGHT = Tokens(
    name="light",
    window="#f4f5f7",
    pane="#ffffff",
    plot="#ffffff",
    raised="#f0f2f5",
    hover="#e4e8ed",
    line="#d5d9df",
    edge="#c3c9d1",
    ink="#1d2127",
    dim="#5d6672",
    disabled="#7f8792",
    accent="#1f6fbf",
    accent_hover="#185ea6",
    on_accent="#ffffff",
    selection="#d3e6f8",
    good="#177a57",
    warning="#8f5d06",
    bad="#c0443a",
    curves=("#0072b2", "#c25e00", "#00805d", "#a8477f", "#8a7600", "#5b4fc7", "#b3392b", "#555d68"),
    ramp=(0.0, 0.58),
)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of ``#rrggbb``, 0 to 1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
