"""Seconds and landmark errors of the alignment: fast, and antsRegistration with the authors' flags.

``python benchmarks/registration.py`` writes four tables, ``book/_data/benchmark_registration_<table>.csv``:

- ``known``: the authors' atlas mask, moved by real affines between COPDGene subjects and by harder random ones;
- ``modes``: real masks of other people onto the atlas by both modes: how long, and do they agree?
- ``seeds``: the same masks by the fast mode with five seeds: how far apart do the landmarks lie?
- ``spoilt``: inputs with errors that nobody announced: are the landmarks wrong, and does quality control notice?

Real masks come from ``$DRASCLR_REAL_DATA``, by default ``../shared/data``. Everything runs on one thread, and seconds
are those of its core, which a busy machine disturbs little. The authors' mode at 1 mm takes most of the time;
``--authors-masks 0`` leaves it to 2 mm.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from common import DATA, write_table
from moved_masks import Mask, hard_affine, real_affines, spoilt

from drasclr_core.anatomy.atlas import Atlas, AtlasAffine, build_atlas, read_stored, register_affine
from drasclr_core.anatomy.atlas.registration import align_solids
from drasclr_core.anatomy.atlas.solid import Solid
from drasclr_core.anatomy.quality import judge, measure_alignment, measure_lungs
from drasclr_core.imaging.volume import Volume
from drasclr_core.progress import track
from drasclr_core.run import project_root

FAILED_MM = 2.0
"""A mean landmark error above this is a failure."""
HARMED_MM = 10.0
"""Landmarks this far from where they lie on unspoilt lungs show another part of the lung."""
REFERENCE = "copdgene_affines/CIP_COPDGene_reference_leftright_lung_label.nii.gz"
ATLAS = "official_atlas/atlas_lung_mask.nii.gz"
MASKS = {"COPDGene": REFERENCE} | {
    f"LIDC {number}": f"lung_masks/MedMPD_LIDC_P{number}_pleuralBoundary.nii.gz" for number in (1, 2, 3)
}


def main() -> None:
    options = parse()
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
    atlas_path = options.data / ATLAS
    atlas = build_atlas(*read_stored(atlas_path))
    tables = {"known": known, "modes": modes, "seeds": seeds, "spoilt": spoilt_inputs}
    for name in options.tables:
        with tempfile.TemporaryDirectory() as scratch:
            rows = tables[name](atlas, atlas_path, Path(scratch), options)
        settings = {key: value for key, value in vars(options).items() if key not in ("out", "data", "tables")}
        write_table(rows, f"registration_{name}", options.out, landmarks=len(atlas.centres), threads=1, **settings)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=["known", "modes", "seeds", "spoilt"])
    parser.add_argument("--spacing", type=float, default=1.0, help="mm, of moved masks and those of the fast mode")
    parser.add_argument("--real", type=int, default=100, help="how many of the real affines")
    parser.add_argument("--hard", type=int, default=50, help="how many harder affines")
    parser.add_argument("--masks", type=int, default=len(MASKS), help="how many of the real masks")
    parser.add_argument("--authors-masks", type=int, default=1, help="masks in the authors' mode at --authors-spacing")
    parser.add_argument("--authors-spacing", type=float, default=1.0, help="mm")
    parser.add_argument("--authors-coarse", type=float, default=2.0, help="mm, of the other masks in the authors' mode")
    parser.add_argument("--seeds", type=int, default=5, help="that are compared")
    parser.add_argument("--repetitions", type=int, default=3, help="of the fast mode, for its median time")
    parser.add_argument("--out", type=Path, default=DATA, help="folder")
    options = parser.parse_args()
    options.data = Path(os.environ.get("DRASCLR_REAL_DATA") or project_root(__file__).parent / "shared" / "data")
    missing = [path for path in (ATLAS, *MASKS.values()) if not (options.data / path).exists()]
    if missing:
        sys.exit(f"No real masks here ({', '.join(missing)}): set DRASCLR_REAL_DATA to the folder that holds them.")
    return options


def known(atlas: Atlas, atlas_path: Path, scratch: Path, options: argparse.Namespace) -> list[dict]:
    """Errors against the truth, by kind of affine."""
    mask, random = Mask.read(atlas_path), np.random.default_rng(0)
    real = real_affines(options.data / "copdgene_affines/affines.csv", Mask.read(options.data / REFERENCE), mask)
    chosen = np.linspace(0, len(real) - 1, options.real).round().astype(int)
    names = {"insp": "real, inspiration", "exp": "real, expiration"}
    draws = [(names[real[index][0]], real[index][1]) for index in chosen]
    draws += [("harder", hard_affine(random, mask.points.mean(axis=0))) for _ in range(options.hard)]
    rows = []
    for kind, truth in track(draws, "known affines"):
        moved = mask.moved(truth, options.spacing)
        to_atlas, overlaps, seconds = timed_fast(moved.save(scratch), atlas_path)
        error = distances(atlas, to_atlas, AtlasAffine(truth)).mean()
        rows.append({"kind": kind, "error": error, "starts": len(overlaps), **seconds,
                     "flagged": verdict(moved, to_atlas, atlas) != "ok"})  # fmt: skip
    return [summary(kind, rows) for kind, rows in pd.DataFrame(rows).groupby("kind", sort=False)]


def summary(kind: str, rows: pd.DataFrame) -> dict:
    failed = rows["error"] > FAILED_MM
    return {
        "affines": kind, "number": len(rows), "mean mm": round(rows["error"].mean(), 3),
        "worst mm": round(rows["error"].max(), 3), "failures": int(failed.sum()),
        "of these flagged": int((failed & rows["flagged"]).sum()),
        "good but flagged": int((~failed & rows["flagged"]).sum()),
        "other starts tried": int((rows["starts"] > 1).sum()), "fit s": round(rows["fit"].median(), 2),
        "with reading s": round(rows["whole"].median(), 2),
    }  # fmt: skip


def modes(atlas: Atlas, atlas_path: Path, scratch: Path, options: argparse.Namespace) -> list[dict]:
    """Both modes on the same files, each file of the voxel size given."""
    rows = []
    for number, (name, mask) in enumerate(track(real_masks(options), "both modes", options.masks)):
        spacing = options.authors_spacing if number < options.authors_masks else options.authors_coarse
        same = mask.moved(np.eye(4), spacing)
        paths = same.save(scratch), Mask.read(atlas_path).moved(np.eye(4), spacing).save(scratch, "atlas")
        fast_seconds = np.median([timed(register_affine, *paths)[1] for _ in range(options.repetitions)])
        fast = register_affine(*paths)
        authors, authors_seconds = timed(register_affine, *paths, "authors")
        apart = distances(atlas, fast, authors)
        measured = [measure_alignment(same.labels, same.affine, to_atlas, atlas) for to_atlas in (fast, authors)]
        rows.append({
            "mask": name, "voxel mm": spacing, "fast s": round(fast_seconds, 2),
            "authors' s": round(authors_seconds, 1), "times faster": round(authors_seconds / fast_seconds),
            "Dice, fast": round(measured[0]["dice"], 3), "Dice, authors'": round(measured[1]["dice"], 3),
            "mean mm apart": round(apart.mean(), 2), "most mm apart": round(apart.max(), 2),
        })  # fmt: skip
    return rows


def seeds(atlas: Atlas, atlas_path: Path, scratch: Path, options: argparse.Namespace) -> list[dict]:
    """Landmark distances between every two seeds."""
    rows = []
    for name, mask in track(real_masks(options), "seeds", options.masks):
        path = mask.moved(np.eye(4), options.spacing).save(scratch)
        solids = Solid.read(atlas_path), Solid.read(path)
        affines = [align_solids(*solids, seed)[0] for seed in range(options.seeds)]
        apart = [distances(atlas, *pair) for pair in combinations(affines, 2)]
        rows.append({"mask": name, "mean mm apart": round(np.mean(apart), 2), "most mm apart": round(np.max(apart), 2)})
    return rows


def spoilt_inputs(atlas: Atlas, atlas_path: Path, scratch: Path, options: argparse.Namespace) -> list[dict]:
    """What quality control says, of the alignment alone and with what stage 02 measures on the lungs."""
    rows = []
    for name, mask in real_masks(options):
        whole = mask.moved(np.eye(4), 2 * options.spacing)
        right = register_affine(whole.save(scratch), atlas_path)
        for problem, lungs, move in track(spoilt(whole, 2 * options.spacing), f"spoilt inputs, {name}"):
            to_atlas = register_affine(lungs.save(scratch), atlas_path)
            aligned = measure_alignment(lungs.labels, lungs.affine, to_atlas, atlas)
            scan = Volume(np.where(lungs.labels > 0, -850, 40).astype(np.float32), lungs.affine)
            quality = judge(measure_lungs(scan, lungs.labels) | aligned)
            off = distances(atlas, to_atlas, AtlasAffine(move @ right.matrix)).mean()
            rows.append({"problem": problem, "mask": name, "off": off, "verdict": quality.verdict,
                         "alone": judge(aligned).verdict, "reason": (quality.reasons or [""])[0]})  # fmt: skip
    return [complaint(problem, rows) for problem, rows in pd.DataFrame(rows).groupby("problem", sort=False)]


def complaint(problem: str, rows: pd.DataFrame) -> dict:
    harmed = rows["off"] > HARMED_MM
    return {
        "input": problem, "masks": len(rows), "landmarks off, mm": round(rows["off"].median(), 1),
        "harmed": int(harmed.sum()), "seen aligned": int((harmed & (rows["alone"] != "ok")).sum()),
        "seen in all": int((harmed & (rows["verdict"] != "ok")).sum()),
        "verdicts": ", ".join(f"{count} {name}" for name, count in Counter(rows["verdict"]).items()),
        f"first reason ({rows['mask'].iloc[0]})": rows["reason"].iloc[0],
    }  # fmt: skip


def real_masks(options: argparse.Namespace):
    """Name and mask of the real lungs."""
    return ((name, Mask.read(options.data / path)) for name, path in list(MASKS.items())[: options.masks])


def timed(function, *arguments) -> tuple:
    """What it returns, and the seconds of one processor core that it took."""
    begin = time.process_time()
    return function(*arguments), time.process_time() - begin


def timed_fast(lungs_path: Path, atlas_path: Path) -> tuple[AtlasAffine, list[float], dict[str, float]]:
    """The fast mode with its overlaps, and the seconds of the fit and of the whole."""
    begin = time.process_time()
    solids = Solid.read(atlas_path), Solid.read(lungs_path)
    (to_atlas, overlaps), fit = timed(align_solids, *solids)
    return to_atlas, overlaps, {"fit": fit, "whole": time.process_time() - begin}


def distances(atlas: Atlas, one: AtlasAffine, other: AtlasAffine) -> np.ndarray:
    """mm between the same landmarks [L] in a subject."""
    return np.linalg.norm(one.to_subject(atlas.centres) - other.to_subject(atlas.centres), axis=1)


def verdict(mask: Mask, to_atlas: AtlasAffine, atlas: Atlas) -> str:
    """Of the alignment alone."""
    return judge(measure_alignment(mask.labels, mask.affine, to_atlas, atlas)).verdict


if __name__ == "__main__":
    main()
