"""Five folds of detectors: trained, kept, and tested on the subjects that they have not seen (paper, Table 5)."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from drasclr_core.cohort import SUBTYPES
from drasclr_core.detect.boxes.dataset import OTHER, POSITIVE, Boxes
from drasclr_core.detect.detector.calibration import calibration_of
from drasclr_core.detect.detector.detector import ABOUT, FOLDS_FILE, Detector
from drasclr_core.detect.detector.forward import direct_logits, direct_probability
from drasclr_core.detect.scoring.scores import predictions
from drasclr_core.detect.scoring.voxels import LATTICE_VERSION, voxel_shares
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.detect.training.finetune import finetune
from drasclr_core.detect.verdict.verdict import FILE as VERDICT
from drasclr_core.files import read_json, write_csv
from drasclr_core.model.encoder import Encoder
from drasclr_core.model.weights import weights_fingerprint
from drasclr_core.pieces import fingerprint, kept
from drasclr_core.progress import track
from drasclr_core.run import Run

VERSION = 2
"""Raise when training or testing changes its result, so that detectors of an older version are trained anew."""
DESCRIBED = ("patch_size", "spacing_mm", "hu_window", "location_box_mm")


def scratch_encoder(like: nn.Module, conditioning: str, seed: int) -> Encoder:
    """Returns an untrained encoder, drawn by `seed`, for the patches of one of any method, whose sizes it takes over.

    `conditioning` is as in `Encoder`; ``none`` is an ordinary CNN.
    """
    experts = {"num_experts": like.num_experts} if isinstance(like, Encoder) else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(like.rep_dim, conditioning=conditioning, **experts)
    encoder.description = {name: like.description[name] for name in DESCRIBED if name in like.description}
    return encoder.to(like.device, like.dtype)


def train_detector(boxes: Boxes, train: np.ndarray, encoder: nn.Module, config: FinetuneConfig, description: dict,
                   state_path: str | Path | None = None) -> tuple[Detector, pd.DataFrame]:  # fmt: skip
    """Fine-tunes a copy of an encoder on some of the boxes; returns the calibrated detector and the log of `finetune`.

    Parameters
    ----------
    train : int [N]
        Boxes of one subtype and negatives; a fifth of their subjects stops the training, and calibrates the detector by
        their annotated and healthy boxes (`calibration_of`).
    encoder : encoder of any method
    description : dict
        Of the detector: its ``subtype``, and its ``key``, which is that of the state.
    state_path : path, optional
        See `finetune`.
    """
    detector = Detector(copy.deepcopy(encoder), description=description)
    kinds = boxes.kinds(description["subtype"])[train]
    held_out = boxes.stopping(description["subtype"], train, config.seed)
    log = finetune(detector, boxes.patches, train, kinds, held_out, config, state_path, description.get("key", ""))
    known = held_out & (kinds != OTHER)
    logits = direct_logits(detector, boxes.patches, train[known])
    detector.calibrate(calibration_of(logits, kinds[known] == POSITIVE))
    return detector, log


def cross_validate_detectors(run: Run, boxes: Boxes, subtypes: Sequence[str], method: str, encoder: nn.Module,
                             config: FinetuneConfig, stride: int = 4) -> pd.DataFrame:  # fmt: skip
    """Trains a detector for every subtype and fold, keeps it, and tests it on the fold that it has not seen.

    With the setting `twins`, boxes of the other subtype are negatives in training; in testing they are always there too
    (`against_healthy`, `against_other`), without a share.

    What was trained and tested with the same boxes, folds, encoder and settings is read again; other detectors, of a
    subtype too that is not asked any more, are removed. ``folds.csv`` is written last: while it is missing,
    `detector_of` gives no detector, so none that trained on the wrong subjects. A verdict on older detectors goes with
    them.

    Parameters
    ----------
    subtypes : sequence of str
        Those without `Boxes.obstacle`.
    method : str
        Folder under ``detectors``, and the name in the results.
    encoder : encoder of any method
        What every training starts from.
    stride : int
        In voxels, see `voxel_shares`.

    Returns
    -------
    DataFrame
        ``method, task, fold, box, sid, kind, true, probability, share``; the task is the subtype with a capital, `box`
        the row in ``boxes.table``, `kind` its subtype or ``healthy``.
    """
    path = run.detectors(method) / FOLDS_FILE
    key = fingerprint(version=VERSION, boxes=boxes.patches.key, fold=boxes.fold, weights=weights_fingerprint(encoder),
                      config=config.method())  # fmt: skip
    jobs = [(subtype, int(fold)) for subtype in subtypes for fold in np.unique(boxes.fold)]
    if not all(read_json(run.detector(method, *job) / ABOUT).get("key") == key for job in jobs):
        for file in (path, run.detectors(method) / VERDICT):
            file.unlink(missing_ok=True)
    _forget_others(run, method, key)
    tested = [_one_fold(run, boxes, method, job, encoder, config, stride, key)
              for job in track(jobs, f"detectors, {method}")]  # fmt: skip
    folds = boxes.table[["sid", "fold"]].drop_duplicates().sort_values("sid")
    write_csv(path, folds)
    return pd.concat([table for table in tested if len(table)], ignore_index=True)


def _forget_others(run: Run, method: str, key: str) -> None:
    for subtype in SUBTYPES:
        for about in run.detectors(method).glob(f"{subtype}-*/{ABOUT}"):
            if read_json(about).get("key") != key:
                shutil.rmtree(about.parent)


def _one_fold(run: Run, boxes: Boxes, method: str, job: tuple[str, int], encoder: nn.Module, config: FinetuneConfig,
              stride: int, key: str) -> pd.DataFrame:  # fmt: skip
    (subtype, fold), folder = job, run.detector(method, *job)
    train, test = boxes.training(subtype, fold, config.twins), boxes.tested(subtype, fold, twins=True)
    if read_json(folder / ABOUT).get("key") != key:
        about = {"method": method, "subtype": subtype, "fold": fold, "key": key, "config": config.method(),
                 "boxes": len(train), "subjects": int(boxes.table["sid"].iloc[train].nunique())}  # fmt: skip
        detector, log = train_detector(boxes, train, encoder, config, about, folder.with_suffix(".state.pt"))
        detector.description["log"] = log.to_dict("records")
        detector.save_pretrained(folder)
    file = folder.parent / f"{folder.name}.csv"

    def make() -> None:
        detector = Detector.from_pretrained(folder).to(encoder.device)
        share, asked = np.full(len(test), np.nan), boxes.kinds(subtype)[test] != OTHER
        shares = voxel_shares(detector.encoder, [detector.probability], boxes.patches, test[asked], stride)
        share[asked] = shares[:, 0]
        probability = direct_probability(detector, boxes.patches, test)
        write_csv(file, predictions(boxes, test, subtype, fold, method, probability, share))

    kept(folder.parent, folder.name, fingerprint(key=key, stride=stride, lattice=LATTICE_VERSION), make, [file])
    return pd.read_csv(file, converters={"sid": str})
