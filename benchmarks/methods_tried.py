"""What was tried for each method that the paper compares with: equal time, one readout, on the tuning phantoms alone.

First the phantoms: ``snakemake --cores 2 --config run=tuning preset=presets/tuning.yaml``. Then, as often as need be
(what is done is kept): ``python benchmarks/methods_tried.py [--methods …] [--minutes 3]``; ``--gather`` writes it.
Every try counts: none is left out of the table, and the one with the highest mean R² is marked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import DATA, write_table
from recipe import LABELS, r2

from drasclr_core.files import read_json, write_json
from drasclr_core.methods import PretrainingStage, load_encoder
from drasclr_core.methods.stage import open_patches
from drasclr_core.pretrain.cache import cached
from drasclr_core.represent import image_features, patch_features
from drasclr_core.run import Run

COMMON = {"threads": 1, "accelerator": "cpu", "probe_labels": "FEV1pp, FEV1_FVC", "cache_gb": 16.0, "log_every": 5}
"""For all tries; the probe shows the untrained network."""
_VIEWS = {"translate_mm": 6.0, "contrast_p": 0.0}
_CONTRAST = {**_VIEWS, "lr": 0.03, "key_momentum": 0.99}
_CONTEXT = {**_CONTRAST, "batch_size": 32, "norm": "landmark", "bank_size": 128, "graph_bank_size": 256,
            "graph_epochs": 1, "landmark_run_length": 8, "fresh_negatives": True, "max_key_age": 25}  # fmt: skip
_VOLUME = {"batch_size": 16, "cube": 32, "width": 16}
TRIES: dict[str, dict[str, dict]] = {
    "drasclr": {"the presets'": {**_CONTRAST, "batch_size": 32, "bank_size": 128, "norm": "landmark",
                                 "landmarks_per_step": 8, "landmark_run_length": 8, "temperature": 0.1}},
    "models_genesis": {"no inverted cubes": {"batch_size": 32, "width": 4, "lr": 0.1, "falling_rate": 0.0},
                       "as published": {"batch_size": 32, "width": 4, "lr": 1.0}},
    "swinunetr": {"rate 1e-3": {"feature_size": 12, "window": 4, "lr": 1e-3},
                  "rate 4e-4, 24 features": {"feature_size": 24, "window": 4, "lr": 4e-4}},
    "domainclr": {"D": {"crop": 0.75, "local_share": 0.0}, "D-": {"strategy": "D-", "crop": 0.75, "local_share": 0.0}},
    "dira": {"bank 512": {**_CONTRAST, "batch_size": 64, "bank_size": 512, "adversarial_from": 0.75},
             "temperature 0.1": {**_CONTRAST, "batch_size": 64, "bank_size": 512, "temperature": 0.1,
                                 "adversarial_from": 0.75}},
    "context_ssl": {"temperature 0.1": {**_CONTEXT, "temperature": 0.1}, "temperature 0.2": _CONTEXT},
    "moco": {"cube 32": {**_VOLUME, "lr": 0.03, "key_momentum": 0.99, "contrast_p": 0.0},
             "cube 32, temperature 0.1": {**_VOLUME, "lr": 0.03, "key_momentum": 0.99, "contrast_p": 0.0,
                                          "temperature": 0.1}},
    "medicalnet": {"rate 0.1": {**_VOLUME, "lr": 0.1}, "rate 0.01": {**_VOLUME, "lr": 0.01}},
}  # fmt: skip
"""Method -> what is tried -> its settings besides the method's defaults."""
TRIAL_STEPS = 20
"""Of a short training, whose median step is the pace of a method."""


def steps_for(run: Run, name: str, settings: dict, minutes: float) -> int:
    """Returns how many steps of a method take so many minutes of this machine, if nothing else runs on it."""
    with tempfile.TemporaryDirectory() as folder:
        quick = settings | {"epochs": 1000, "most_steps": TRIAL_STEPS, "probe_every": 0, "log_every": 1}
        log = stage_of(run, name, quick)._replace(folder=Path(folder), labels=None).run()
    pace = log["seconds"].diff().iloc[2:].median()
    return max(TRIAL_STEPS, round(60 * minutes / pace))


@cache
def patches_of(run: Run):
    """The patches of a run, in memory once for all trainings."""
    return cached(open_patches(run)[0], 16.0)


def stage_of(run: Run, name: str, settings: dict) -> PretrainingStage:
    """The stage 06 of a method with settings, whichever way notebook 06 takes them."""
    stage = PretrainingStage.of(run, {**COMMON, "method": name, "settings": {**settings}})
    return stage._replace(store=patches_of(run)) if stage.method.sees == "patches" else stage


def measure(run: Run, name: str, tried: str, settings: dict, minutes: float, seed: int) -> dict:
    """Trains once and returns the row of the table."""
    torch.set_num_threads(1)
    settings = {"seed": seed, "warmup": 0.05, **settings}
    settings |= {"most_steps": steps_for(run, name, settings, minutes), "epochs": 1000, "probe_every": 1000}
    folder = run.folder / "tried" / f"{name}-{tried}-{seed}".replace(" ", "_")
    stage, began = stage_of(run, name, settings)._replace(folder=folder), time.process_time()
    log, encoder, spent = stage.run(), load_encoder(folder), time.process_time() - began
    patch_features(encoder, stage.store, stage.atlas.locations, folder / "patch.zarr")
    features = image_features(encoder, folder / "patch.zarr").set_index("sid").to_numpy()
    subjects = pd.read_parquet(run.subjects).set_index("sid").loc[stage.store.sids]
    loss = log[next(iter(stage.method.curves))]
    row = {"method": name, "tried": tried, "seed": seed, "CPU minutes": round(spent / 60, 2),
           "steps": int(log["step"].iloc[-1]), "loss, first": round(float(loss.iloc[0]), 3),
           "loss, last": round(float(loss.tail(max(1, len(log) // 10)).mean()), 3)}  # fmt: skip
    for label, (column, change) in LABELS.items():
        row[label] = round(r2(features, change(subjects[column].to_numpy(dtype=float))), 3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="tuning")
    parser.add_argument("--methods", nargs="+", default=list(TRIES), choices=list(TRIES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--minutes", type=float, default=3.0, help="of a processor for each training, the same for all methods"
    )
    parser.add_argument("--gather", action="store_true", help="only write the book's table of what is done")
    chosen = parser.parse_args()
    run = Run(chosen.run)
    if not chosen.gather:
        for name in chosen.methods:
            for tried, settings in TRIES[name].items():
                kept = run.folder / "tried" / f"{name}-{tried}-{chosen.seed}.json".replace(" ", "_")
                if not kept.exists():
                    write_json(kept, measure(run, name, tried, settings, chosen.minutes, chosen.seed))
    rows = [read_json(path) for path in sorted((run.folder / "tried").glob("*.json"))]
    table = pd.DataFrame(rows)
    table["mean R2"] = table[list(LABELS)].clip(lower=0).mean(axis=1).round(3)
    best = table.groupby("method")["mean R2"].transform("max")
    table["chosen"] = np.where(table["mean R2"] == best, "yes", "")
    if chosen.gather:
        write_table(table.to_dict("records"), "methods_tried", DATA, run=run.name, tries=len(rows))
    else:
        print(table.to_string(index=False))


if __name__ == "__main__":
    main()
