"""The supervised network on whole scans."""

from drasclr_core.evaluate.supervised.cross_validation import learning_curves, supervised_readout
from drasclr_core.evaluate.supervised.volume_classifier import CNNConfig

__all__ = ["CNNConfig", "learning_curves", "supervised_readout"]
