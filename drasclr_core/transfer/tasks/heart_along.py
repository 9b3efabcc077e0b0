"""Segmentation of heart structures with f_inter between, so that each slice knows the others."""

from __future__ import annotations

from drasclr_core.transfer.tasks.heart import HeartStructures


class HeartStructuresAlong(HeartStructures):
    """`HeartStructures` of which a step sees runs of neighbouring slices, and f_inter stands in the net."""

    title = "Heart structures, slices together"
    along = True
