"""The session that is open, and how the window keeps it."""
