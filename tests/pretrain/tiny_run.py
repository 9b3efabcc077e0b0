"""Pretrain on the tiny cohort, alone or as one of several processes: ``tiny_run.py OUT DEVICES [SETTINGS…]``.

SETTINGS: ``epochs=N``, ``precision=…``, ``norm=…`` as in DrasCLRSettings.
"""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.pretrain import pretrain

HERE = Path(__file__).parent

if __name__ == "__main__":
    out, devices, *settings = sys.argv[1:]
    changes = dict(setting.split("=") for setting in settings)
    changes = {name: int(value) if value.isdigit() else value for name, value in changes.items()}
    made = runpy.run_path(str(HERE / "conftest.py"))
    store, atlas = made["make_tiny"](subjects=11)
    pretrain(store, atlas, out, DrasCLR, replace(made["CONFIG"], devices=int(devices), **changes))
