"""Tokens as a palette for Qt's Fusion style."""

from PySide6.QtGui import QColor, QPalette

from workbench.desktop.theme.tokens import DARK, LIGHT, Tokens, luminance

Role = QPalette.ColorRole
Group = QPalette.ColorGroup

ROLES = {
    Role.Window: "pane",
    Role.WindowText: "ink",
    Role.Base: "pane",
    Role.AlternateBase: "raised",
    Role.Text: "ink",
    Role.Button: "raised",
    Role.ButtonText: "ink",
    Role.BrightText: "bad",
    Role.ToolTipBase: "raised",
    Role.ToolTipText: "ink",
    Role.PlaceholderText: "dim",
    Role.Highlight: "selection",
    Role.HighlightedText: "ink",
    Role.Accent: "accent",
    Role.Link: "accent",
    Role.LinkVisited: "accent",
    Role.Light: "hover",
    Role.Midlight: "hover",
    Role.Mid: "line",
    Role.Dark: "edge",
    Role.Shadow: "window",
}


def palette(tokens: Tokens) -> QPalette:
    made = QPalette()
    for role, token in ROLES.items():
        made.setColor(role, QColor(getattr(tokens, token)))
    for role in (Role.WindowText, Role.Text, Role.ButtonText, Role.PlaceholderText, Role.HighlightedText):
        made.setColor(Group.Disabled, role, QColor(tokens.disabled))
    made.setColor(Group.Disabled, Role.Accent, QColor(tokens.disabled))
    return made


def tokens_of(shown: QPalette) -> Tokens:
    """The theme that a palette belongs to; a palette that is not ours counts by its lightness."""
    return LIGHT if luminance(shown.color(Role.Window).name()) > 0.2 else DARK
