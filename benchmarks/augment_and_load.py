"""Augmentation and loading, against what the training step consumes, in one run.

``python benchmarks/augment_and_load.py`` prints and writes two tables, for patches of the demo (16^3 of 2 mm) and of
the paper (32^3 of 1 mm), both with context.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
import zarr
from common import DATA, in_turns, middle, seconds, write_table
from monai.transforms import Compose, RandAdjustContrast, RandAffine, RandGaussianNoise
from step import Step

from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.model.inputs import center_views, normalise
from drasclr_core.pretrain import Augmentation
from drasclr_core.pretrain.cache import CachedPatches

VIEWS_PER_ANCHOR = 4  # query, key and two neighbours
PATCHES_PER_ANCHOR = 3  # query and key are views of one patch


def monai_views(size: int, spacing: float) -> Compose:
    """MONAI's three transforms with the paper's values, for one patch at a time."""
    shift = 12.0 / spacing
    return Compose([
        RandAffine(prob=1, rotate_range=[np.pi / 18] * 3, translate_range=[shift] * 3, scale_range=[0.1] * 3,
                   mode="bilinear", padding_mode="border"),
        RandGaussianNoise(prob=0.25, std=50),
        RandAdjustContrast(prob=0.25),
    ])  # fmt: skip


def augmentation(batch: int, size: int, spacing: float, repetitions: int, device: torch.device) -> dict:
    """Views per second of one batch, ours (from a context) and MONAI's (from the bare patch, the lesser work)."""
    stored = size + round(24 / spacing)
    random = np.random.default_rng(0)
    patches = torch.from_numpy(random.integers(-1000, 200, (batch, 1, *(stored,) * 3)).astype(np.int16)).to(device)
    bare = center_views(patches, size)
    theirs = monai_views(size, spacing)
    ours, generator = Augmentation(size, spacing), torch.Generator(device).manual_seed(0)

    def one_by_one():
        raw = (bare + 1) * 632
        return torch.stack([normalise(theirs(patch)) for patch in raw])

    taken = in_turns({"MONAI": one_by_one, "ours": lambda: ours(patches, generator)}, device, repetitions)
    rates = {name: batch / middle(values)[0] for name, values in taken.items()}
    return {"MONAI one by one": rates["MONAI"], "ours": rates["ours"]}


def loading(batch: int, stored: int, landmarks: int, repetitions: int, spacing: float) -> dict[str, float]:
    """Patches per second of landmark batches, from a store just written (warm cache)."""
    cpu, random = torch.device("cpu"), np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        sids = [f"S{index}" for index in range(batch)]
        store = PatchStore.create(Path(folder) / "patches.zarr", sids, landmarks, stored, spacing)
        for sid in sids:  # lung-like: smooth tissue with the noise of a scanner, which is what compresses badly
            tissue = random.normal(-850, 30, (landmarks, *(stored,) * 3)) + random.normal(0, 60, (landmarks, 1, 1, 1))
            store.write(sid, tissue.astype(np.int16))
        array = zarr.open_array(store.path, mode="r")
        cached, everyone = CachedPatches(store), np.arange(batch)
        turn = iter(range(10**6))
        ways = {
            "zarr's own reader": lambda: array[next(turn) % landmarks],
            "our reader": lambda: store.read(next(turn) % landmarks, everyone),
            "held in memory": lambda: cached.read(next(turn) % landmarks, everyone),
        }
        return {name: batch / middle(values)[0] for name, values in in_turns(ways, cpu, repetitions).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--step-batch", type=int, default=32, help="batch of the training step that is fed")
    parser.add_argument("--patches", type=int, nargs="+", default=[16, 32], help="voxels per side of a view")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    device, rows = torch.device(given.device), []
    for size in given.patches:
        spacing = 32 / size
        stored = size + round(24 / spacing)
        step = Step(given.step_batch, size, device)
        step()
        anchors = given.step_batch / min(seconds(step, device) for _ in range(3))
        views = augmentation(given.batch, size, spacing, given.repetitions, device)
        read = loading(given.batch, stored, 4, given.repetitions, spacing)
        for what, rates, needed in (("views", views, VIEWS_PER_ANCHOR), ("patches", read, PATCHES_PER_ANCHOR)):
            need = needed * anchors
            rows += [{"view": f"{size}³ of {spacing:g} mm", "what": f"{what}/s, {way}", "rate": round(rate),
                      "needed by the step": round(need), "times what is needed": round(rate / need, 1)}
                     for way, rate in rates.items()]  # fmt: skip
    write_table(rows, "augment_and_load", given.out, batch=given.batch, step_batch=given.step_batch,
                threads=given.threads)  # fmt: skip


if __name__ == "__main__":
    main()
