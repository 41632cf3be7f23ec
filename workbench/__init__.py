"""StableEdit Workbench: lifelong editing of language models."""

__version__ = "0.1.0"
