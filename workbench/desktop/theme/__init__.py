"""Colours, type and icons of the window: ``Theme(application, mode)`` once, then ``mark``, ``icon``, ``tokens_of``."""

from workbench.desktop.theme.fonts import BODY, CAPTION, TABLE, interface_font
from workbench.desktop.theme.icons import application_icon, icon, icon_names
from workbench.desktop.theme.palette import tokens_of
from workbench.desktop.theme.sheet import mark
from workbench.desktop.theme.theme import SCHEMES, Theme
from workbench.desktop.theme.tokens import DARK, LIGHT, Tokens, contrast

__all__ = [
    "BODY",
    "CAPTION",
    "DARK",
    "LIGHT",
    "SCHEMES",
    "TABLE",
    "Theme",
    "Tokens",
    "application_icon",
    "contrast",
    "icon",
    "icon_names",
    "interface_font",
    "mark",
    "tokens_of",
]
