"""What detectors say, in words: shares of the lungs by stage, trends, boxes that pretraining saves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drasclr_core.report.words import listed


def share_answer(shares: pd.DataFrame) -> str:
    """Returns in Markdown which share of the lungs is marked in each stage, and what is true.

    Parameters
    ----------
    shares : DataFrame
        ``subtype, stage, detected, true``: stages in words, from mild to severe; shares of the lungs from 0 to 1,
        `true` is NaN where nobody knows it. Several subjects of a stage are averaged.
    """
    if shares.empty:
        return "**This run has no maps.**"
    parts, beyond = [], []
    for subtype, own in shares.groupby("subtype", sort=False):
        means = own.groupby("stage", sort=False)[["detected", "true"]].mean()
        told = []
        for stage, row in means.iterrows():
            told.append(
                f"{stage} {100 * row.detected:.0f} %" + (f" ({100 * row.true:.0f} %)" if pd.notna(row.true) else "")
            )
        parts.append(f"{subtype} {', '.join(told)}")
        known = own.dropna(subset="true")
        if len(known):
            points = 100 * (known["detected"] - known["true"]).mean()
            beyond.append(f"{abs(points):.0f} points {'more' if points >= 0 else 'less'} than is ill ({subtype})")
    text = (
        f"**Share of the lungs that is marked{', and in brackets what is ill' if beyond else ''}: {'; '.join(parts)}.**"
    )
    if beyond:
        text += f" On the mean the maps mark {' and '.join(beyond)}: regions, not lesions."
    return text


def trend_answer(trends: pd.DataFrame) -> str:
    """Returns in Markdown which detected shares rise with the stage, and which say more of the truth than LAA-950.

    Parameters
    ----------
    trends : DataFrame
        Of detected shares: ``subtype, against, subjects, jt_p, spearman, low, high``, from `share_trends`.
    """
    staged = trends[trends["against"] == "GOLD"]
    if staged.empty:
        return "**This run cannot say:** no share of a detector, or no stages."
    told = []
    for row in staged.itertuples():
        if np.isnan(row.spearman):
            told.append(f"is the same in all for {row.subtype} emphysema, so that no rank can be told")
            continue
        verb = "rises" if row.jt_p < 0.05 else "does not clearly rise"
        strength = f"{row.spearman:.2f}".replace("-", "−")
        told.append(f"{verb} for {row.subtype} emphysema (rank correlation {strength})")
    many = int(staged["subjects"].max())
    text = f"**With the GOLD stage of {many} subjects the detected share of the lungs {listed(told)}.**"
    given = trends[trends["against"].str.contains("given")]
    if len(given):
        more = [row.subtype for row in given.itertuples() if row.low > 0]
        text += (f" Beyond LAA-950 it says something of the true share for {listed(more)}." if more
                 else " Beyond LAA-950 it says nothing clear of the true share.")  # fmt: skip
    return text


def factor_answer(saved: pd.DataFrame, level: float = 0.025) -> str:
    """Returns in Markdown how many boxes from scratch one box is worth after pretraining, and whether that is clear.

    Parameters
    ----------
    saved : DataFrame
        ``subtype, factor, low, high, p``, from `saved_annotation`.
    level : float
        Of the one-sided test; above it, or with an interval that holds 1, a factor is not clear.
    """
    if saved.empty:
        return "**This run cannot say:** too few annotated boxes."
    parts = []
    for row in saved.itertuples():
        interval = f" ({row.low:.2g} to {row.high:.2g})" if pd.notna(row.low) else ""
        parts.append(f"{row.factor:.2g} for {row.subtype} emphysema{interval}")
    clear = [row.subtype for row in saved.itertuples() if row.low > 1 and row.p <= level]
    unclear = "Neither is clear" if len(saved) > 1 else "It is not clear"
    verdict = f"It is clear for {listed(clear)}" if clear else unclear
    return (
        f"**How many boxes from scratch one box is worth after pretraining: {listed(parts)}.** {verdict}, by interval "
        "and test; 1 would save nothing."
    )
