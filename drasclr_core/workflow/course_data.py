"""The data that the course hands out: three phantoms with their truth, and the small encoder of the last chapter."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from drasclr_core.cohort.phantom import draw_traits, save_truth, simulate
from drasclr_core.cohort.phantom.cohort import subject_name
from drasclr_core.files import write_csv
from drasclr_core.imaging import save_volume
from drasclr_core.imaging.densitometry import densitometry
from drasclr_core.teach.capstone import SEED, STEPS, retrained

SPACING = 4.0
"""Voxel size of the phantoms, mm: a scan is a third of a megabyte."""
AMONG = 64
"""Phantoms of which the healthiest, a middling one and the most ill one are taken."""
README = f"""# Data of the course

All of it is simulated.

- `phantoms/P*.nii.gz`: three chests in HU, voxels of {SPACING:g} mm: with the least, a middling and the most emphysema.
- `phantoms/P*_truth.nii.gz`: what is where; `drasclr_core.cohort.phantom.load_truth` reads it.
- `phantoms.csv`: shares of the lung in %, LAA-950 as measured, emphysema as it is.
- `encoder/`: the encoder of chapter 14 after {STEPS} steps; `drasclr_core.methods.load_encoder("encoder")` reads it.
"""


def three_phantoms() -> list[int]:
    """Returns the numbers of three phantoms of the teaching seed: with the least, middling and the most emphysema."""
    traits = [draw_traits(index, SEED) for index in range(AMONG)]
    ill = [one.centrilobular + one.paraseptal + one.panlobular for one in traits]
    order = sorted(range(AMONG), key=ill.__getitem__)
    return [order[0], order[AMONG // 2], order[-1]]


def write_data(folder: Path, steps: int = STEPS) -> None:
    """Simulates the phantoms, trains the encoder by so many steps (some seconds), and writes both."""
    rows = []
    for index in three_phantoms():
        phantom, name = simulate(draw_traits(index, SEED), index, SEED, SPACING), subject_name(index)
        save_volume(folder / "phantoms" / f"{name}.nii.gz", phantom.volume)
        save_truth(folder / "phantoms" / f"{name}_truth.nii.gz", phantom)
        true = {kind: 100 * phantom.measures[kind] for kind in ("centrilobular", "paraseptal", "panlobular")}
        laa = densitometry(phantom.volume, (phantom.truth["lungs"] > 0) & ~phantom.truth["airways"])["laa950_pct"]
        rows.append({"sid": name, "laa950": laa, **true})
    write_csv(folder / "phantoms.csv", pd.DataFrame(rows), "%.2f")
    retrained(steps).save(folder / "encoder")
    (folder / "README.md").write_text(README, encoding="utf-8")
