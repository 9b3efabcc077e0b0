"""Small data of the three tasks, easy to learn, and a small encoder."""

import nibabel as nib
import numpy as np
import pandas as pd

from drasclr_core.cohort.images.embedded import NoduleCohort
from drasclr_core.cohort.images.stream import write_images, write_stream
from drasclr_core.image_volume import JointEncoder

SMALL = {"depth": 10, "width": 4, "small": True, "dim": 16, "layers": 1, "heads": 2, "head_dim": 8, "hidden": 16,
         "slices": 8}  # fmt: skip


def small_encoder(**other) -> JointEncoder:
    return JointEncoder(**{**SMALL, **other})


def write_hearts(folder, subjects=6, values=(500, 820)):
    """Pairs of MM-WHS in which two structures are bright boxes, each of a brightness of its own."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(subjects):
        image = rng.normal(-100, 40, (12, 10, 9)).astype(np.int16)
        image[0, 0, 0] = -800
        label = np.zeros(image.shape, np.int16)
        for place, (value, hu) in enumerate(zip(values, (150, 420), strict=True)):
            box = (slice(2 + rng.integers(3), 9), slice(1 + 4 * place, 5 + 4 * place), slice(1 + rng.integers(2), 8))
            label[box], image[box] = value, image[box] + hu
        for part, array in (("image", image), ("label", label)):
            nib.save(
                nib.Nifti1Image(array, np.diag([3.0, 3.0, 3.0, 1.0])),
                folder / f"ct_train_{1000 + number}_{part}.nii.gz",
            )
    return folder


def nodule_cohort(folder, subjects=6, each=10, size=8):
    """Candidates of which some have a ball in the middle; nodules where these are."""
    folder.mkdir(parents=True)
    rng, sids, nodules, candidates = np.random.default_rng(0), [], [], []
    middle = np.linalg.norm(np.indices((size,) * 3) - (size - 1) / 2, axis=0) < size / 4
    for number in range(subjects):
        sids.append(sid := f"P{number:05d}")
        cubes = rng.normal(-850, 60, (each, size, size, size))
        there = np.arange(each) < 3
        cubes[there] += 700 * middle
        np.save(folder / f"{sid}.npy", cubes.astype(np.int16))
        for place in range(each):
            where = dict(zip("xyz", (50.0 * place, 0.0, 0.0), strict=True))
            candidates.append({"sid": sid, **where, "nodule": int(there[place]), "file": str(folder / f"{sid}.npy"),
                               "place": place})  # fmt: skip
            if there[place]:
                nodules.append({"sid": sid, **where, "diameter_mm": 8.0})
    return NoduleCohort(sids, pd.DataFrame(nodules), pd.DataFrame(candidates))


def write_radiographs(folder, subjects=8, edge=16, kind="emphysema"):
    """Two radiographs of each subject; every other subject has a darker, rougher one, and the finding."""
    folder.mkdir(parents=True)
    rng, rows = np.random.default_rng(len(kind)), []
    for number in range(subjects):
        ill = number % 2
        images = rng.normal(0.6 - 0.3 * ill, 0.02 + 0.1 * ill, (2, edge, edge)).clip(0, 1)
        write_images(folder / f"P{number}.npy", images, edge)
        found = {name: int(ill and name == kind) for name in ("covid", "emphysema")}
        rows += [{"sid": f"P{number}", "kind": "radiograph", "file": f"P{number}.npy", "place": place, **found,
                  "abnormal": ill} for place in range(2)]  # fmt: skip
    write_stream(folder, pd.DataFrame(rows))
    return folder
