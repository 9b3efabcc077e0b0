"""Small made-up result files, for a claim of each rule and each verdict."""

from pathlib import Path

import numpy as np
import pandas as pd


def write_bootstrap(folder: Path, stem: str, cells: list[tuple], spread: float = 1.0, draws: int = 400) -> Path:
    """``<stem>_bootstrap.csv`` with draws around the mean of each (task, metric, method, mean); methods independent."""
    rng, parts = np.random.default_rng(0), []
    for task, metric, method, mean in cells:
        noise = np.concatenate([[0.0], spread * rng.standard_normal(draws)])
        where = {"method": method, "task": task, "metric": metric, "draw": np.arange(draws + 1) - 1}
        parts.append(pd.DataFrame({**where, "value": mean + noise}))
    path = folder / f"{stem}_bootstrap.csv"
    pd.concat(parts).to_csv(path, index=False)
    return path


def write_folds(folder: Path, stem: str, cells: list[tuple], spread: float = 0.1, subjects: int = 10**6) -> Path:
    """``<stem>_folds.csv``: five folds around each mean, of so many subjects that the interval is that of the draws."""
    rng, rows = np.random.default_rng(1), []
    for task, metric, method, mean in cells:
        where = {"method": method, "task": task, "metric": metric, "repeat": 0}
        for fold, noise in enumerate(spread * rng.standard_normal(5)):
            sizes = {"n_train": subjects * 4 // 5, "n_test": subjects // 5}
            rows.append({**where, "fold": fold, "value": mean + noise, **sizes})
    path = folder / f"{stem}_folds.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def write_results(folder: Path, stem: str, cells: list[tuple], spread: float = 1.0) -> None:
    """Draws and folds of one table, the folds with a tenth of the spread."""
    write_bootstrap(folder, stem, cells, spread)
    write_folds(folder, stem, cells, spread / 10)


def write_figures(folder: Path, rising: float = 1.0, low: float = 0.2, saved: float = 3.0) -> None:
    """``fig3_truth.csv``, ``fig3_regions.csv``, ``fig4_trend.csv`` and ``fig5_saved.csv``.

    `rising` turns the trend over the five stages; `low` is the lower end of correlations.
    """
    subtypes = ("centrilobular", "paraseptal")
    stages = np.arange(5)
    maps = [
        {
            "sid": stage,
            "GOLD": stage,
            "subtype": subtype,
            "method": method,
            "detected_share": 0.1 + rising * 0.02 * stage,
        }
        for subtype in subtypes
        for method in ("drasclr_finetuned", "laa950")
        for stage in stages
    ]
    pd.DataFrame(maps).to_csv(folder / "fig3_truth.csv", index=False)
    trends = [
        {"subtype": subtype, "against": against, "subjects": 60, "spearman": low + 0.2, "low": low, "high": low + 0.4}
        for subtype in subtypes
        for against in ("GOLD", "truth", "truth given LAA-950")
    ]
    pd.DataFrame(trends).to_csv(folder / "fig4_trend.csv", index=False)
    regions = [
        {"source": source, "measure": name, "rank_biserial": low + 0.2, "low": low, "high": low + 0.4}
        for source in ("detected", "true")
        for name in ("depth", "height")
    ]
    pd.DataFrame(regions).to_csv(folder / "fig3_regions.csv", index=False)
    factors = [
        {
            "subtype": subtype,
            "factor": saved,
            "low": saved / 1.5,
            "high": saved * 1.5,
            "paper_factor": paper,
            "p": 0.001 if saved > 1.5 else 0.5,
            "censored": "",
        }
        for subtype, paper in zip(subtypes, (2.0, 5.0), strict=True)
    ]
    pd.DataFrame(factors).to_csv(folder / "fig5_saved.csv", index=False)
