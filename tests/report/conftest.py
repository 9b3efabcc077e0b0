"""Figures are drawn without a screen, and closed after each test."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(axis):
    """Coordinates (x, y) of the lines of an axis, as lists."""
    return [
        (np.asarray(line.get_xdata(), float).tolist(), np.asarray(line.get_ydata(), float).tolist())
        for line in axis.lines
    ]
