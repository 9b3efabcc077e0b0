"""Readouts of boxes by trainings that have several seeds, against one number of the image."""

from drasclr_core.detect.against_laa.readouts import readouts_against_laa

__all__ = ["readouts_against_laa"]
