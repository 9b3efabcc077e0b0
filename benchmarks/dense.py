"""What the fast mode of dense inference costs, and how far it is from the exact one, on a trained encoder.

    python benchmarks/dense.py --run demo              the table, for one subject of a run of phantoms
    python benchmarks/dense.py --whole-scan-mm 300     time and memory of a whole scan of 1 mm voxels

Writes ``book/_data/benchmark_dense.csv`` (the table) and ``benchmark_dense.json`` (what was measured, and where). The
head is a logistic readout of the run's patch features: does the patch hold emphysema? It never sees the subject that
is mapped. Masks and probabilities are compared at all lung voxels of a slab, features at random voxels of both lungs.
Where every voxel is evaluated (exact mode, stride 1), the seconds of both lungs are extrapolated from the slab's.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
import zarr
from common import DATA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.anatomy.aligned_scan import AlignedScan, read_aligned_scan
from drasclr_core.anatomy.extraction import extract_patches
from drasclr_core.cohort.phantom.truth import load_truth
from drasclr_core.files import atomic, read_json, write_json
from drasclr_core.imaging.masks import dice
from drasclr_core.imaging.volume import Volume
from drasclr_core.model import Encoder
from drasclr_core.provenance import Meter, code_version, hardware
from drasclr_core.represent import DenseOptions, dense_probability
from drasclr_core.represent.dense.lattice import Lattice
from drasclr_core.represent.dense.plan import make_plan
from drasclr_core.run import Run

EMPHYSEMA = ("centrilobular", "paraseptal", "panlobular")
TYPICAL_SHARE = 0.3
"""The subject mapped by default is the one with emphysema in most nearly this share of its patches."""


def main() -> None:
    options = parse()
    record = options.out / "benchmark_dense.json"
    where = {"code": code_version(), "hardware": hardware(), "threads": torch.get_num_threads(),
             "torch": torch.__version__}  # fmt: skip
    if options.whole_scan_mm:
        part = {
            "whole_scan": {**time_whole_scan(options.whole_scan_mm, options.strides[0], options.blocks[0]), **where}
        }
    else:
        table, facts = compare(Run(options.run), options)
        with atomic(options.out / "benchmark_dense.csv") as path:
            table.to_csv(path, index=False)
        part = {"table": {**facts, **where}}
        print(table.to_string(index=False))
    write_json(record, read_json(record) | part)
    print(part)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="demo", help="name or path of a run of phantoms that has features")
    parser.add_argument("--subject", help="sid of the subject to map; by default one with emphysema in some patches")
    parser.add_argument("--fraction", type=float, default=0.1, help="of a patch, above which it counts as emphysema")
    parser.add_argument("--slab-mm", type=float, default=16, help="thickness of the slab, in the middle of the lungs")
    parser.add_argument("--check", type=int, default=1000, help="random voxels at which features are compared")
    parser.add_argument("--strides", type=int, nargs="+", help="by default 1 2 4 8; of a whole scan, 4")
    parser.add_argument("--blocks", type=int, nargs="+", help="by default 1 8 16; of a whole scan, 8")
    parser.add_argument("--whole-scan-mm", type=float, help="instead of the table: time a scan of this edge")
    parser.add_argument("--out", type=Path, default=DATA, help="folder")
    options = parser.parse_args()
    options.strides = options.strides or ([4] if options.whole_scan_mm else [1, 2, 4, 8])
    options.blocks = options.blocks or ([8] if options.whole_scan_mm else [1, 8, 16])
    return options


def compare(run: Run, options: argparse.Namespace) -> tuple[pd.DataFrame, dict]:
    """The table, one row per stride and block below the exact mode's, and what it is of."""
    sid, head, facts = train_head(run, options.subject, options.fraction)
    encoder = Encoder.from_pretrained(run.pretrain())
    scan = read_aligned_scan(run, sid, run.images / f"{sid}.nii.gz", encoder.description["spacing_mm"])
    slab = scan._replace(lungs=middle_slab(scan.lungs, round(options.slab_mm / scan.volume.spacing[2])))
    inside, lung_voxels = slab.lungs > 0, int(np.count_nonzero(scan.lungs))

    exact = dense_probability(slab, encoder, head, options=DenseOptions(exact=True))
    exact_seconds = exact.seconds / exact.evaluations * lung_voxels
    features = make_plan(scan, encoder, DenseOptions(stride=1, block=1, check=options.check)).exact_features()
    rows = [{"mode": "exact", "stride": 1, "block": 1, "seconds": exact_seconds, "extrapolated": True, "speedup": 1.0}]
    for stride, block in product(options.strides, options.blocks):
        how = DenseOptions(stride=stride, block=block, check=0)
        plain = dense_probability(slab, encoder, head, options=replace(how, budget=0))
        # Refinement spends its budget where the whole lungs need it; without it, a slab shows what the whole would.
        fast = dense_probability(scan, encoder, head, options=how) if stride > 1 else plain
        seconds = fast.seconds if stride > 1 else plain.seconds / plain.evaluations * lung_voxels
        plan = make_plan(scan, encoder, replace(how, check=options.check))
        plan.fast.all(plan.fast.order(plan.sample.points, stride), stride, "Features")  # the sample listens
        error = plan.feature_error(features)
        rows.append({
            "mode": "fast", "stride": stride, "block": block, "seconds": seconds, "extrapolated": stride == 1,
            "speedup": exact_seconds / seconds, "feature_mean": error.mean, "feature_max": error.max,
            "probability_mean": float(np.abs(fast.probability - exact.probability)[inside].mean()),
            "dice": dice(fast.mask & inside, exact.mask), "dice_unrefined": dice(plain.mask, exact.mask),
        })  # fmt: skip
    facts |= {"run": run.name, "subject": sid, "lung_voxels": lung_voxels,
              "slab_voxels": int(inside.sum()), "slab_mask_share": float(exact.mask[inside].mean()),
              "spacing_mm": scan.volume.spacing[0], "patch_size": encoder.description["patch_size"],
              "check": options.check, "clipped": exact.clipped}  # fmt: skip
    return for_the_book(pd.DataFrame(rows)), facts


