"""What a run is doing, as the window shows and commands it."""
