"""The editors that a run may take."""
