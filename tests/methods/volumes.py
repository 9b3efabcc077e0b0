"""A few made-up chests as a store of whole lungs, with the class of each voxel."""

import numpy as np

from drasclr_core.anatomy.volumes.cubes import cube_file
from drasclr_core.anatomy.volumes.store import VolumeStore
from drasclr_core.anatomy.volumes.truth import class_file
from drasclr_core.run import Run


def make_volumes(folder, subjects=8, size=16, seed=0):
    """Two dark lungs of five lobes in tissue; each subject has a texture, a density and a place of its own."""
    random, run = np.random.default_rng(seed), Run(str(folder / "run"))
    sids = [f"S{index}" for index in range(subjects)]
    cube_file(run, sids[0], size).parent.mkdir(parents=True)
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, size)] * 3, indexing="ij")
    for sid in sids:
        at, grain = random.uniform(-0.1, 0.1, 3), random.uniform(10, 250)
        side = np.abs(x - at[0]) - 0.5
        lung = (side / 0.4) ** 2 + ((y - at[1]) / 0.8) ** 2 + ((z - at[2]) / 0.9) ** 2 < 1
        lobe = np.where(x > at[0], 1 + (z < 0.3) + (z < -0.2), 4 + (z < 0))
        hu = np.where(lung, random.uniform(-900, -700), 40) + random.normal(0, grain, x.shape)
        np.save(cube_file(run, sid, size), hu.round().astype(np.int16))
        np.save(class_file(run, sid, size), np.where(lung, lobe, 0).astype(np.uint8))
    return VolumeStore(run, sids, size, np.full((subjects, 3), 256.0))
