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

from drasclr_core.detect.boxes.dataset import NEGATIVE, OTHER, POSITIVE
from drasclr_core.detect.boxes.patches import BoxPatches
from drasclr_core.detect.detector.detector import Detector
from drasclr_core.detect.detector.forward import box_outputs, box_tensors
from drasclr_core.detect.training.config import FinetuneConfig
from drasclr_core.model.locconv import LocationGroups
from drasclr_core.pretrain.resume import load_state, save_state
from drasclr_core.pretrain.schedule import cosine_rate
from drasclr_core.pretrain.views import step_generator


def finetune(detector: Detector, patches: BoxPatches, rows: np.ndarray, kinds: np.ndarray, validation: np.ndarray,
             config: FinetuneConfig, state_path: str | Path | None = None, key: str = "") -> pd.DataFrame:  # fmt: skip
    """Trains a detector on boxes; it ends in eval mode with the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    detector : Detector
        Changed in place. All its weights are trained. Its encoder's description says the voxel size.
    rows : int [N]
        The boxes to train with.
    kinds : int [N]
        What these boxes are to the detector, as from `Boxes.kinds`.
    validation : bool [N]
        Which of them only stop the training. With none of them the last epoch counts.
    state_path : path, optional
        Where the state is kept while it trains, so that a killed training goes on; removed at the end. A state of
        another `key` is not used.
    key : str
        Changes with all inputs.

    Returns
    -------
    DataFrame
        One row per epoch: ``epoch, loss, validation_loss, best`` (whether it was the best so far).
    """
    size, device = patches.size, detector.device
    augment = config.augmentation(size, detector.encoder.description["spacing_mm"])
    train, stop = np.flatnonzero(~validation), np.flatnonzero(validation)
    hu, locations = box_tensors(patches, rows, device)
    targets = torch.from_numpy((kinds == POSITIVE).astype(np.float32)).to(device)
    optimizer = torch.optim.AdamW(
        [{"params": detector.encoder.parameters(), "lr": config.lr}, {"params": detector.head.parameters()}],
        lr=config.head_lr, weight_decay=config.weight_decay, fused=True)  # fmt: skip
    rates = [group["lr"] for group in optimizer.param_groups]
    state = load_state(state_path, key, device)
    if state:
        detector.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))
    else:
        state = {"log": [], "best": None, "lowest": float("inf")}

    # Landmark norm wants a batch of one landmark, and boxes lie anywhere: its kept statistics stay.
    by_batch = config.batch_norm == "trained" and getattr(detector.encoder, "norm", None) != "landmark"
    saved = time.monotonic()
    for epoch in range(len(state["log"]), config.epochs):
        if _is_over(state["log"], config.patience):
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = cosine_rate(rate, epoch, config.epochs)
        detector.train(by_batch)
        losses = []
        for step, chosen in enumerate(balanced_batches(kinds[train], config.batch_size, config.seed, epoch)):
            boxes = torch.from_numpy(train[chosen]).to(device)
            generator = step_generator(config.seed, epoch, step, device)
            shown = hu[boxes].repeat_interleave(config.views, dim=0)[:, None]
            views = augment(shift_density(shown, config.density_hu, generator), generator)
            logits = detector(views, LocationGroups(locations[boxes], [config.views] * len(boxes)))
            loss = F.binary_cross_entropy_with_logits(logits, targets[boxes].repeat_interleave(config.views))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        held_out = balanced_loss(detector, hu[stop], locations[stop], targets[stop]) if len(stop) else float("nan")
        best = not held_out >= state["lowest"]  # NaN, where nothing is held out, counts as better
        state["log"].append({"epoch": epoch, "loss": torch.stack(losses).mean().item(), "validation_loss": held_out,
                             "best": best})  # fmt: skip
        if best:
            state |= {"best": copy.deepcopy(detector.state_dict()), "lowest": held_out}
        if state_path and time.monotonic() - saved >= config.save_every_s:
            save_state(state_path, key, model=detector.state_dict(), optimizer=optimizer.state_dict(), **state)
            saved = time.monotonic()

    detector.load_state_dict(state["best"])
    detector.eval()
    if state_path:
        Path(state_path).unlink(missing_ok=True)
    return pd.DataFrame(state["log"])


def balanced_batches(kinds: np.ndarray, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """Draws the boxes of one epoch, half of every batch positive; of the negatives half are of the other subtype.

    An epoch is as long as it takes to draw as many boxes of the more frequent label as there are. The rarer kinds come
    round again, each time in a new order; where there are none of the other subtype, all negatives are healthy.

    Parameters
    ----------
    kinds : int [N]
        As from `Boxes.kinds`.

    Returns
    -------
    int [steps, batch_size]
        Indices into `kinds`.

    Raises
    ------
    ValueError
        The batch size is odd, or there are no positive or no healthy boxes.
    """
    groups = {kind: np.flatnonzero(kinds == kind) for kind in (POSITIVE, NEGATIVE, OTHER)}
    if batch_size % 2 or batch_size < 2:
        raise ValueError(f"A balanced batch needs an even number of boxes, not {batch_size}.")
    if not all(len(groups[kind]) for kind in (POSITIVE, NEGATIVE)):
        raise ValueError("Boxes of one kind only: training needs annotated and healthy ones.")
    half = batch_size // 2
    twins = half // 2 if len(groups[OTHER]) else 0
    counts = {POSITIVE: half, NEGATIVE: half - twins, OTHER: twins}
    steps = max(1, round(max(len(groups[POSITIVE]), len(groups[NEGATIVE]) + len(groups[OTHER])) / half))
    rng = np.random.default_rng([seed, epoch, 22])
    drawn = [_cycled(groups[kind], steps * count, rng).reshape(steps, count) for kind, count in counts.items() if count]
    return np.concatenate(drawn, axis=1)


def shift_density(hu: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Returns patches int16 [B, ...], each made brighter or darker by one random number of HU, at most `most`."""
    shift = (torch.rand(len(hu), generator=generator, device=generator.device) * 2 - 1) * most
    return hu + shift.round().to(hu.dtype).view(-1, *(1,) * (hu.ndim - 1))


def balanced_loss(detector: Detector, hu: Tensor, locations: Tensor, targets: Tensor) -> float:
    """Returns the cross entropy of boxes as in `box_outputs`, both labels with the same weight."""
    losses = F.binary_cross_entropy_with_logits(box_outputs(detector, hu, locations), targets, reduction="none")
    return float(torch.stack([losses[targets == label].mean() for label in (0.0, 1.0)]).mean())


def _is_over(log: list[dict], patience: int) -> bool:
    """Whether so many epochs brought nothing."""
    return len(log) > patience and not any(row["best"] for row in log[-patience:])


def _cycled(group: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` members of a group: one permutation after another."""
    rounds = -(-count // len(group))
    return np.concatenate([rng.permutation(group) for _ in range(rounds)])[:count]
