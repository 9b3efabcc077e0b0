"""How the pretrainings of a cohort went, side by side; those of joint image-volume learning in `joint`."""

from drasclr_core.represent.trainings.logs import (
    below_guessing,
    budget_sentence,
    count_raised,
    lengths_sentence,
    probe_gains,
    probe_scores,
    probe_sentence,
    trained_methods,
    training_costs,
    training_curves,
    training_length,
)
from drasclr_core.represent.trainings.tasks import task_pictures

__all__ = ["below_guessing", "budget_sentence", "count_raised", "lengths_sentence", "probe_gains", "probe_scores",
           "probe_sentence", "task_pictures", "trained_methods", "training_costs", "training_curves",
           "training_length"]  # fmt: skip
