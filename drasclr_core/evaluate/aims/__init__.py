"""Aims that were fixed beforehand, and whether they are reached."""

from drasclr_core.evaluate.aims.verdicts import aims_sentence, judge_aims

__all__ = ["aims_sentence", "judge_aims"]
