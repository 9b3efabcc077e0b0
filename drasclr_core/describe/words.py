"""The sentences of the report on one scan; they follow its numbers."""

from __future__ import annotations

import numpy as np

from drasclr_core.describe.among_cohort import NEIGHBOURS, USUAL
from drasclr_core.describe.description import Description
from drasclr_core.imaging.constants import EMPHYSEMA_WINDOW

MEANING = {
    "ok": "Every measure of the scan and of its alignment is within the usual range.",
    "review": "Something is unusual. Look at the pictures before you trust the numbers.",
    "refused": "This scan cannot be used, so nothing was computed from it.",
}
UNLIKE = {
    "inside": "By its features this scan is as like the cohort as the cohort's subjects are like each other.",
    "edge": "By its features this scan is at the edge of what the cohort shows.",
    "outside": "By its features this scan is unlike every subject of the cohort.",
}
ABOUT_DENSITY = (
    "LAA-950 is the share of lung voxels below -950 HU; below the 15th percentile lies the darkest 15 % of the lungs. "
    "Both depend on how the scan was made: noise, a sharp kernel and full inspiration darken, contrast agent and thick "
    "slices brighten. They are measured at the voxel size of the run; averaging a finer scan lowers its LAA-950."
)
DOUBT = (
    "Emphysema is dark. Where hardly anything of what a detector marks is below -950 HU, doubt the detector first: it "
    "may go by something else than disease."
)
ABOUT_3D = (
    "The lungs as glass, seen from the front: the subject's right is on the left. Red: centrilobular, yellow: "
    "paraseptal emphysema, as detected."
)


def lead(found: Description) -> str:
    """The sentence under the title."""
    made = found.made
    subject = f" This is subject {made['subject']} of that cohort." if made["subject"] else ""
    whose = "simulated cohort" if made["simulated"] else "cohort"
    return f"One chest CT, described by run {made['run']} (trained on its {whose} {made['cohort']}).{subject}"


def warning(found: Description) -> str:
    """That this is not for care, and how far the scan is from what the model knows."""
    text = "<p><strong>Not for clinical use.</strong> "
    if found.made["simulated"]:
        text += "The encoder and the detectors were trained on simulated phantoms, not on people. "
        text += "What they say about a real scan is not validated for any purpose.</p>"
    else:
        text += "This is research software, and is not validated for any decision about a patient.</p>"
    if found.place is not None and found.place.verdict != "inside":
        text += f"<p><strong>{UNLIKE[found.place.verdict]}</strong> Take what the model says about it as a "
        text += "demonstration of the method, not as findings (see “Among the cohort”).</p>"
    return text


def about_slices(found: Description) -> str:
    """What the pictures show."""
    (low, high), edge = EMPHYSEMA_WINDOW, found.made["patch_size"] * found.made["spacing_mm"]
    text = (
        f"CT in the window {low:.0f} to {high:.0f} HU: healthy lung is light, emphysema dark. "
        "The subject's right is on the left. "
    )
    if not found.maps:
        return text
    return text + (
        f"A colour says: the cube of {edge:g} mm round this voxel looks to the detector like patches with this subtype "
        "(probability 0.5 or more). So colours are as coarse as the cube, and cover more than the diseased tissue."
    )


def about_place(found: Description) -> str:
    """How to read the comparison with the cohort."""
    place, whom = found.place, cohort_words(found)
    text = (
        f"{UNLIKE[place.verdict]} It differs from the {NEIGHBOURS} most similar subjects by {place.distance:.2f} "
        f"standard deviations per feature on average; the {whom} differ from those most similar to them by "
        f"{np.median(place.usual):.2f} (median), at most {place.usual.max():.2f}. "
    )
    if not np.isnan(place.odd_landmarks):
        text += (
            f"At {place.odd_landmarks:.0f} % of the landmarks its patch is odd: less like the cohort's patches there "
            f"than {USUAL:.0f} % of them are like each other ({100 - USUAL:.0f} % would be usual). "
        )
    return text + (
        "An encoder answers for any input, also for one unlike all it has seen. A large distance says not to believe "
        "it; a small one proves nothing."
    )


def cohort_words(found: Description) -> str:
    """Whom the scan is compared with, as "63 simulated subjects"."""
    kind = "simulated subjects" if found.made["simulated"] else "subjects of the cohort"
    return f"{len(found.place.points)} {kind}"
