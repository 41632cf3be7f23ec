"""What is written to the disk appears whole, survives a power cut, and leaves nothing behind where it was cut off."""
