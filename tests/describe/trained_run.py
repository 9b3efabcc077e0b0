"""A run as small as `describe` needs: an atlas of one phantom, an untrained encoder, features and detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.anatomy.lungs.segmentation import segment_lungs
from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.detect.detector.detector import FOLDS_FILE, Detector
from drasclr_core.detect.verdict.verdict import Verdict, write_verdicts
from drasclr_core.files import atomic
from drasclr_core.imaging.volume import save_volume
from drasclr_core.model import Encoder
from drasclr_core.run import Run

from ..imaging.scan_files import phantom

REP_DIM = 8
SUBJECTS = 12


def make_run(folder: Path) -> Run:
    """Subject P0 is the phantom that `scan_files.phantom` gives; of the others only features and LAA-950 are known."""
    run, volume = Run(str(folder), "copd"), phantom()
    save_volume(run.images / "P0.nii.gz", volume)
    run.truth.mkdir(parents=True)  # the cohort is simulated
    atlas = build_atlas(segment_lungs(volume), volume.affine, step_mm=72.0)
    atlas.save(run.atlas)
    encoder = make_encoder(atlas)
    encoder.save_pretrained(run.pretrain())
    for subtype in SUBTYPES:
        head = torch.nn.Linear(REP_DIM, 1)
        Detector(encoder, head, {"subtype": subtype, "fold": 0}).save_pretrained(
            run.detector("drasclr_finetuned", subtype, 0)
        )
    pd.DataFrame({"sid": ["P1"], "fold": [0]}).to_csv(run.detectors("drasclr_finetuned") / FOLDS_FILE, index=False)
    write_verdicts(run, "drasclr_finetuned", [verdict_on(subtype, sees=True) for subtype in SUBTYPES])
    rng, sids = np.random.default_rng(0), [f"P{number}" for number in range(SUBJECTS)]
    table = pd.DataFrame({"sid": sids, "image": "cohort/images/P0.nii.gz", "LAA950_pct": rng.uniform(0, 20, SUBJECTS)})
    write_subjects(run, table)
    features = pd.DataFrame(rng.normal(size=(SUBJECTS, REP_DIM)), columns=[f"f{k:03d}" for k in range(REP_DIM)])
    features.insert(0, "sid", sids)
    with atomic(run.features() / "image.parquet") as temporary:
        features.to_parquet(temporary, index=False)
    measured = table[["sid"]].assign(laa950_pct=table["LAA950_pct"], mean_hu=-850.0)  # as notebook 09 writes it
    run.features("hand_designed").mkdir(parents=True, exist_ok=True)
    measured.to_csv(run.features("hand_designed") / "image.csv", index=False)
    return run


def verdict_on(subtype: str, sees: bool) -> Verdict:
    """A detector that sees disease, or one that is no better than chance."""
    numbers = (0.8, 0.4, 0.4, 0.3, 0.5) if sees else (0.31, 0.3, 0.01, -0.08, 0.1)
    return Verdict(subtype, *numbers, healthy=0.02, healthy_low=0.01, healthy_high=0.03, found=0.4)


def make_encoder(atlas) -> Encoder:
    """Random weights; batch norms know a few random patches."""
    torch.manual_seed(0)
    encoder = Encoder(rep_dim=REP_DIM, num_experts=2)
    for block in encoder.blocks:
        block.norm.momentum = None  # the statistics of the one batch that follows
    ramps = torch.cumsum(torch.randn(64, 1, 8, 8, 8), dim=2).clamp(-3, 3) / 3
    with torch.no_grad():
        encoder(ramps, torch.rand(64, 3) * 2 - 1)
    encoder.description = {"patch_size": 8, "spacing_mm": 4.0, "hu_window": [-1024, 240],
                           "location_box_mm": atlas.box.tolist(), "locations": atlas.locations.tolist()}  # fmt: skip
    return encoder.eval()
