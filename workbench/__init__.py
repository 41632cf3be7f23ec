"""StableEdit Workbench: lifelong editing of language models."""

import os

__version__ = "0.1.0"

# Before torch loads: threads that spin while they wait make a shared machine ten times slower, and the window stutter.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
