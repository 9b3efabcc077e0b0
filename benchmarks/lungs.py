"""How well and how fast lungs are found in phantoms, whose truth is known: emphysema, pneumonia, noise.

    python benchmarks/lungs.py

Writes three tables to ``book/_data``: ``benchmark_lungs.csv`` (Dice by group), ``benchmark_lungs_speed.csv`` (voxels of
1 mm; the quick way against the whole scan on its own voxels), and ``benchmark_lungs_cases.csv`` (every phantom).

Noise of 100 % has a standard deviation of 150 HU in voxels of 2 mm (300 HU in voxels of 1 mm): ten times that of the
phantoms, as with a hundredth of the dose. It is added to phantoms that are noisy already, with the grain of a scanner's
kernel.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from common import DATA, write_table
from scipy import ndimage

from drasclr_core.anatomy.lungs import NoLungsError, segment_lungs
from drasclr_core.anatomy.lungs import segmentation as classical
from drasclr_core.cohort.phantom import Phantom, simulate
from drasclr_core.cohort.phantom.scan.scanner import Scanner
from drasclr_core.cohort.phantom.subject.traits import Traits, draw_traits
from drasclr_core.files import write_csv
from drasclr_core.imaging.masks import dice, distance
from drasclr_core.imaging.volume import Volume
from drasclr_core.progress import for_each
from drasclr_core.provenance import Meter

SEED = 1
MOST_NOISE = 150.0
"""Standard deviation of noise of 100 %, HU in voxels of 2 mm."""
NOISE = (0, 5, 25, 50, 100)
GROUPS = (
    "no emphysema", "emphysema to 25 %", "emphysema above 25 %",
    "COVID-19, CT-0", "COVID-19, CT-1", "COVID-19, CT-2", "COVID-19, CT-3", "COVID-19, CT-4",
)  # fmt: skip


def group_of(traits: Traits) -> str:
    """What a phantom is an example of."""
    if traits.arm == "covid":
        return GROUPS[3 + traits.covid_grade]
    share = traits.centrilobular + traits.paraseptal + traits.panlobular
    return GROUPS[0 if share < 0.02 else 1 if share <= 0.25 else 2]


def choose(each: int) -> list[tuple[str, str, int]]:
    """(group, arm, index) of the first `each` phantoms of every group."""
    found = {group: [] for group in GROUPS}
    for arm in ("copd", "covid"):
        for index in range(256):
            group = group_of(draw_traits(index, SEED, arm))
            if len(found[group]) < each:
                found[group].append((group, arm, index))
    return [case for group in GROUPS for case in found[group]]


def with_noise(volume: Volume, percent: float, index: int) -> Volume:
    """The scan with so much more noise."""
    if not percent:
        return volume
    scanner = Scanner("medium", blur=0.85, sharpening=0.35, noise=MOST_NOISE * percent / 100, offset=0.0)
    rng = np.random.default_rng((SEED, index, int(percent)))
    # Noise about soft tissue's HU is not cut off by the scanner's range; only the sum with the scan is.
    noise = scanner.scan(np.full(volume.array.shape, 1000, np.float32), volume.spacing[0], rng) - 1000
    return Volume((volume.array + noise).clip(-1024, 3071), volume.affine)


def surface_mm(found: np.ndarray, truth: np.ndarray, spacing: float) -> float:
    """95th percentile of the distance of either surface from the other, mm; infinite where nothing was found."""
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (found > 0, truth > 0)]
    if not edges[0].any():
        return float("inf")
    away = [distance(edges[1 - k])[edges[k]] * spacing for k in (0, 1)]
    return float(np.percentile(np.concatenate(away).clip(0), 95))


def measure(phantom: Phantom, percent: float, index: int) -> dict:
    """Segment one phantom at one noise level and compare with its truth; the surface without added noise only."""
    volume, truth = with_noise(phantom.volume, percent, index), phantom.truth["lungs"]
    begin = time.process_time()
    try:
        found = segment_lungs(volume)
    except NoLungsError:
        found = np.zeros_like(truth)
    seconds = time.process_time() - begin
    sides = [dice(found == side, truth == side) for side in (1, 2)]
    surface = np.nan if percent else surface_mm(found, truth, volume.spacing[0])
    return {"noise %": percent, "right": sides[0], "left": sides[1], "worse side": min(sides),
            "surface mm": surface, "CPU s": seconds}  # fmt: skip


def one_phantom(case: tuple[str, str, int], noise: tuple[int, ...], spacing: float) -> list[dict]:
    """One phantom at every noise level."""
    group, arm, index = case
    phantom = simulate(draw_traits(index, SEED, arm), index, SEED, spacing)
    who = {"group": group, "arm": arm, "index": index, "mm": spacing}
    return [who | measure(phantom, percent, index) for percent in noise]


def summary(cases: pd.DataFrame) -> list[dict]:
    """One row per group: number, then median and worst Dice of the worse side by noise, and the surface's distance."""
    rows = []
    for group in [g for g in GROUPS if g in set(cases["group"])]:
        own = cases[cases["group"] == group]
        row = {"phantoms": group, "n": own["index"].nunique()}
        for percent, part in own.groupby("noise %"):
            row[f"{percent} %"] = f"{part['worse side'].median():.3f} ({part['worse side'].min():.3f})"
        rows.append(row | {"surface mm": round(own["surface mm"].median(), 1)})
    return rows


