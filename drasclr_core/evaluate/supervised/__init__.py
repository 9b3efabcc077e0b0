"""Networks that are trained with labels, those of the training subjects of each fold: the paper's supervised rows."""

from drasclr_core.evaluate.supervised.cnn_config import CNNConfig
from drasclr_core.evaluate.supervised.cross_validation import learning_curves, supervised_readout
from drasclr_core.evaluate.supervised.rows import SupervisedRows

__all__ = ["CNNConfig", "SupervisedRows", "learning_curves", "supervised_readout"]
