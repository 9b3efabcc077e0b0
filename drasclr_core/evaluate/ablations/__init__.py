"""Ablations (paper, Section 4.4): variants of one method, over several seeds, and whether they are better or alike."""

from drasclr_core.evaluate.ablations.answer import (
    ablation_notes,
    ablation_sentence,
    best_along,
    difference_caption,
    differences_told,
    main_differences,
    scores_of,
)
from drasclr_core.evaluate.ablations.equivalence import equivalence
from drasclr_core.evaluate.ablations.table import AblationTable, ablation_table

__all__ = [
    "AblationTable",
    "ablation_notes",
    "ablation_sentence",
    "ablation_table",
    "best_along",
    "difference_caption",
    "differences_told",
    "equivalence",
    "main_differences",
    "scores_of",
]
