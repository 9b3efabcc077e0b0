"""Figures, a room for each part of the results."""
