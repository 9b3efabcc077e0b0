"""How often the encoders of a run were pretrained, and how much trainings with other seeds differ, in words."""

from drasclr_core.report.pretrainings.told import pretrainings_answer, repeated_trainings, trainings_note

__all__ = ["pretrainings_answer", "repeated_trainings", "trainings_note"]
