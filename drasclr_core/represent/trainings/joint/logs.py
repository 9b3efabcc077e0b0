"""How the trainings of joint image-volume learning went: which there are, what differs, what their losses say."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from drasclr_core.files import read_json
from drasclr_core.methods import in_order, row_of
from drasclr_core.model.weights import CONFIG
from drasclr_core.run import Run

SHOWN = {"engine": "Engine", "schedule": "Schedule", "attention": "Attention", "intra_weight": "Weight of slices",
         "mask_weight": "of hidden slices", "inter_weight": "of volumes", "prototypes": "Clusters of slices",
         "volume_prototypes": "Clusters of volumes"}  # fmt: skip
"""Settings in which joint trainings differ, and how a table calls them."""

FEW = 0.25
"""A share of the clusters in use below which most samples lie in a few of them."""


def joint_trainings(run: Run) -> dict[str, pd.DataFrame]:
    """Returns the log of every training that keeps an encoder of images and volumes, in the order of the tables."""
    there = [path.parent for path in run.pretrain().parent.glob(f"*/{CONFIG}") if (path.parent / "log.csv").exists()]
    names = in_order(one.name for one in there if read_json(one / CONFIG).get("model_type") == "image_volume")
    return {name: pd.read_csv(run.pretrain(name) / "log.csv") for name in names}


def joint_settings(run: Run, logs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns a row for each training: its name, the settings of `SHOWN`, whether it saw images, steps and minutes."""
    rows = []
    for name, log in logs.items():
        config = read_json(run.pretrain(name) / CONFIG)["config"]
        about = {called: config[setting] for setting, called in SHOWN.items()}
        last = log.iloc[-1]
        rows.append({"Training": row_of(name).name, **about, "Images": "yes" if config["images"] else "no",
                     "Steps": int(last["step"]), "Minutes": round(last["seconds"] / 60, 1)})  # fmt: skip
    return pd.DataFrame(rows)


def joint_sentence(name: str, log: pd.DataFrame) -> str:
    """Returns what the losses of one training say, first and last tenth of its steps, as Markdown."""
    first, last = log.head(_tenth(log)).mean(), log.tail(_tenth(log)).mean()
    parts = []
    if (log["loss_intra"] != 0).any():
        gained = "below" if last["loss_intra"] < last["chance"] else "not below"
        parts.append(f"the clusters of slices and images are told at a loss of {last['loss_intra']:.2f} (at first "
                     f"{first['loss_intra']:.2f}), {gained} the {last['chance']:.2f} of guessing, with "
                     f"{100 * last['in_use_2d']:.0f} % of the clusters in use")  # fmt: skip
    if (log["loss_mask"] != 0).any():
        parts.append(f"hidden slices leave an error of {last['loss_mask']:.2f} (at first {first['loss_mask']:.2f}; "
                     "guessing the mean costs 1)")  # fmt: skip
    if (log["loss_inter"] != 0).any():
        parts.append(f"the clusters of volumes at {last['loss_inter']:.2f} (at first {first['loss_inter']:.2f}), with "
                     f"{100 * last['in_use_3d']:.0f} % of them in use")  # fmt: skip
    few = " Few clusters are in use: a low loss is easy then, and says little." if few_clusters(log) else ""
    return f"**{row_of(name).name}**: {'; '.join(parts)}.{few}"


def few_clusters(log: pd.DataFrame) -> bool:
    """Returns whether, at the end of a training, most slices or most volumes lie in a few of the clusters (`FEW`)."""
    last = log.tail(_tenth(log)).mean()
    clustered = [kind for kind, loss in (("2d", "loss_intra"), ("3d", "loss_inter")) if (log[loss] != 0).any()]
    return min((last[f"in_use_{kind}"] for kind in clustered), default=1.0) < FEW


def _tenth(log: pd.DataFrame) -> int:
    return max(1, len(log) // 10)