def speed(cases: list[tuple[str, str, int]], spacing: float) -> list[dict]:
    """Each phantom on fine voxels: the way it is done, and with every step on the scan's own voxels."""
    rows, work = [], classical.WORK_MM
    for group, arm, index in cases:
        phantom = simulate(draw_traits(index, SEED, arm), index, SEED, spacing)
        truth, found, row = phantom.truth["lungs"], {}, {"phantom": group}
        for way, size in (("", work), ("all fine, ", spacing)):
            classical.WORK_MM = size
            begin = time.process_time()
            with Meter() as meter:
                found[way] = segment_lungs(phantom.volume)
            row |= {f"{way}CPU s": round(time.process_time() - begin, 1), f"{way}peak MB": round(meter.peak_mb)}
        classical.WORK_MM = work
        row["times faster"] = round(row["all fine, CPU s"] / row["CPU s"], 1)
        row["Dice of both"] = round(min(dice(found[""] == k, found["all fine, "] == k) for k in (1, 2)), 4)
        row["Dice with truth"] = round(min(dice(found[""] == k, truth == k) for k in (1, 2)), 3)
        rows.append({"phantom": group, "voxels (million)": round(truth.size / 1e6)} | row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=3, help="phantoms per group")
    parser.add_argument("--noise", type=int, nargs="+", default=NOISE, help="percent")
    parser.add_argument("--spacing", type=float, default=2.0, help="voxel size for Dice, mm")
    parser.add_argument("--fine", type=float, default=1.0, help="voxel size for speed, mm")
    parser.add_argument("--repetitions", type=int, default=2, help="phantoms whose speed is measured")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    about = {"seed": SEED, "noise_100_hu": MOST_NOISE, "spacing_mm": given.spacing, "fine_mm": given.fine}
    job = partial(one_phantom, noise=tuple(given.noise), spacing=given.spacing)
    rows = for_each(job, choose(given.each), "phantoms", given.workers)
    cases = pd.DataFrame([row for one in rows for row in one])
    write_csv(given.out / "benchmark_lungs_cases.csv", cases.round(4))
    write_table(summary(cases), "lungs", given.out, **about)
    few = [case for case in choose(1) if case[0] in (GROUPS[2], GROUPS[7])][: given.repetitions]
    write_table(speed(few, given.fine), "lungs_speed", given.out, **about)


if __name__ == "__main__":
    main()
