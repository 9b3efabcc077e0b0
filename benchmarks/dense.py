"""What the fast mode of dense inference costs, and how far it is from the exact one, on a trained encoder.

    python benchmarks/dense.py --run demo              the table, for one subject of a run of phantoms
    python benchmarks/dense.py --whole-scan-mm 300     time and memory of a whole scan of 1 mm voxels

Writes ``book/_data/benchmark_dense.csv`` (the table) and ``benchmark_dense.json`` (what was measured, and where). The
maps are those of the page *Dense maps*: by the run's detectors that were not trained on the subject. A slab of its
lungs is mapped, and compared with the exact mode at all lung voxels of some of its slices; features are compared at
random voxels of the slab. Cost is processor time per evaluation, times the evaluations that both lungs would take: a
busy machine changes it little.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import DATA

from drasclr_core.anatomy.aligned_scan import AlignedScan, read_aligned_scan
from drasclr_core.cohort import image_path, read_subjects, typical_per_stage
from drasclr_core.detect.detector.detector import Detector, detector_of, trained_subtypes
from drasclr_core.files import read_json, write_csv, write_json
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder
from drasclr_core.provenance import Meter, code_version, hardware
from drasclr_core.represent import DenseOptions, DenseProbability, dense_probability
from drasclr_core.represent.dense.lattice import Lattice
from drasclr_core.represent.dense.plan import make_plan
from drasclr_core.run import Run

SETTINGS = [(2, 1, 0), (2, 4, 0), (4, 1, 0), (4, 1, 0.5), (4, 1, 1), (4, 1, 2), (4, 8, 0.5), (4, 8, 2),
            (6, 1, 2), (6, 1, 4), (8, 1, 4), (8, 1, 8), (8, 16, 0.7), (8, 16, 4)]  # fmt: skip
"""Stride, block and budget of the table's rows."""


def main() -> None:
    options = parse()
    record = options.out / "benchmark_dense.json"
    where = {"code": code_version(), "hardware": hardware(), "threads": torch.get_num_threads(),
             "torch": torch.__version__}  # fmt: skip
    if options.whole_scan_mm:
        part = {
            "whole_scan": {**time_whole_scan(options.whole_scan_mm, DenseOptions.stride, DenseOptions.block), **where}
        }
    else:
        table, facts = compare(Run(options.run), options)
        write_csv(options.out / "benchmark_dense.csv", table)
        part = {"table": {**facts, **where}}
        print(table.to_string(index=False))
    write_json(record, read_json(record) | part)
    print(part)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="demo", help="name or path of a run that has detectors")
    parser.add_argument("--subject", help="sid of the subject to map")
    parser.add_argument("--stage", type=int, default=2, help="otherwise the typical subject of this GOLD stage")
    parser.add_argument("--method", default="drasclr_finetuned", help="whose detectors")
    parser.add_argument("--slab-mm", type=float, default=32, help="thickness of the slab, in the middle of the lungs")
    parser.add_argument("--slices-mm", type=float, default=16, help="between the slices that are compared")
    parser.add_argument("--check", type=int, default=300, help="random voxels at which features are compared")
    parser.add_argument("--setting", dest="settings", type=float, nargs=3, action="append",
                        metavar=("STRIDE", "BLOCK", "BUDGET"), help="instead of the book's rows")  # fmt: skip
    parser.add_argument("--whole-scan-mm", type=float, help="instead of the table: time a scan of this edge")
    parser.add_argument("--out", type=Path, default=DATA, help="folder")
    options = parser.parse_args()
    options.settings = options.settings or SETTINGS
    return options


def compare(run: Run, options: argparse.Namespace) -> tuple[pd.DataFrame, dict]:
    """The table, one row per setting below the exact mode's, and what it is of."""
    subjects = read_subjects(run)
    sid = options.subject or typical_per_stage(subjects, (options.stage,), 1)["sid"].iloc[0]
    image = image_path(run, subjects.set_index("sid").loc[sid, "image"])
    tables, facts = {}, {"run": run.name, "subject": sid, "method": options.method, "check": options.check}
    for subtype in trained_subtypes(run, options.method):
        detector = detector_of(run, options.method, subtype, sid)
        scan = read_aligned_scan(run, sid, image, detector.encoder.description["spacing_mm"])
        tables[subtype], facts[subtype] = compare_settings(scan, detector, options)
    facts |= {"spacing_mm": scan.volume.spacing[2], "lung_voxels": int(np.count_nonzero(scan.lungs))}
    return for_the_book(tables), facts


