"""Five folds of detectors: trained, kept, and tested on the subjects that they have not seen (paper, Table 5)."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from drasclr_core.detect.config import FinetuneConfig
from drasclr_core.detect.dataset import Boxes
from drasclr_core.detect.detector import ABOUT, Detector, detector_folder, folds_file
from drasclr_core.detect.finetune import finetune
from drasclr_core.detect.folds import validation_split
from drasclr_core.detect.forward import box_outputs, box_tensors
from drasclr_core.detect.voxels import voxel_shares
from drasclr_core.model.encoder import Encoder
from drasclr_core.progress import track
from drasclr_core.run import Run, atomic, fingerprint, is_done, mark_done, read_json

VERSION = 1
"""Raise when training or testing changes its result, so that detectors of an older version are trained anew."""
KEPT = ("patch_size", "spacing_mm", "hu_window", "location_box_mm")


def scratch_encoder(like: Encoder, conditioning: str, seed: int) -> Encoder:
    """An untrained encoder for the same patches, drawn by `seed`.

    Parameters
    ----------
    like : Encoder
        Its sizes and the meaning of its input are taken over.
    conditioning : str
        See `Encoder`; ``none`` is an ordinary CNN.
    seed : int
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(like.rep_dim, like.num_experts, conditioning)
    encoder.description = {name: like.description[name] for name in KEPT if name in like.description}
    return encoder.to(like.blocks[0].conv.bias)


def train_detector(boxes: Boxes, train: np.ndarray, encoder: Encoder, config: FinetuneConfig, description: dict,
                   state_path=None) -> tuple[Detector, pd.DataFrame]:  # fmt: skip
    """Fine-tune a copy of an encoder on some of the boxes.

    Parameters
    ----------
    boxes : Boxes
    train : int [N]
        Boxes of one subtype and healthy ones; a fifth of their subjects stops the training.
    encoder : Encoder
        What to start from; not changed.
    config : FinetuneConfig
    description : dict
        Of the detector; its ``key`` is that of the state.
    state_path : path, optional
        See `finetune`.

    Returns
    -------
    Detector, DataFrame
        The trained detector, and the log of `finetune`.
    """
    detector = Detector(copy.deepcopy(encoder), description=description)
    sids, labels = boxes.table["sid"].to_numpy()[train], boxes.labels()[train]
    held_out = validation_split(sids, labels, config.seed)
    log = finetune(detector, boxes.patches, train, labels, held_out, config, state_path, description.get("key", ""))
    return detector, log


def cross_validate_detectors(run: Run, boxes: Boxes, subtypes: Sequence[str], method: str, encoder: Encoder,
                   config: FinetuneConfig, stride: int = 4) -> pd.DataFrame:  # fmt: skip
    """Train a detector for every subtype and fold, keep it, and test it on the fold that it has not seen.

    What was trained and tested with the same boxes, folds, encoder and settings is read again. ``folds.csv`` is written
    last: while it is missing, `detector_of` gives no detector, so none that trained on the wrong subjects.

    Parameters
    ----------
    run : Run
    boxes : Boxes
    subtypes : sequence of str
        Those without `Boxes.obstacle`.
    method : str
        Folder under ``detectors``, and the name in the results.
    encoder : Encoder
        What every training starts from.
    config : FinetuneConfig
    stride : int
        See `voxel_shares`.

    Returns
    -------
    DataFrame
        ``method, task, fold, box, sid, true, probability, share``; the task is the subtype with a capital, `box` the
        row in ``boxes.table``.
    """
    place = folds_file(run, method)
    key = fingerprint(version=VERSION, boxes=boxes.patches.key, fold=boxes.fold, weights=weights_key(encoder),
                      config=config.method())  # fmt: skip
    jobs = [(subtype, int(fold)) for subtype in subtypes for fold in np.unique(boxes.fold)]
    if not all(read_json(detector_folder(run, method, *job) / ABOUT).get("key") == key for job in jobs):
        place.unlink(missing_ok=True)
    tested = [_one_fold(run, boxes, method, job, encoder, config, stride, key)
              for job in track(jobs, f"detectors, {method}")]  # fmt: skip
    folds = boxes.table[["sid", "fold"]].drop_duplicates().sort_values("sid")
    with atomic(place) as temporary:
        folds.to_csv(temporary, index=False)
    return pd.concat([table for table in tested if len(table)], ignore_index=True)


def _one_fold(run: Run, boxes: Boxes, method: str, job: tuple[str, int], encoder: Encoder, config: FinetuneConfig,
              stride: int, key: str) -> pd.DataFrame:  # fmt: skip
    (subtype, fold), folder = job, detector_folder(run, method, *job)
    rows = boxes.rows(subtype)
    train, test = rows[boxes.fold[rows] != fold], rows[boxes.fold[rows] == fold]
    if read_json(folder / ABOUT).get("key") != key:
        about = {"method": method, "subtype": subtype, "fold": fold, "key": key, "config": config.method(),
                 "boxes": len(train), "subjects": int(boxes.table["sid"].iloc[train].nunique())}  # fmt: skip
        detector, log = train_detector(boxes, train, encoder, config, about, folder.with_suffix(".state.pt"))
        detector.description["log"] = log.to_dict("records")
        detector.save_pretrained(folder)
    file, tested = folder.parent / f"{folder.name}.csv", fingerprint(key=key, stride=stride)
    if not (is_done(folder.parent, folder.name, tested) and file.exists()):
        detector = Detector.from_pretrained(folder).to(next(encoder.parameters()).device)
        probability = direct_probability(detector, boxes, test)
        share = voxel_shares(detector.encoder, [detector.probability], boxes.patches, test, stride)[:, 0]
        table = predictions(boxes, test, subtype, fold, method, probability, share)
        with atomic(file) as temporary:
            table.to_csv(temporary, index=False)
        mark_done(folder.parent, folder.name, tested)
    return pd.read_csv(file, dtype={"sid": str})


def direct_probability(detector: Detector, boxes: Boxes, test: np.ndarray) -> np.ndarray:
    """Probabilities [N] of the boxes' own patches."""
    if not len(test):
        return np.zeros(0)
    tensors = box_tensors(boxes.patches, test, detector.head.weight.device)
    return torch.sigmoid(box_outputs(detector, *tensors)).cpu().numpy()


def predictions(boxes: Boxes, test: np.ndarray, subtype: str, fold: int, method: str, probability, share
                ) -> pd.DataFrame:  # fmt: skip
    """The rows of one fold in a table of predictions (see `cross_validate_detectors`)."""
    return pd.DataFrame({"method": method, "task": subtype.capitalize(), "fold": fold, "box": test,
                         "sid": boxes.table["sid"].to_numpy()[test], "true": boxes.labels()[test],
                         "probability": probability, "share": share})  # fmt: skip


def weights_key(encoder: Encoder) -> str:
    """Changes with the weights."""
    return fingerprint(weights={name: [tensor.double().sum().item(), tensor.double().square().sum().item()]
                                for name, tensor in encoder.state_dict().items()})  # fmt: skip
