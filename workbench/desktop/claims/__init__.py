"""The claims in the window: every run overlaid, and in words what held."""
