"""Free-response curves of nodule detection and LUNA16's score."""

from drasclr_core.evaluate.froc.curve import RATES, Froc, competition_metric, froc, matched, sensitivity_at

__all__ = ["RATES", "Froc", "competition_metric", "froc", "matched", "sensitivity_at"]
