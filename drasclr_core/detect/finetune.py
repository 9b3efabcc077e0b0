"""The loop that trains every detector of the book: balanced, seeded, stopped early, resumable bit for bit (CPU)."""

from __future__ import annotations

import copy
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from drasclr_core.detect.config import FinetuneConfig
from drasclr_core.detect.detector import Detector
from drasclr_core.detect.forward import box_outputs, box_tensors
from drasclr_core.detect.patches import BoxPatches
from drasclr_core.detect.sampling import balanced_batches
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.pretrain.schedule import cosine_rate
from drasclr_core.pretrain.views import step_generator
from drasclr_core.run import atomic


def finetune(detector: Detector, patches: BoxPatches, rows: np.ndarray, labels: np.ndarray, validation: np.ndarray,
             config: FinetuneConfig, state_path: str | Path | None = None, key: str = "") -> pd.DataFrame:  # fmt: skip
    """Train a detector on boxes; it ends in eval mode with the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    detector : Detector
        Changed in place. All its weights are trained. Its encoder's description says the voxel size.
    patches : BoxPatches
    rows : int [N]
        The boxes to train with.
    labels : bool [N]
        Of these boxes.
    validation : bool [N]
        Which of them only stop the training. With none of them the last epoch counts.
    config : FinetuneConfig
    state_path : path, optional
        Where the state is kept while it trains, so that a killed training goes on; removed at the end. A state of
        another `key` is not used.
    key : str

    Returns
    -------
    DataFrame
        One row per epoch: ``epoch, loss, validation_loss, best`` (whether it was the best so far).
    """
    size, device = patches.size, detector.head.weight.device
    augment = config.augmentation(size, detector.encoder.description["spacing_mm"])
    train, stop = np.flatnonzero(~validation), np.flatnonzero(validation)
    hu, places = box_tensors(patches, rows, device)
    targets = torch.from_numpy(labels.astype(np.float32)).to(device)
    optimizer = torch.optim.AdamW(
        [{"params": detector.encoder.parameters(), "lr": config.lr}, {"params": detector.head.parameters()}],
        lr=config.head_lr, weight_decay=config.weight_decay, fused=True)  # fmt: skip
    rates = [group["lr"] for group in optimizer.param_groups]
    state = _load(state_path, key, device)
    if state:
        detector.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))
    else:
        state = {"log": [], "best": None, "lowest": float("inf")}

    saved = time.monotonic()
    for epoch in range(len(state["log"]), config.epochs):
        if _is_over(state["log"], config.patience):
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = cosine_rate(rate, epoch, config.epochs)
        detector.train(config.batch_norm == "trained")
        losses = []
        for step, chosen in enumerate(balanced_batches(labels[train], config.batch_size, config.seed, epoch)):
            boxes = torch.from_numpy(train[chosen]).to(device)
            generator = step_generator(config.seed, epoch, step, device)
            shown = hu[boxes].repeat_interleave(config.views, dim=0)[:, None]
            views = augment(shift_density(shown, config.density_hu, generator), generator)
            logits = detector(views, LocationGroups(places[boxes], [config.views] * len(boxes)))
            loss = F.binary_cross_entropy_with_logits(logits, targets[boxes].repeat_interleave(config.views))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        held_out = balanced_loss(detector, hu[stop], places[stop], targets[stop]) if len(stop) else float("nan")
        best = not held_out >= state["lowest"]  # NaN, where nothing is held out, counts as better
        state["log"].append({"epoch": epoch, "loss": torch.stack(losses).mean().item(), "validation_loss": held_out,
                             "best": best})  # fmt: skip
        if best:
            state |= {"best": copy.deepcopy(detector.state_dict()), "lowest": held_out}
        if state_path and time.monotonic() - saved >= config.save_every_s:
            _save(
                state_path, {**state, "key": key, "model": detector.state_dict(), "optimizer": optimizer.state_dict()}
            )
            saved = time.monotonic()

    detector.load_state_dict(state["best"])
    detector.eval()
    if state_path:
        Path(state_path).unlink(missing_ok=True)
    return pd.DataFrame(state["log"])


def shift_density(hu: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Patches int16 [B, ...], each brighter or darker by one random number of HU, at most `most`."""
    shift = (torch.rand(len(hu), generator=generator, device=generator.device) * 2 - 1) * most
    return hu + shift.round().to(hu.dtype).view(-1, *(1,) * (hu.ndim - 1))


def balanced_loss(detector: Detector, hu: Tensor, places: Tensor, targets: Tensor) -> float:
    """Cross entropy of boxes as in `box_outputs`, both labels with the same weight."""
    losses = F.binary_cross_entropy_with_logits(box_outputs(detector, hu, places), targets, reduction="none")
    return float(torch.stack([losses[targets == label].mean() for label in (0.0, 1.0)]).mean())


def _is_over(log: list[dict], patience: int) -> bool:
    """Whether so many epochs brought nothing."""
    return len(log) > patience and not any(row["best"] for row in log[-patience:])


def _load(path: str | Path | None, key: str, device: torch.device) -> dict | None:
    if path is None or not Path(path).exists():
        return None
    state = torch.load(path, map_location=device, weights_only=True)
    return state if state.pop("key") == key else None


def _save(path: str | Path, state: dict) -> None:
    with atomic(path) as temporary:
        torch.save(state, temporary)
