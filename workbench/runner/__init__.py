"""Runs the engine beside whoever watches: a worker thread, commands in, one queue of events out. No Qt."""
