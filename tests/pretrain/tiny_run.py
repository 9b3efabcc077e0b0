"""Pretrain on the tiny cohort, as one of several processes under torchrun: ``tiny_run.py OUT DEVICES [SETTINGS…]``.

SETTINGS: ``without-batch-norm`` replaces it by group norm, which does not look at other samples; ``epochs=N``,
``precision=…``, ``batch_size=N`` as in DrasCLRSettings.
"""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

from torch import nn

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.model import encoder as encoder_module
from drasclr_core.pretrain import pretrain

HERE = Path(__file__).parent

if __name__ == "__main__":
    out, devices, *settings = sys.argv[1:]
    if "without-batch-norm" in settings:
        settings.remove("without-batch-norm")
        encoder_module.nn = type("nn", (), {**vars(nn), "BatchNorm3d": lambda channels: nn.GroupNorm(1, channels)})
    changes = dict(setting.split("=") for setting in settings)
    changes = {name: int(value) if value.isdigit() else value for name, value in changes.items()}
    config = runpy.run_path(str(HERE / "test_loop.py"))["CONFIG"]
    store, atlas = runpy.run_path(str(HERE / "conftest.py"))["make_tiny"](subjects=11)
    pretrain(store, atlas, out, DrasCLR, replace(config, devices=int(devices), **changes))
