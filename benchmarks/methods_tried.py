"""What was tried for each method that the paper compares with: equal time, one readout, on the tuning phantoms alone.

First the phantoms: ``snakemake --cores 2 --config run=tuning preset=presets/tuning.yaml``. Then, as often as need be
(what is done is kept): ``python benchmarks/methods_tried.py [--methods …] [--minutes 2]``; ``--gather`` writes it.
Every try counts: none is left out of the table, and the one with the highest mean R² is marked. Beside them stands what
the network gives before it is trained.
"""

from __future__ import annotations

import argparse
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import DATA, write_table
from recipe import image_features as mean_features
from recipe import r2
from recipes import LABELS

from drasclr_core.files import read_json, write_json
from drasclr_core.methods import PretrainingStage, load_encoder
from drasclr_core.methods.registry import method_class
from drasclr_core.methods.stage import open_patches
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.pretrain.cache import cached
from drasclr_core.represent import image_features, patch_features
from drasclr_core.represent.untrained import untrained_encoder
from drasclr_core.run import Run

COMMON = {"threads": 1, "accelerator": "cpu", "probe_labels": "FEV1pp, FEV1_FVC", "cache_gb": 16.0, "log_every": 5}
"""For all tries; the probe shows the untrained network."""
_VIEWS = {"translate_mm": 6.0, "contrast_p": 0.0}
_CONTRAST = {**_VIEWS, "lr": 0.03, "key_momentum": 0.99}
_CONTEXT = {**_CONTRAST, "batch_size": 32, "norm": "landmark", "bank_size": 128, "graph_bank_size": 256,
            "graph_epochs": 1, "landmark_run_length": 8, "fresh_negatives": True, "max_key_age": 25}  # fmt: skip
_VOLUME = {"batch_size": 16, "cube": 32, "width": 16}
_DIRA = {**_CONTRAST, "batch_size": 64, "bank_size": 512, "adversarial_from": 0.75}
_GENESIS = {"batch_size": 32, "lr": 0.1, "falling_rate": 0.0}
_MOCO = {**_VOLUME, "lr": 0.03, "key_momentum": 0.99, "contrast_p": 0.0}
_SWIN = {"batch_size": 32, "feature_size": 12, "window": 4, "lr": 1e-3}
_UNET = {"crop": 0.75, "local_share": 0.0}
TRIES: dict[str, dict[str, dict]] = {
    "drasclr": {"the presets'": {**_CONTRAST, "batch_size": 32, "bank_size": 128, "norm": "landmark",
                                 "landmarks_per_step": 8, "landmark_run_length": 8, "temperature": 0.1}},
    "models_genesis": {"no inverted cubes, width 4": {**_GENESIS, "width": 4},
                       "no inverted cubes, width 8": {**_GENESIS, "width": 8}},
    "swinunetr": {"rate 0.001, 12 features": _SWIN,
                  "rate 0.0004, 24 features": {**_SWIN, "feature_size": 24, "lr": 4e-4},
                  "temperature 0.1": {**_SWIN, "temperature": 0.1},
                  "rate 0.003": {**_SWIN, "lr": 3e-3},
                  "restoration times 10": {**_SWIN, "restoration_weight": 10.0}},
    "domainclr": {"D": _UNET, "D-": {**_UNET, "strategy": "D-"}},
    "dira": {"temperature 0.2": _DIRA, "temperature 0.1": {**_DIRA, "temperature": 0.1}},
    "context_ssl": {"temperature 0.1": {**_CONTEXT, "temperature": 0.1}, "temperature 0.2": _CONTEXT},
    "moco": {"temperature 0.2": _MOCO, "temperature 0.1": {**_MOCO, "temperature": 0.1}},
    "medicalnet": {"rate 0.1": {**_VOLUME, "lr": 0.1}, "rate 0.01": {**_VOLUME, "lr": 0.01}},
}  # fmt: skip
"""Method -> what is tried -> its settings besides the method's defaults."""
UNTRAINED = "the network untrained"
COLUMNS = ("method", "tried", "seed", "minutes", "steps", "loss, first", "loss, last")
EVERY = 4
"""Of the landmarks that are read out."""


@cache
def patches_of(run: Run):
    """The patches of a run, in memory once for all trainings."""
    return cached(open_patches(run)[0], 16.0)


def stage_of(run: Run, name: str, settings: dict) -> PretrainingStage:
    """The stage 06 of a method with settings, whichever way notebook 06 takes them."""
    stage = PretrainingStage.of(run, {**COMMON, "method": name, "settings": {**settings}})
    return stage._replace(store=patches_of(run)) if stage.method.sees == "patches" else stage


