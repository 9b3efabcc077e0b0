"""A run with one aligned subject, and detectors that find the dark half of its lungs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from drasclr_core.anatomy.aligned_scan import AlignedScan
from drasclr_core.anatomy.atlas.registration import AtlasAffine
from drasclr_core.detect.detector.detector import FOLDS_FILE, Detector
from drasclr_core.imaging.volume import Volume, save_mask, save_volume
from drasclr_core.model.encoder import Encoder
from drasclr_core.pieces import mark_done
from drasclr_core.represent.dense import DenseOptions, dense_features
from drasclr_core.run import Run

METHOD, SUBTYPE = "drasclr_finetuned", "paraseptal"
TO_MM = np.array([[4.0, 0, 0, -31.0], [0, 4.0, 0, 12.5], [0, 0, 4.0, -250.0], [0, 0, 0, 1]])


def tiny_run(folder: Path) -> Run:
    """Returns a run with one aligned subject, and detectors of two folds, of which fold 1 tested the subject."""
    run = Run(str(folder / "tiny"))
    rng = np.random.default_rng(0)
    # Air at high x: what the detector answers depends on it.
    array = np.where(np.arange(16)[:, None, None] > 7, -980.0, -800.0) + rng.normal(0, 30, (16, 14, 15))
    array[:, 0] = 40.0  # a wall, without which the reader would not take it for a chest
    lungs = np.zeros(array.shape, np.uint8)
    lungs[2:14, 4:10, 4:11] = 1
    save_volume(run.images / "S1.nii.gz", Volume(array.astype(np.float32), TO_MM))
    save_mask(run.anatomy("S1") / "lungs.nii.gz", lungs, TO_MM)
    AtlasAffine(np.eye(4)).save(run.anatomy("S1") / "affine.json")
    mark_done(run.anatomy("S1"), "align", "first")
    for fold in (0, 1):
        torch.manual_seed(fold)
        encoder = Encoder(rep_dim=8, num_experts=2)
        for block in encoder.blocks:
            block.norm.momentum = None  # the statistics of the one batch that follows
        with torch.no_grad():
            encoder(torch.rand(64, 1, 8, 8, 8) * torch.rand(64, 1, 1, 1, 1) - 1, torch.rand(64, 3) * 2 - 1)
        encoder.eval()
        encoder.description = {"patch_size": 8, "spacing_mm": 4.0, "hu_window": [-1024, 240],
                               "location_box_mm": [[-60.0, -20.0, -280.0], [60.0, 90.0, -160.0]]}  # fmt: skip
        scan = AlignedScan(Volume(array.astype(np.float32), TO_MM), lungs, np.eye(4))
        dense = dense_features(scan, encoder, options=DenseOptions(stride=2, check=0))
        mean, spread = dense.features.mean(0), dense.features.std(0)
        fit = LogisticRegression().fit((dense.features - mean) / spread, dense.points[:, 0] > 7)
        head, weight = nn.Linear(8, 1), fit.coef_[0] / spread
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(weight)[None])
            head.bias.fill_(fit.intercept_[0] - weight @ mean)
        Detector(encoder, head, {"fold": fold}).save_pretrained(run.detector(METHOD, SUBTYPE, fold))
    pd.DataFrame({"sid": ["S1"], "fold": [1]}).to_csv(run.detectors(METHOD) / FOLDS_FILE, index=False)
    return run
