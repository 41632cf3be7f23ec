"""Data files of the workbench: presets, starter facts, icons, templates."""
