"""Scores, each with its protocol: success, generalisation, locality, collapse and stability."""
