"""How sharp a reconstruction kernel is, by its name."""

from __future__ import annotations

import re

from drasclr_core.imaging.dicom.headers import Slice

BY_NAME = {"SOFT": 20, "STANDARD": 30, "STND": 30, "CHEST": 45, "DETAIL": 50, "LUNG": 60, "BONE": 70, "BONEPLUS": 75,
           "EDGE": 80, "ULTRA": 80, "A": 20, "B": 30, "C": 45, "L": 60, "D": 70, "YA": 40, "YB": 50, "YC": 60, "YD": 70,
           "E": 80}  # fmt: skip
"""Names of GE and Philips, on the scale of Siemens' numbers."""
UNKNOWN = 40
SIEMENS, CANON = re.compile(r"[A-Z][A-Z]?(\d\d)[A-Z]?(_\d)?"), re.compile(r"FC(\d\d)")
"""Names with a number: B31f, Br40d, I70f_3; FC08."""
CANON_FROM = ((80, 80), (60, 60), (50, 30), (40, 70), (30, 80), (0, 20))
"""From which number on a kernel of Canon has which sharpness: body and head 0, bone 30, lung 50, high resolution 80."""


def kernel_of(one: Slice) -> str:
    """Returns the name of a slice's kernel in capitals, "" where there is none."""
    kernel = one.get("ConvolutionKernel") or ""
    return str(kernel if isinstance(kernel, str) else next(iter(kernel), "")).upper().strip()


def is_known(kernel: str) -> bool:
    """Returns whether a name is that of a kernel, so that a message may show it."""
    return bool(kernel in BY_NAME or SIEMENS.fullmatch(kernel) or CANON.match(kernel))


def sharpness(kernel: str) -> int:
    """Returns how sharp a kernel is, from about 20 (soft) to 80."""
    if found := CANON.match(kernel):
        return next(sharp for start, sharp in CANON_FROM if int(found[1]) >= start)
    found = SIEMENS.fullmatch(kernel)
    return int(found[1]) if found else BY_NAME.get(kernel, UNKNOWN)