def represented(encoder: PatchEncoder, stage: PretrainingStage, kept: Path) -> np.ndarray:
    """What an encoder says of every subject, float [N, D]: the mean of every fourth landmark where it is a mean."""
    if type(encoder).image_features is PatchEncoder.image_features:
        return mean_features(encoder, stage.store, stage.atlas, stage.settings.augmentation.size, EVERY)
    patch_features(encoder, stage.store, stage.atlas.locations, kept)
    return image_features(encoder, kept).set_index("sid").to_numpy()


def readouts(run: Run, sids: list[str], features: np.ndarray) -> dict[str, float]:
    """Cross-validated R² of a ridge readout of each label."""
    subjects = pd.read_parquet(run.subjects).set_index("sid").loc[sids]
    return {label: round(r2(features, change(subjects[column].to_numpy(dtype=float))), 3)
            for label, (column, change) in LABELS.items()}  # fmt: skip


def measure(run: Run, name: str, tried: str, settings: dict, minutes: float, seed: int) -> dict:
    """Trains once and returns the row of the table."""
    torch.set_num_threads(1)
    folder = folder_of(run, name, tried, seed)
    settings = {"seed": seed, "probe_every": 1000, **settings}
    if "warmup" not in method_class(name).fixed:
        settings = {"warmup": 0.05, **settings}
    stage = stage_of(run, name, settings)._replace(folder=folder, minutes=minutes)
    log, encoder = stage.run(), load_encoder(folder)
    loss = log[next(iter(stage.method.curves))]
    row = {"method": name, "tried": tried, "seed": seed, "minutes": minutes, "steps": int(log["step"].iloc[-1]),
           "loss, first": round(float(loss.iloc[0]), 3),
           "loss, last": round(float(loss.tail(max(1, len(log) // 10)).mean()), 3)}  # fmt: skip
    return row | readouts(run, stage.store.sids, represented(encoder, stage, folder / "patch.zarr"))


def measure_untrained(run: Run, name: str, seed: int) -> dict:
    """The row of the network of a method's first try before any training."""
    tried, settings = next(iter(TRIES[name].items()))
    stage = stage_of(run, name, {"seed": seed, **settings})
    encoder = untrained_encoder(load_encoder(folder_of(run, name, tried, seed)), stage.store, seed)
    features = represented(encoder, stage, folder_of(run, name, UNTRAINED, seed) / "patch.zarr")
    return {"method": name, "tried": UNTRAINED, "seed": seed, "steps": 0} | readouts(run, stage.store.sids, features)


def folder_of(run: Run, name: str, tried: str, seed: int) -> Path:
    """Where a try keeps its encoder."""
    return run.folder / "tried" / f"{name}-{tried}-{seed}".replace(" ", "_")


def gathered(run: Run) -> pd.DataFrame:
    """Everything that was measured so far, with the mean of its R² (below zero counts as zero) and what was best."""
    rows = [read_json(path) for path in (run.folder / "tried").glob("*.json")]
    order = {name: [UNTRAINED, *tries] for name, tries in TRIES.items()}
    rows.sort(key=lambda row: (list(TRIES).index(row["method"]), order[row["method"]].index(row["tried"]), row["seed"]))
    table = pd.DataFrame(rows).reindex(columns=[*COLUMNS, *LABELS])
    table["mean R2"] = table[list(LABELS)].clip(lower=0).mean(axis=1).round(3)
    best = table[table["tried"] != UNTRAINED].groupby("method")["mean R2"].idxmax()
    return table.assign(chosen=np.where(table.index.isin(best), "yes", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="tuning")
    parser.add_argument("--methods", nargs="+", default=list(TRIES), choices=list(TRIES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=2.0, help="for each training, the same for all methods")
    parser.add_argument("--gather", action="store_true", help="only write the book's table of what is done")
    chosen = parser.parse_args()
    run = Run(chosen.run)
    if chosen.gather:
        table = gathered(run)
        tries = int((table["tried"] != UNTRAINED).sum())
        write_table(table.to_dict("records"), "methods_tried", DATA, run=run.name, tries=tries, minutes=chosen.minutes)
        return
    for name in chosen.methods:
        todo = {tried: partial(measure, run, name, tried, settings, chosen.minutes, chosen.seed)
                for tried, settings in TRIES[name].items()}  # fmt: skip
        for tried, action in (todo | {UNTRAINED: partial(measure_untrained, run, name, chosen.seed)}).items():
            kept = folder_of(run, name, tried, chosen.seed)
            kept = kept.with_name(f"{kept.name}.json")
            if not kept.exists():
                write_json(kept, action())
        print(gathered(run).to_string(index=False))


if __name__ == "__main__":
    main()
