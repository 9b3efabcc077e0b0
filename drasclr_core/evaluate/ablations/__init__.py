"""Ablations (paper, Section 4.4): variants of one method, over several seeds, and whether they are better or alike."""

from drasclr_core.evaluate.ablations.answer import ablation_sentence
from drasclr_core.evaluate.ablations.equivalence import equivalence
from drasclr_core.evaluate.ablations.seeds import pool_draws, pool_scores
from drasclr_core.evaluate.ablations.table import AblationTable, ablation_table

__all__ = ["AblationTable", "ablation_sentence", "ablation_table", "equivalence", "pool_draws", "pool_scores"]
