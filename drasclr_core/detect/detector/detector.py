"""A detector of one emphysema subtype: the encoder with one linear layer on top (paper, section 4.3.1)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from drasclr_core.cohort.annotations import SUBTYPES
from drasclr_core.detect.detector.calibration import Calibration
from drasclr_core.detect.scoring.voxels import THRESHOLD
from drasclr_core.files import atomic, read_json, write_json
from drasclr_core.methods import load_encoder
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.run import Run

HEAD, ABOUT, ENCODER = "head.safetensors", "detector.json", "encoder"
FOLDS_FILE = "folds.csv"
"""Says which subject was tested in which fold of a method's detectors: ``sid, fold``."""
NEW_SUBJECTS_FOLD = 0
"""The fold whose detectors describe subjects of no fold."""


class Detector(nn.Module):
    """Probability that a patch shows one subtype of emphysema.

    Parameters
    ----------
    encoder : encoder of any method
        Used as it is, not copied; its description says which patches it takes.
    head : nn.Linear, optional
        rep_dim -> 1; without it one of zeros, which gives 0.5 everywhere.
    description : dict, optional
        ``subtype``, ``method``, ``fold`` and what else should travel with the weights (anything JSON can hold).
    """

    def __init__(self, encoder: nn.Module, head: nn.Linear | None = None, description: dict | None = None):
        super().__init__()
        self.encoder = encoder
        self.head = (head or _blank_head(encoder.rep_dim)).to(encoder.device, encoder.dtype)
        self.description = dict(description or {})

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    @property
    def threshold(self) -> float:
        """Probability from which on a voxel is called ill: as notebook 20 found (`detect.operating`), else 0.5."""
        return float(self.description.get("threshold", THRESHOLD))

    def forward(self, x: Tensor, location: Tensor | LocationGroups) -> Tensor:
        """Returns logits [B] of patches [B, 1, n, n, n] at locations (both as `Encoder.forward` takes them)."""
        return self.logits(self.encoder(x, location))

    def logits(self, features: Tensor) -> Tensor:
        """Returns logits [N] of representations [N, rep_dim]."""
        return self.head(features)[:, 0]

    def probability(self, features: Tensor) -> Tensor:
        """Returns probabilities [N] of representations [N, rep_dim]; the `head` that `dense_probability` asks for.

        NumPy arrays are taken too, because that is what a head that is a function is given.
        """
        features = torch.as_tensor(features, dtype=self.head.weight.dtype, device=self.device)
        return torch.sigmoid(self.logits(features))

    @torch.no_grad()
    def calibrate(self, calibration: Calibration) -> None:
        """Changes the linear layer so that its logits are the calibrated ones; the description says by how much."""
        self.head.weight.mul_(calibration.slope)
        self.head.bias.mul_(calibration.slope).add_(calibration.intercept)
        self.description["calibration"] = calibration._asdict()

    def save_pretrained(self, folder: str | Path, half: bool = False) -> None:
        """Writes ``encoder/`` (see `Encoder.save_pretrained`), ``head.safetensors``, ``detector.json``: all or none."""
        with atomic(folder) as temporary:
            self.encoder.save_pretrained(temporary / ENCODER, half)
            save_file({name: value.contiguous().cpu() for name, value in self.head.state_dict().items()},
                      temporary / HEAD)  # fmt: skip
            write_json(temporary / ABOUT, self.description)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Detector:
        """Returns the detector, in eval mode, that `save_pretrained` wrote.

        Raises
        ------
        FileNotFoundError
            There is no whole detector in the folder.
        ValueError
            The encoder's files are not as they were written.
        """
        folder = Path(folder)
        if not (folder / ABOUT).exists():
            raise FileNotFoundError(f"{folder.name}: no detector here. Run notebook 20_emphysema to its end first.")
        detector = cls(load_encoder(folder / ENCODER), description=read_json(folder / ABOUT))
        detector.head.load_state_dict(load_file(folder / HEAD))
        return detector.eval()


def write_threshold(folder: str | Path, threshold: float) -> None:
    """Gives a detector on disk the probability from which on a voxel is called ill (`Detector.threshold`)."""
    about = read_json(Path(folder) / ABOUT)
    if about.get("threshold") != threshold:
        write_json(Path(folder) / ABOUT, {**about, "threshold": threshold})


def detector_of(run: Run, method: str, subtype: str, sid: str | None = None) -> Detector:
    """Returns a detector of a subtype that was not trained on subject `sid`.

    It is that of the fold in which the subject was tested; without a subject, or for one of no fold, on which no
    detector was trained, that of `NEW_SUBJECTS_FOLD`. `method` is a folder under ``detectors``, such as
    ``drasclr_finetuned``.

    Raises
    ------
    FileNotFoundError
        Notebook 20 has not trained it, or it did not travel with the run (see `workflow.ship`).
    ValueError
        There is no such subtype.
    """
    if subtype not in SUBTYPES:
        raise ValueError(f"There is no emphysema subtype {subtype!r}: choose one of {', '.join(SUBTYPES)}.")
    path = run.detectors(method) / FOLDS_FILE
    if not path.exists():
        raise FileNotFoundError(f"Run {run.name!r} has no detectors {method!r} for cohort {run.cohort_name!r}: run "
                                "notebook 20_emphysema first (it needs enough annotated boxes).")  # fmt: skip
    folds = pd.read_csv(path, converters={"sid": str}).set_index("sid")["fold"]
    fold = int(folds.get(sid, NEW_SUBJECTS_FOLD))
    if fold != NEW_SUBJECTS_FOLD and subtype in trained_subtypes(run, method):
        folder = run.detector(method, subtype, fold)
        if not (folder / ABOUT).exists():
            raise FileNotFoundError(
                f"{sid}: the detectors of {subtype} emphysema that are here were trained on this subject, and the one "
                f"that was not, {folder.name}, is missing. Run notebook 20_emphysema, or describe another subject."
            )
    return Detector.from_pretrained(run.detector(method, subtype, fold))


def trained_subtypes(run: Run, method: str) -> list[str]:
    """Returns subtypes with a detector for new subjects; none before notebook 20, or where it had too few boxes."""
    if not (run.detectors(method) / FOLDS_FILE).exists():
        return []
    return [name for name in SUBTYPES if (run.detector(method, name, NEW_SUBJECTS_FOLD) / ABOUT).exists()]


def _blank_head(rep_dim: int) -> nn.Linear:
    head = nn.Linear(rep_dim, 1)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head
