"""What can be chosen about dense inference."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CHECKED = 10


@dataclass(frozen=True, kw_only=True)
class DenseOptions:
    """How many voxels the encoder evaluates, and on how many its error is measured.

    Attributes
    ----------
    stride : int
        Voxels between the points of the lattice, whose three indices are multiples of it; 1 is every voxel.
    block : int
        Edge in voxels, in whole strides, of the blocks on which kernels are held constant: those of the middle of the
        block's points. Up to the stride, each point has its own.
    exact : bool
        Every point gets its own location's kernels, and batch norm is not folded; `block` and `check` are ignored, for
        probabilities `stride` and `budget` too.
    budget : float
        Evaluations that refinement of a probability may spend, per point of the lattice (see `Field.refine`); 0 leaves
        refinement out.
    threshold : float
        Probability from which on a voxel belongs to the mask, and near which cells are refined.
    check : int
        Lung voxels on which the error against the exact mode is measured; 0 leaves it out. Features are compared at
        voxels drawn from all lungs; of a probability only half are drawn so, and half where decisions are close.
    seed : int
        Chooses these voxels.
    batch_size : int or None
        Patches that go through the encoder at once; None takes what is fast on the device.

    Raises
    ------
    ValueError
        A stride or block below 1, a negative `check`, one that is no whole number, or so few voxels to check that not
        each distance from the threshold has some.
    """

    stride: int = 4
    block: int = 8
    exact: bool = False
    budget: float = 0.5
    threshold: float = 0.5
    check: int = 300
    seed: int = 0
    batch_size: int | None = None

    def __post_init__(self):
        for name, least in (("stride", 1), ("block", 1), ("check", 0)):
            value = getattr(self, name)
            if value != int(value) or value < least:
                raise ValueError(f"{name} is {value}; it must be a whole number, at least {least}.")
        if 0 < self.check < LEAST_CHECKED:
            raise ValueError(f"check is {self.check}; it must be 0, for no check, or at least {LEAST_CHECKED}.")


DEFAULT = DenseOptions()