def for_the_book(table: pd.DataFrame) -> pd.DataFrame:
    """Short columns, few digits; a star where seconds are extrapolated."""
    table["mode"] += np.where(table.pop("extrapolated"), "*", "")
    digits = {"seconds": 0, "speedup": 1} | dict.fromkeys(table.columns[5:], 3)
    names = {"speedup": "times faster", "feature_mean": "h, mean", "feature_max": "h, max",
             "probability_mean": "p, mean", "dice": "Dice", "dice_unrefined": "unrefined"}  # fmt: skip
    return table.round(digits).rename(columns=names)


def train_head(run: Run, subject: str | None, fraction: float) -> tuple[str, object, dict]:
    """sid of the subject to map, and a readout of the others' patches: is more than `fraction` of it emphysema?"""
    features = zarr.open_array(run.features() / "patch.zarr", mode="r")
    sids, size = list(features.attrs["sids"]), Encoder.from_pretrained(run.pretrain()).description["patch_size"]
    labels = np.array([emphysema_in_patches(run, sid, size) > fraction for sid in sids])
    typical = int(np.abs(labels.mean(axis=1) - TYPICAL_SHARE).argmin())
    row = sids.index(subject) if subject else typical
    others = np.arange(len(sids)) != row
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    head.fit(features[:][others].reshape(-1, features.shape[2]), labels[others].ravel())
    accuracy = head.score(features[row], labels[row])
    return sids[row], head, {"fraction": fraction, "positive_patches": float(labels[row].mean()),
                             "accuracy_on_its_patches": float(accuracy)}  # fmt: skip


def emphysema_in_patches(run: Run, sid: str, size: int) -> np.ndarray:
    """True emphysema as a fraction of the patch round every landmark [L]."""
    path = run.truth / f"{sid}.nii.gz"
    truth, affine = load_truth(path), nib.load(path).affine
    present = np.any([truth[name] for name in EMPHYSEMA], axis=0).astype(np.float32)
    patches, _ = extract_patches(Volume(present, affine), np.load(run.anatomy(sid) / "landmarks.npy"), size)
    return patches.clip(0).mean(axis=(1, 2, 3))  # what lies outside the scan is no emphysema


def middle_slab(lungs: np.ndarray, slices: int) -> np.ndarray:
    """The lungs in the middle `slices` axial slices of them."""
    heights = np.flatnonzero(lungs.any(axis=(0, 1)))
    start = max(0, (heights[0] + heights[-1] + 1 - slices) // 2)
    slab = np.zeros_like(lungs)
    slab[:, :, start : start + slices] = lungs[:, :, start : start + slices]
    return slab


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
