"""Starts, pauses and stops an engine job away from the window."""
