"""The compare dock: runs of this session and of others side by side."""
