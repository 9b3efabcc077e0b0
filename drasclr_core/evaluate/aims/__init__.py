"""Aims that were fixed beforehand, and whether they are reached."""

from drasclr_core.evaluate.aims.verdicts import (
    REACHED,
    aims_sentence,
    in_words,
    judge_aims,
    judge_losses,
    listed_aims,
)

__all__ = ["REACHED", "aims_sentence", "in_words", "judge_aims", "judge_losses", "listed_aims"]
