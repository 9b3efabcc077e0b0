"""How fast a landmark's batch of patches is read, from our store and from other ways to keep patches, in one run.

``python benchmarks/store.py`` writes simulated patches of the paper's size (56^3 voxels with their context) and of the
demo's to a temporary folder in each way, and reads batches of 128: from files that the system still holds in memory
(warm), and after it was told to forget them (cold; the disk itself may still remember). One row says what the training
step of `train_step.py` takes on this machine, another what one would take on a GPU of a given rate.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import zarr
from common import DATA, in_turns, middle, seconds, write_table

from drasclr_core.anatomy import PatchStore

PATCHES_PER_ANCHOR = 3  # query and key are views of one patch, two neighbours are others
GFLOP_PER_ANCHOR = 1.94  # of a training step on views of 32^3: ten times the 193.8 MFLOP of a forward pass
CPU = torch.device("cpu")


def write_all(folder: Path, subjects: int, landmarks: int, size: int) -> PatchStore:
    """The same patches as our store, as one .npy for each patch, and as one .npy for each landmark."""
    random, sids = np.random.default_rng(0), [f"S{number}" for number in range(subjects)]
    store = PatchStore.create(folder / "patches.zarr", sids, landmarks, size, 56 / size)
    (folder / "patch").mkdir()
    together = [np.lib.format.open_memmap(folder / f"landmark{number}.npy", "w+", np.int16, (subjects, *(size,) * 3))
                for number in range(landmarks)]  # fmt: skip
    for row, sid in enumerate(sids):  # lung-like: smooth tissue with the noise of a scanner, which compresses badly
        tissue = random.standard_normal((landmarks, *(size,) * 3), np.float32) * 30 - 850
        patches = (tissue + random.normal(0, 60, (landmarks, 1, 1, 1))).astype(np.int16)
        store.write(sid, patches)
        for number, patch in enumerate(patches):
            np.save(folder / "patch" / f"{sid}-{number}.npy", patch)
            together[number][row] = patch
    for array in together:
        array.flush()
    return store


def ways(folder: Path, store: PatchStore, threads: int) -> dict[str, Callable[[int, np.ndarray], np.ndarray]]:
    """Each way to read a batch, as a function of the landmark and the subjects' rows."""
    array = zarr.open_array(store.path, mode="r")
    return {
        "ours": store.read,
        f"ours, {threads} threads": PatchStore.open(store.path, threads).read,
        "zarr's own reader": lambda landmark, rows: array.oindex[landmark, rows],
        "one .npy for each patch": lambda landmark, rows: np.stack(
            [np.load(folder / "patch" / f"{store.sids[row]}-{landmark}.npy") for row in rows]
        ),
        "one .npy for each landmark": lambda landmark, rows: np.load(folder / f"landmark{landmark}.npy")[rows],
    }


def forget(folder: Path) -> None:
    """Tell the system to drop the files of a folder from memory."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def rates(subjects: int, landmarks: int, size: int, repetitions: int, threads: int) -> list[dict]:
    """One row for each way: patches per second of a landmark batch of all subjects, warm and cold."""
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = write_all(folder, subjects, landmarks, size)
        readers = ways(folder, store, threads)
        rows = random.permutation(subjects)
        expected = readers["one .npy for each patch"](0, rows)
        assert all(np.array_equal(reader(0, rows), expected) for reader in readers.values())
        turn = dict.fromkeys(readers, 0)

        def batch(way: str) -> None:
            turn[way] += 1
            readers[way](turn[way] % landmarks, random.permutation(subjects))

        warm = in_turns({way: lambda way=way: batch(way) for way in readers}, CPU, repetitions)
        cold = {way: [] for way in readers}
        for _ in range(repetitions):
            for way in readers:
                forget(folder)
                cold[way].append(seconds(lambda way=way: batch(way), CPU))
    return [{"stored": f"{size}³", "way": way, "warm patches/s": round(subjects / middle(warm[way])[0]),
             "cold patches/s": round(subjects / middle(cold[way])[0])} for way in readers]  # fmt: skip


def needs(gpu_tflops: float, share: float) -> list[dict]:
    """Patches of 56^3 per second that a training step consumes: measured on a CPU, reckoned for a GPU."""
    needed = []
    if (measured := DATA / "benchmark_train_step.csv").exists():
        anchors = pd.read_csv(measured).filter(like="anchors/s").max(axis=None)
        needed.append(("needed by the step on this project's CPU (measured)", anchors))
    anchors = gpu_tflops * 1000 * share / GFLOP_PER_ANCHOR
    needed.append((f"needed at {gpu_tflops:g} TFLOP/s, {share:.0%} used (reckoned)", anchors))
    return [{"stored": "56³", "way": way, "warm patches/s": round(PATCHES_PER_ANCHOR * anchors), "cold patches/s": "–"}
            for way, anchors in needed]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=128, help="also the batch")
    parser.add_argument("--landmarks", type=int, default=12)
    parser.add_argument("--sizes", type=int, nargs="+", default=[28, 56], help="stored voxels per side")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--gpu-tflops", type=float, default=67.0, help="float32 peak of the GPU to feed (H200: 67)")
    parser.add_argument("--gpu-share", type=float, default=0.3, help="part of the peak that the step reaches")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    rows = [row for size in given.sizes
            for row in rates(given.subjects, given.landmarks, size, given.repetitions, given.threads)]  # fmt: skip
    write_table([*rows, *needs(given.gpu_tflops, given.gpu_share)], "store", given.out, batch=given.subjects,
                landmarks=given.landmarks)  # fmt: skip


if __name__ == "__main__":
    main()
