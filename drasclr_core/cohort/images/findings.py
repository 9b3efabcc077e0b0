"""When a phantom's radiograph counts as abnormal: by the truth of what is in its lungs, never by the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from drasclr_core.cohort.phantom.truth import EMPHYSEMA, disease_shares

KINDS = {
    "covid": ("ground_glass", "crazy_paving", "consolidation"),
    "emphysema": EMPHYSEMA,
}
"""What makes a radiograph abnormal, and the masks of the truth that belong to it."""


@dataclass(frozen=True)
class Degrees:
    """From which share of the lungs on a disease counts, above 0 and at most 1.

    The default is 5 % for both: more than 5 % of centrilobular emphysema is "moderate" in the Fleischner Society's
    grades (Lynch et al., Radiology 2015), and less is hardly seen on radiographs.
    """

    covid: float = 0.05
    emphysema: float = 0.05

    def __post_init__(self):
        for kind in KINDS:
            if not 0 < getattr(self, kind) <= 1:
                raise ValueError(f"the degree of {kind} is {getattr(self, kind)}: give a share above 0 and at most 1")


DEGREES = Degrees()


def true_shares(truth: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the shares of the lungs with each of `KINDS`, 0 to 1: ``covid_share, emphysema_share``.

    Parameters
    ----------
    truth : dict of arrays [x, y, z]
        See `phantom.load_truth`.

    Raises
    ------
    ValueError
        The truth has no lungs.
    """
    shares = disease_shares(truth)
    return {f"{kind}_share": float(sum(shares[name] for name in names)) for kind, names in KINDS.items()}


def with_findings(table: pd.DataFrame, degrees: Degrees) -> pd.DataFrame:
    """Returns a table with columns of `true_shares` and, after them, ``covid, emphysema, abnormal``: 1, 0 or missing.

    A disease is there (1) where its share is at least the degree; abnormal is who has any. Rows without shares (no
    phantoms) have missing values; a table without these columns stays as it is.
    """
    if any(f"{kind}_share" not in table for kind in KINDS):
        return table
    shares = {kind: table[f"{kind}_share"] for kind in KINDS}
    found = {
        kind: (share >= getattr(degrees, kind)).astype("Int8").mask(share.isna()) for kind, share in shares.items()
    }
    return table.assign(**found, abnormal=pd.DataFrame(found).max(axis=1, skipna=False).astype("Int8"))
