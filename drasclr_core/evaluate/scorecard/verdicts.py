"""Verdicts on claims, by rules that look at nothing but numbers.

An interval answers two questions. Does it leave out "no advantage"? Does it leave out the advantage that the paper
prints? A run that is too small leaves out neither, and then the claim is undecided.
"""

from __future__ import annotations

import numpy as np

from drasclr_core.evaluate.scores import PERCENT

REPRODUCED, NOT_REPRODUCED = "reproduced", "not reproduced"
UNDECIDED, UNTESTABLE = "undecided", "cannot be tested"
CLAIM_VERDICTS = (REPRODUCED, NOT_REPRODUCED, UNDECIDED, UNTESTABLE)
ALIKE = 2.5
"""Largest difference that counts as none, in points."""
NEGLIGIBLE = 0.1
"""A rank correlation below this is called none (Cohen 1988: 0.1 is small)."""
TAIL = 0.025
FOLDS = 0.05
"""Level of the one-sided test over folds that a claim needs beside its interval."""

RULES = {
    "better": "Reproduced: the 95 % interval of the difference lies above 0, and so says the test over folds. Not "
    "reproduced: the interval reaches down to 0 and does not reach up to the paper's difference (where that is below "
    "0: to 0). Undecided: everything else.",
    "alike": "Reproduced: the interval lies within ±2.5 points (0.025 for fractions), a little more than the largest "
    "difference that the paper itself calls none (2.1, CLE 1-off in Table 9), and so say two tests over folds, one "
    "for each end. Not reproduced: it lies outside. Undecided: it does neither.",
    "folds": "The bootstrap takes the trained models as they are. Whether other training subjects would turn the "
    "difference is asked of the corrected resampled t-test over folds (Nadeau and Bengio 2003), one-sided, p of 0.05 "
    "or below; of several methods the largest p counts. Reproduced needs both. Neither sees that another pretraining "
    "would have given another encoder: for that each method must be pretrained with several seeds.",
    "seeds": "As better, for tasks that are trained anew with each seed, three of which test every subject once: the "
    "interval is Student's over seeds, with the correction for training sets that overlap. What they begin from was "
    "pretrained once: another pretraining is not in the interval. The second paper's abstract gives no number; a "
    "difference below 2.5 points counts as none.",
    "correlated": "As better, for a rank correlation. The paper gives no number; one below 0.1 counts as none.",
    "rises": "For a few subjects: exact permutation test of Jonckheere and Terpstra. Reproduced: p of rising is 0.025 "
    "or below. Not reproduced: p of falling is.",
    "truth": "Where the true share of the lungs is known, a trend with the stage counts only if the detected share "
    "also goes with the true one: the interval of their rank correlation given LAA-950, over all subjects, must lie "
    "above 0. Where it holds nothing above 0.1, the claim is not reproduced.",
    "apart": "As correlated, for the rank-biserial correlation between two regions of one subject, with an interval "
    "over subjects (Student's t).",
    "factor": "As better, for a ratio: 1 instead of 0 means no advantage. Its interval is a jackknife over tested "
    "folds. Reproduced needs, besides, p of 0.025 or below when the two methods are exchanged within pairs of seed and "
    "fold. An upper end at the largest factor that the run could see is open: then the claim cannot fail.",
    "cost": "Time or memory on the authors' machines. No result file of a run can confirm or refute it: it is listed "
    "and not judged. What the steps of this book cost is on its pages about provenance and benchmarks.",
    "all": "A claim about several comparisons is reproduced if each one is, and not reproduced if one is not, by an "
    "interval widened for their number k, to 100 - 5/k % (Bonferroni), because among many one would fail by chance.",
    "most": "A claim about most comparisons is reproduced if more than half are, not reproduced if half or more are "
    "not.",
    "several": "A claim to be better than several methods is one about each pair: reproduced if the method is better "
    "in every pair, not reproduced if it is not in one, by an interval widened for the number of pairs. If the run "
    "lacks some, it can fail and cannot be reproduced.",
    "interval": "Bootstrap over the tested subjects, the same ones for all methods. For accuracies never shorter than "
    "with one more subject on either side (Bonett and Price 2012): else a run in which both methods predict nearly "
    "everyone alike would look certain.",
    "draws": "The ends are percentiles of the draws where there are 400 draws or more for each comparison of the "
    "claim, so that ten lie beyond either end. With fewer they are those of a normal distribution with the standard "
    "deviation of the draws; such intervals are marked *.",
    "room": "Where the other method scores so high that the paper's difference on top would be more than perfect, a "
    "claim cannot fail as long as the interval reaches up to 0. An interval wholly below 0 refutes it all the same.",
    "cannot": "No comparison of the claim can be made: the run has no such result file, method or task. Where only "
    "some can, the others count as undecided.",
}
"""What the page says about how verdicts are made."""


