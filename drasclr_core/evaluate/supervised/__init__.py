"""The supervised network on whole scans."""

from drasclr_core.evaluate.supervised.cross_validation import supervised_readout
from drasclr_core.evaluate.supervised.cubes import whole_lung_cubes
from drasclr_core.evaluate.supervised.volume_classifier import CNNConfig

__all__ = ["CNNConfig", "supervised_readout", "whole_lung_cubes"]
