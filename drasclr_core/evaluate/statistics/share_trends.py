"""How detected shares of the lungs go with the GOLD stage, with the true share, and with it given LAA-950."""

from __future__ import annotations

import pandas as pd

from drasclr_core.evaluate.statistics.trend import jonckheere_terpstra, partial_spearman, spearman

STAGE, TRUTH, BEYOND_LAA = "GOLD", "truth", "truth given LAA-950"
"""What a share is compared with; the last is a partial correlation."""
MEASURES = ("detected", "laa950")
COLUMNS = ["measure", "subtype", "against", "subjects", "jt_z", "jt_p", "spearman", "low", "high"]


def share_trends(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Returns how shares of the lungs go with the stage and, where the truth is known, with the true share.

    Stage and disease go together whatever a detector looks at: one that follows some other sign of severity, such as
    darker lungs, rises with the stage too. What it has seen of its own subtype is what it tells about the true share
    beyond LAA-950, hence the partial correlation.

    Parameters
    ----------
    table : DataFrame
        ``subtype, GOLD, detected, true, laa950``, one row per subject and subtype; shares in any unit. Stages below 0
        (PRISm) take no part in trends with the stage; a missing number leaves its subject out.
    seed : int
        Of permutations, see `jonckheere_terpstra`.

    Returns
    -------
    DataFrame
        ``measure`` (``detected`` or ``laa950``), ``subtype, against`` (``GOLD``, ``truth`` or, of the detected share,
        ``truth given LAA-950``), ``subjects``; ``jt_z, jt_p``, the trend test, with the stage only; ``spearman, low,
        high``, rank correlation and 95 % interval. Without a true share there are only rows against the stage.
    """
    rows = []
    for subtype, own in table.groupby("subtype"):
        for measure in MEASURES:
            staged = own[own["GOLD"] >= 0].dropna(subset=[measure])
            trend = jonckheere_terpstra(staged[measure], staged["GOLD"], seed=seed)
            found = spearman(staged[measure], staged["GOLD"])
            rows.append((measure, subtype, STAGE, len(staged), trend.z, trend.p, *found))
        if own["true"].isna().all():
            continue
        for measure in MEASURES:
            known = own.dropna(subset=[measure, "true"])
            found = spearman(known[measure], known["true"])
            rows.append((measure, subtype, TRUTH, len(known), float("nan"), float("nan"), *found))
        known = own.dropna(subset=["detected", "true", "laa950"])
        found = partial_spearman(known["detected"], known["true"], known["laa950"])
        rows.append(("detected", subtype, BEYOND_LAA, len(known), float("nan"), float("nan"), *found))
    return pd.DataFrame(rows, columns=COLUMNS)
