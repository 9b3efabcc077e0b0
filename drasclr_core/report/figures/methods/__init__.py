"""Pictures of methods side by side: what each is asked to do with a patch, and how it learnt."""

from drasclr_core.report.figures.methods.learning import learning_curves, probe_dumbbells
from drasclr_core.report.figures.methods.pretext import pretext_gallery

__all__ = ["learning_curves", "pretext_gallery", "probe_dumbbells"]
