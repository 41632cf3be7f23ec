"""The method: tracing, statistics, whitening, ridge updates, and the sequential run."""
