"""The session folder: what was done, kept on disk."""
