"""How the pretrainings of a cohort went, side by side."""

from drasclr_core.represent.trainings.joint import joint_sentence, joint_settings, joint_trainings
from drasclr_core.represent.trainings.logs import (
    budget_sentence,
    probe_gains,
    probe_scores,
    probe_sentence,
    trained_methods,
    training_costs,
    training_curves,
    training_length,
)
from drasclr_core.represent.trainings.looks import joint_looks
from drasclr_core.represent.trainings.tasks import task_pictures

__all__ = ["budget_sentence", "joint_looks", "joint_sentence", "joint_settings", "joint_trainings", "probe_gains",
           "probe_scores", "probe_sentence", "task_pictures", "trained_methods", "training_costs",
           "training_curves", "training_length"]  # fmt: skip
