"""Calibration in the window: what settings cost, and one click that takes them."""