def verdict_of(row: dict) -> str:
    """Returns the verdict, one of `CLAIM_VERDICTS`, on one comparison: a `row` of `evidence`.

    In claims about all of several, not reproduced is read off the wide interval.

    Raises
    ------
    ValueError
        There is no such rule.
    """
    if row["missing"]:
        return UNTESTABLE
    low, high = row["low"], row["high"]
    far_low, far_high = (row["wide_low"], row["wide_high"]) if row["scope"] == "all" else (low, high)
    unfounded = row["truth_low"] <= 0  # false where no truth is known, which is NaN
    trained, room = True, row["room"]
    if row["rule"] == "rises":
        holds, fails = row["p_up"] <= TAIL, row["p_down"] <= TAIL
    elif row["rule"] == "alike":
        reach, trained = margin(row["metric"]), row["p_folds"] <= FOLDS
        holds, fails, room = low > -reach and high < reach, far_low > reach or far_high < -reach, True
    elif row["rule"] in ("better", "seeds", "correlated", "apart", "factor"):
        none = 1.0 if row["rule"] == "factor" else 0.0
        paper = NEGLIGIBLE if row["rule"] in ("correlated", "apart") else row["paper"]
        paper = margin(row["metric"]) if row["rule"] == "seeds" else paper
        # Where the paper's own numbers are against its claim, only an interval below 0 refutes it.
        holds, fails = low > none, far_low <= none and far_high < max(paper, none)
        if row["rule"] in ("better", "seeds"):
            # No advantage is possible at all: how large one there is room for does not matter.
            trained, room = row["p_folds"] <= FOLDS, room or far_high < none
    else:
        raise ValueError(
            f"there is no rule {row['rule']!r}: "
            "it must be one of better, seeds, alike, correlated, rises, apart, factor"
        )
    if row["rule"] == "factor":
        holds = holds and row["p_up"] <= TAIL
    holds, fails = holds and not unfounded, fails or (unfounded and row["truth_high"] < NEGLIGIBLE)
    if holds:
        return REPRODUCED if trained and not row["lacks"] else UNDECIDED
    return NOT_REPRODUCED if fails and room else UNDECIDED


def margin(metric: str) -> float:
    """Returns the largest difference of a `metric` that counts as none: `ALIKE`, as a fraction where scores are."""
    return ALIKE if metric in PERCENT else ALIKE / 100


def combine(verdicts: list[str], scope: str) -> str:
    """Returns the verdict on a claim from the `verdicts` on its comparisons; `scope` is ``all`` or ``most``.

    Raises
    ------
    ValueError
        There is no comparison, or no such scope.
    """
    if not verdicts or scope not in ("all", "most"):
        raise ValueError(f"{len(verdicts)} comparisons and scope {scope!r}: there must be one, and 'all' or 'most'")
    count, good, bad = len(verdicts), verdicts.count(REPRODUCED), verdicts.count(NOT_REPRODUCED)
    if verdicts.count(UNTESTABLE) == count:
        return UNTESTABLE
    if scope == "all":
        return NOT_REPRODUCED if bad else REPRODUCED if good == count else UNDECIDED
    return REPRODUCED if good > count / 2 else NOT_REPRODUCED if bad >= count / 2 else UNDECIDED


def size(row: dict) -> str:
    """Returns how a difference or factor compares with the paper's: ``smaller``, ``larger``, ``compatible``, or empty.

    Empty where there is no interval, no number of the paper, or no room for it in the `row` of `evidence`.
    """
    if row["missing"] or not row["room"] or not np.isfinite([row["low"], row["high"], row["paper"]]).all():
        return ""
    return "smaller" if row["high"] < row["paper"] else "larger" if row["low"] > row["paper"] else "compatible"
