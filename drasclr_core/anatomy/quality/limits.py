"""What each measure of a scan may be, and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from drasclr_core.anatomy.lungs.sides import LUNGS_L


@dataclass(frozen=True)
class Limit:
    """The ranges of one measure: inside `good` it is fine, inside `usable` to be reviewed, outside refused.

    Ranges are inclusive and in the measure's unit (see `measures`); `reason` is what a quality table says, with the
    number in its place, `basis` where the ranges come from.
    """

    measure: str
    good: tuple[float, float]
    usable: tuple[float, float]
    reason: str
    basis: str


ANY = (-inf, inf)
PAIRS = "ten pairs of real lungs, well aligned, in a trial that is not kept"
CHESTS = "40 phantoms and 4 real scans"
LIMITS = (
    Limit("volume_l", (2.0, 10.0), LUNGS_L, "lungs hold {:.1f} l",
          "adults at inspiration have about 2.5 to 9 l, at expiration about half"),
    Limit("left_to_right", (0.6, 1.3), (0.15, 6.5), "left lung is {:.2f} times the right one",
          "the left lung holds about 45 %; disease and surgery of one side shift it"),
    Limit("top_cut_cm2", (0.0, 3.0), (0.0, inf), "apices cut: {:.0f} cm² of lung on the highest slice",
          "a whole lung ends in a tip"),
    Limit("bottom_cut_cm2", (0.0, 3.0), (0.0, inf), "bases cut: {:.0f} cm² of lung on the lowest slice",
          "a whole lung ends in a thin edge"),
    Limit("mean_hu", (-930.0, -600.0), (-1000.0, -350.0), "lungs have {:.0f} HU on average",
          "from severe emphysema to severe consolidation"),
    Limit("air_hu", (-1060.0, -940.0), ANY, "air has {:.0f} HU instead of -1000: values shifted or scaled?",
          f"-1000 by definition; {CHESTS}: -1025 to -990; a shift of 60 HU is noticed"),
    Limit("tissue_hu", (10.0, 75.0), ANY, "muscle and organs have {:.0f} HU instead of 40: values shifted?",
          f"{CHESTS}: 30 to 55; a shift of 60 HU is noticed"),
    Limit("slice_mm", (0.0, 5.0), (0.0, 12.5), "slices of {:.1f} mm",
          "the paper has 0.6 to 1.25 mm; a patch of 32 mm needs at least a few slices"),
    Limit("body_across", (0.0, 2.0), (0.0, inf), "the body leaves the scan at its sides ({:.1f} times as much as at "
          "head and foot): is the orientation right?",
          "a chest fills a third to two thirds of the first and last slice and hardly reaches the other sides"),
    Limit("right_left", (-0.25, inf), ANY, "heart and liver lie on the wrong sides: is the scan mirrored?",
          f"{CHESTS}: 0.1 to 6; mirrored: the same, negative"),
    Limit("front_back", (-0.2, inf), ANY, "the spine lies in front: are front and back exchanged?",
          f"{CHESTS}: 0.26 to 0.9; turned: the same, negative"),
    Limit("head_foot", (-0.3, inf), ANY, "the windpipe lies below: is the scan upside down?",
          f"{CHESTS}: 0.79 to 1; turned: the same, negative"),
    Limit("gap_mm", (0.0, 0.0), (0.0, inf), "slices missing or at uneven steps: a gap of {:.3g} mm was interpolated",
          "interpolation blurs a nodule; from 10 mm on the reader refuses the series"),
    Limit("cut_files", (0.0, 0.0), (0.0, inf),
          "files beside the slices that are empty or cut: {:.0f}; copy the series again",
          "a slice that is missing at an end of the series leaves no gap"),
    Limit("dice", (0.75, inf), (0.60, inf), "warped lungs overlap the atlas by only {:.2f} (Dice)",
          f"{PAIRS}: 0.77 to 0.90; 40 mm off: 0.41 to 0.65"),
    Limit("dice_right", (0.65, inf), (0.40, inf), "right lung overlaps the atlas' right one by only {:.2f} (Dice)",
          "nine of these pairs: 0.72 to 0.93; sides swapped: 0"),
    Limit("dice_left", (0.65, inf), (0.40, inf), "left lung overlaps the atlas' left one by only {:.2f} (Dice)",
          "nine of these pairs: 0.78 to 0.89; sides swapped: 0"),
    Limit("determinant", (0.30, 3.3), (0.10, 10.0), "volume changes {:.2f} times on the way to the atlas",
          "100 real affines to COPDGene's reference, inspiration and expiration: 0.39 to 2.13"),
    Limit("shear", (0.0, 0.35), (0.0, 0.80), "shear of {:.2f}", "the same affines: up to 0.28"),
    Limit("landmarks_inside", (0.65, inf), (0.50, inf), "a share of {:.2f} of the lungs' landmarks lies in the lungs",
          f"{PAIRS}: 0.69 to 0.91"),
)  # fmt: skip
"""Every limit; the reasons in a quality table are made from these lines."""
