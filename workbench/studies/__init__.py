"""Experiments on a model and its settings: calibration, and the paper's claims. The model is left unedited."""
