"""How often the scorecard is wrong about one comparison, and how often it finds an advantage as large as the paper's.

A simulation of whole studies, with the rules of `verdicts` and the intervals and tests that the pages use. A label
y ~ N(0, 1) is seen by two methods through features x_d = a y + n_d, with noise n_d ~ N(0, 1) of their own; a method is
better where its a is larger. Least squares on the training folds reads y, and grades are fifths of its distribution.
Everything that a study of this size is uncertain about is in it: who is tested, who trains, and how folds are drawn.
The encoders are given, except where it is asked what happens if another pretraining gives another encoder.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from drasclr_core.evaluate.folds import stratified_folds
from drasclr_core.evaluate.scorecard.pairs import worst_pair
from drasclr_core.evaluate.scorecard.verdicts import NOT_REPRODUCED, REPRODUCED, verdict_of
from drasclr_core.evaluate.scores import PERCENT
from drasclr_core.evaluate.statistics.intervals import draws_needed
from drasclr_core.evaluate.statistics.resampling import SAMPLE, resample_counts
from drasclr_core.evaluate.statistics.significance import corrected_t

FEATURES = 8
"""Features of a method: so many that training subjects matter, so few that 40 of them are enough."""
GRADES = 5
SIMULATED = ("R2", "accuracy", "1-off")
RATES = ("false_reproduced", "false_by_pretraining", "false_not_reproduced", "power")
RIVALS = 6
"""Equally good others of a claim to be better than several: as many as the paper's networks are."""
OF_SEVERAL = ("false_of_several", "power_of_several")
LEAST = 4 * FEATURES
"""Subjects of a study that is simulated; with fewer, training folds would have hardly more subjects than features."""
MOST = 400_000
"""Simulated subjects, at most: very large studies are simulated less often, but at least 50 times."""
_WORTH = np.linspace(0.02, 0.98, 25)  # population R2 of all features together