def compare_settings(scan: AlignedScan, detector: Detector, options: argparse.Namespace) -> tuple[pd.DataFrame, dict]:
    """What each setting costs and how far it is from the exact mode, for one detector."""
    encoder, head, spacing = detector.encoder, detector.probability, scan.volume.spacing[2]
    slab = scan._replace(lungs=middle_slab(scan.lungs, round(options.slab_mm / spacing)))
    compared = every_so_many(slab.lungs, round(options.slices_mm / spacing)) > 0
    exact, seconds = timed(scan._replace(lungs=compared), encoder, head, DenseOptions(exact=True))
    exact_seconds = seconds * np.count_nonzero(scan.lungs)
    features = make_plan(slab, encoder, DenseOptions(stride=1, block=1, check=options.check)).exact_features()
    rows = [{"stride": 1, "block": 1, "budget": 0.0, "cpu_seconds": exact_seconds}]
    for stride, block, budget in options.settings:
        how = DenseOptions(stride=int(stride), block=int(block), budget=budget, check=0)
        fast, seconds = timed(slab, encoder, head, how)
        part, whole = (lattice_points(lungs, how.stride) for lungs in (slab.lungs, scan.lungs))
        plan = make_plan(slab, encoder, replace(how, check=options.check))
        plan.fast.all(plan.fast.order(plan.sample.points, how.stride), how.stride, "Features")  # the sample listens
        rows.append({
            "stride": how.stride, "block": how.block, "budget": budget,
            "cpu_seconds": seconds * fast.evaluations * whole / part,
            "feature_mean": plan.feature_error(features).mean,
            "probability_mean": float(np.abs(fast.probability - exact.probability)[compared].mean()),
            "wrong": 100 * float((fast.mask != exact.mask)[compared].mean()),
            "dice": dice(fast.mask & compared, exact.mask),
        })  # fmt: skip
    facts = {"slab_voxels": int(np.count_nonzero(slab.lungs)), "compared_voxels": int(compared.sum()),
             "mask_share": float(exact.mask[compared].mean())}  # fmt: skip
    return pd.DataFrame(rows), facts


def timed(scan: AlignedScan, encoder: Encoder, head, how: DenseOptions) -> tuple[DenseProbability, float]:
    """A map, and the seconds of processor time that each of its evaluations took."""
    begin = time.process_time()
    dense = dense_probability(scan, encoder, head, options=how)
    return dense, (time.process_time() - begin) / dense.evaluations


def for_the_book(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One table: means over the detectors, and what each decides; short columns, few digits."""
    means = sum(tables.values()) / len(tables)
    book = means[["stride", "block"]].astype(int).assign(budget=means["budget"])
    book["CPU seconds"] = means["cpu_seconds"].round().astype(int)
    book["times cheaper"] = (means["cpu_seconds"].iloc[0] / means["cpu_seconds"]).round(1)
    book["h"], book["p"] = means["feature_mean"].round(3), means["probability_mean"].round(4)
    for subtype, table in tables.items():
        book[f"wrong {subtype}, %"], book[f"Dice {subtype}"] = table["wrong"].round(2), table["dice"].round(3)
    return book


def middle_slab(lungs: np.ndarray, slices: int) -> np.ndarray:
    """The lungs in the middle `slices` axial slices of them."""
    heights = np.flatnonzero(lungs.any(axis=(0, 1)))
    start = max(0, (heights[0] + heights[-1] + 1 - slices) // 2)
    slab = np.zeros_like(lungs)
    slab[:, :, start : start + slices] = lungs[:, :, start : start + slices]
    return slab


def every_so_many(lungs: np.ndarray, slices: int) -> np.ndarray:
    """The lungs in every so many of their axial slices, beginning half-way to the first."""
    heights = np.flatnonzero(lungs.any(axis=(0, 1)))[slices // 2 :: slices]
    chosen = np.zeros_like(lungs)
    chosen[:, :, heights] = lungs[:, :, heights]
    return chosen


def lattice_points(lungs: np.ndarray, stride: int) -> int:
    lattice = Lattice(lungs, stride)
    return len(np.unique(lattice.corners(lattice.cells(stride), stride)))


def time_whole_scan(edge_mm: float, stride: int, block: int, voxels: int = 500) -> dict:
    """Seconds and peak memory of a cube of 1 mm voxels with two ellipsoids for lungs (5 litres in one of 300 mm).

    The encoder has the paper's size and random weights. Noise for a scan and a head that is undecided everywhere make
    refinement spend its whole budget: the worst case.
    """
    edge = round(edge_mm)
    axes = (np.arange(edge) - (edge - 1) / 2) / edge
    x, y, z = np.meshgrid(*axes[None].repeat(3, axis=0), indexing="ij", sparse=True)
    lungs = (((np.abs(x) - 0.24) / 0.207) ** 2 + (y / 0.267) ** 2 + (z / 0.4) ** 2 < 1).astype(np.uint8)
    array = np.random.default_rng(0).normal(-850, 100, lungs.shape).astype(np.float32)
    scan = AlignedScan(Volume(array, np.eye(4)), lungs, np.eye(4))
    torch.manual_seed(0)
    encoder = Encoder().eval()
    encoder.description = {"patch_size": 32, "spacing_mm": 1.0, "hu_window": [-1024, 240],
                           "location_box_mm": [[0, 0, 0], [edge, edge, edge]]}  # fmt: skip
    with Meter() as meter:
        fast = dense_probability(scan, encoder, undecided, options=DenseOptions(stride=stride, block=block))
    some = np.zeros_like(lungs)  # neighbouring voxels, as the exact mode would take them
    some[tuple(np.argwhere(lungs)[-voxels:].T)] = 1
    exact = dense_probability(scan._replace(lungs=some), encoder, undecided, options=DenseOptions(exact=True))
    exact_seconds = exact.seconds / exact.evaluations * np.count_nonzero(lungs)
    points = lattice_points(lungs, stride)
    return {"edge_mm": edge, "lung_litres": round(float(lungs.sum(dtype=int)) / 1e6, 2), "stride": stride,
            "block": block, "points": points, "evaluations": fast.evaluations, "seconds": round(fast.seconds, 1),
            "peak_memory_mb": round(meter.peak_mb), "exact_seconds_extrapolated": round(float(exact_seconds)),
            "speedup": round(float(exact_seconds / fast.seconds), 1)}  # fmt: skip


def undecided(features: np.ndarray) -> np.ndarray:
    return np.clip(0.5 + features[:, 0] - features[:, 0].mean(), 0, 1)


if __name__ == "__main__":
    main()
