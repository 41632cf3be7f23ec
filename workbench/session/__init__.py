"""The session folder: facts, runs, durable steps, checkpoints, recovery."""