def verdict_error_rates(found: pd.DataFrame, studies: int = 400, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Returns how often the rule ``better`` errs in studies as large as those of a run.

    Parameters
    ----------
    found : DataFrame
        The comparisons of `scorecard`. Taken are those of rule ``better`` with a metric of `SIMULATED`, at least
        `LEAST` subjects and a difference of the paper above 0.
    studies, folds, seed : int
        Simulated studies for each row (fewer for very large ones, see `MOST`), folds of each study, seed.

    Returns
    -------
    DataFrame
        For each result file and metric a row for the smallest, the median and the largest difference of the paper:
        ``file, metric, subjects, studies, level`` (median score of the other method), ``effect`` (the paper's
        difference); ``false_reproduced``, the share *reproduced* without an advantage; ``false_by_pretraining``, the
        same where the methods are alike and each encoder's score differs from its method's with a standard deviation of
        the median effect; ``false_not_reproduced`` and ``power``, the shares *not reproduced* and *reproduced* with an
        advantage of `effect`; ``false_of_several`` and ``power_of_several``, the same with that advantage over each of
        `RIVALS` equal others. NaN where level and effect together lead beyond what these grades allow. A rate r has a
        standard error of sqrt(r (1 - r) / studies).
    """
    chosen = found[found["rule"].eq("better") & found["metric"].isin(SIMULATED) & (found["paper"] > 0)]
    chosen = chosen[(chosen["subjects"] >= LEAST) & chosen["level"].notna()]
    rows = []
    for (file, metric), part in chosen.groupby(["file", "metric"], sort=False):
        subjects, level = int(part["subjects"].max()), float(part["level"].median())
        least, middle, most = part["paper"].agg(["min", "median", "max"])
        study = Studies(metric, subjects, min(studies, max(50, MOST // subjects)), folds, seed)
        about = {"file": file, "metric": metric, "subjects": subjects, "studies": len(study.label), "level": level}
        none, moved = study.rates(level, 0.0, middle), study.rates(level, 0.0, middle, middle)
        for effect in dict.fromkeys([least, middle, most]):
            there = study.rates(level, effect, effect)
            rates = [none[REPRODUCED], moved[REPRODUCED], there[NOT_REPRODUCED], there[REPRODUCED]]
            several = study.rates(level, effect, effect, rivals=RIVALS)
            rates += [several[NOT_REPRODUCED], several[REPRODUCED]]
            rows.append({**about, "effect": round(effect, 6), **dict(zip(RATES + OF_SEVERAL, rates, strict=True))})
    columns = ["file", "metric", "subjects", "studies", "level", "effect", *RATES, *OF_SEVERAL]
    return pd.DataFrame(rows, columns=columns)


class Studies:
    """Simulated studies of a method and one or several others, on the same subjects and folds.

    The subjects, their folds and the noise are drawn once; what changes between calls is how good the methods are.

    Parameters
    ----------
    metric : str
        One of `SIMULATED`.
    subjects, studies, folds, seed : int
        Subjects in a study, number of studies, folds of each, seed.
    """

    def __init__(self, metric: str, subjects: int, studies: int, folds: int, seed: int):
        rng = np.random.default_rng(seed)
        self.metric, self.folds = metric, folds
        self.label = rng.standard_normal((studies, subjects))
        self.noise = rng.standard_normal((2, studies, subjects, FEATURES))
        self.moved = rng.standard_normal((2, studies))
        self.others = np.random.default_rng([seed, 1]).standard_normal((RIVALS - 1, *self.noise.shape[1:]))
        self.fold = np.array([stratified_folds(label, folds, rng, classes=False) for label in self.label])
        self.counts = resample_counts(subjects, draws_needed(1), seed)
        self.scores = np.array([self._mean_score(worth) for worth in _WORTH])

    def rates(self, level: float, effect: float, paper: float, pretraining: float = 0.0,
              rivals: int = 1) -> dict[str, float]:  # fmt: skip
        """Returns the share of the verdicts *reproduced* and *not reproduced*.

        The mean score of each of the `rivals` (`RIVALS` at most) is `level`, that of the method higher by `effect`; in
        each study the method and the first rival are moved by a normal draw with standard deviation `pretraining`. The
        paper printed the difference `paper`. NaN where no features have such a score.
        """
        wanted = np.array([[level + effect], [level]])
        if not ((self.scores[0] <= wanted) & (wanted <= self.scores[-1])).all():
            return {REPRODUCED: float("nan"), NOT_REPRODUCED: float("nan")}
        wanted = wanted + pretraining * self.moved
        worths = np.interp(wanted, np.maximum.accumulate(self.scores), _WORTH)
        predicted = [self._predict(noise, worth) for noise, worth in zip(self.noise, worths, strict=True)]
        alike = np.interp([level], np.maximum.accumulate(self.scores), _WORTH)
        predicted += [self._predict(noise, alike) for noise in self.others[: rivals - 1]]
        draws = [pd.DataFrame(self._drawn(one)).set_axis(np.arange(len(self.counts)) + SAMPLE) for one in predicted]
        parts = [self._by_fold(one) for one in predicted]
        verdicts = [
            self._verdict([one[study] for one in draws], [one[study] for one in parts], paper)
            for study in range(len(self.label))
        ]
        return {name: verdicts.count(name) / len(verdicts) for name in (REPRODUCED, NOT_REPRODUCED)}

    def _verdict(self, draws: list[pd.Series], parts: list[np.ndarray], paper: float) -> str:
        """Of one study: draws, and scores by fold, of the method and of its rivals."""
        ends = worst_pair(draws[:1], draws[1:], self.metric, self.label.shape[1])
        room = ends["level"] + paper <= (100 if self.metric in PERCENT else 1)
        asked = {"rule": "better", "scope": "all", "metric": self.metric, "paper": paper, "missing": "", "lacks": ""}
        p = max(corrected_t(parts[0], rival, 1 / (self.folds - 1)) for rival in parts[1:])
        return verdict_of({**asked, **ends, "room": room, "p_folds": p, "truth_low": np.nan})

    def _mean_score(self, worth: float) -> float:
        return float(
            np.mean(self._score(self._predict(self.noise[0], np.array(worth)), np.ones((1, self.label.shape[1]))))
        )

    def _predict(self, noise: np.ndarray, worth: np.ndarray) -> np.ndarray:
        """Held-out predictions [studies, subjects] from features that explain the share `worth` of the label."""
        strength = np.sqrt(worth / (1 - worth) / FEATURES)[..., None, None]
        features = strength * self.label[..., None] + noise
        columns = np.concatenate([features, np.ones_like(features[..., :1])], axis=-1)
        tested = self.fold[..., None] == np.arange(self.folds)
        products = np.einsum("snf,sni,snj->sfij", ~tested, columns, columns, optimize=True)
        sums = np.einsum("snf,sni,sn->sfi", ~tested, columns, self.label, optimize=True)
        weights = np.linalg.solve(products, sums[..., None])[..., 0]
        return np.einsum("sni,sfi,snf->sn", columns, weights, tested, optimize=True)

    def _drawn(self, predicted: np.ndarray) -> np.ndarray:
        """Scores of all held-out subjects together [draws, studies], the sample itself first."""
        return self._score(predicted, self.counts)

    def _by_fold(self, predicted: np.ndarray) -> np.ndarray:
        """Scores of each fold [studies, folds]."""
        parts = []
        for study, fold in enumerate(self.fold):
            members = (fold == np.arange(self.folds)[:, None]).astype(float)
            parts.append(self._score(predicted[[study]], members, self.label[[study]])[:, 0])
        return np.array(parts)

    def _score(self, predicted: np.ndarray, counts: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        """Scores [draws, studies] of subjects that count so often [draws, subjects]."""
        label = self.label if label is None else label
        size = counts.sum(axis=1, keepdims=True)
        if self.metric in PERCENT:
            away = np.abs(_grade(label) - _grade(predicted))
            return 100 * (counts @ (away <= (self.metric == "1-off")).T) / size
        mean = counts @ label.T / size
        spread = counts @ (label**2).T - size * mean**2
        return 1 - counts @ ((label - predicted) ** 2).T / spread


def _grade(value: np.ndarray) -> np.ndarray:
    return np.digitize(value, stats.norm.ppf(np.arange(1, GRADES) / GRADES))
