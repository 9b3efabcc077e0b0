"""What a recipe of pretraining is worth: equal computation, one probe, on the tuning phantoms alone.

First the phantoms: ``snakemake --cores 2 --config run=tuning preset=presets/tuning.yaml``. Then, as often as need be
(what is done is kept): ``python benchmarks/recipe.py [--names …] [--seeds 0 1 2]``; ``--gather`` writes the table.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import DATA, write_table
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.files import read_json, write_json
from drasclr_core.methods import load_encoder
from drasclr_core.methods.drasclr import DrasCLR, DrasCLRSettings
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain import pretrain
from drasclr_core.pretrain.cache import cached
from drasclr_core.run import Run

BASE = {"batch_size": 32, "bank_size": 128, "norm": "landmark", "landmarks_per_step": 8, "temperature": 0.2,
        "key_momentum": 0.99, "lr": 0.03, "warmup": 0.05, "translate_mm": 6.0, "contrast_p": 0.0,
        "landmark_run_length": 8}  # fmt: skip
RECIPES = {
    "base": {},
    "batch norm": {"norm": "batch"},
    "group norm": {"norm": "group"},
    "one landmark": {"landmarks_per_step": 1, "batch_size": 64, "bank_size": 256},
    "temperature 0.1": {"temperature": 0.1},
    "momentum 0.9": {"key_momentum": 0.9},
    "learning rate 0.1": {"lr": 0.1},
    "shift 12": {"translate_mm": 12.0},
    "contrast 0.25": {"contrast_p": 0.25},
}  # fmt: skip
"""Each row: what differs from `BASE`."""
SPACING_MM = 2.0  # as in presets/tuning.yaml
LABELS = {"logFEV1pp": ("FEV1pp", np.log), "logFEV1/FVC": ("FEV1_FVC", np.log), "CLE": ("CLE", np.asarray),
          "paraseptal": ("paraseptal", np.asarray)}  # fmt: skip


def folder_of(run: Run) -> Path:
    """Where encoders and rows are kept."""
    return run.folder / "recipe"


def forwards(settings: dict) -> int:
    """Forward-equivalents of an anchor: query with its gradient 3, key 1, each neighbour of its own 3."""
    own = settings.get("neighbors", 2) if settings["landmarks_per_step"] == 1 else 0
    return 4 + 3 * own


def settings_of(recipe: str, seed: int, budget: float, store, atlas: Atlas) -> DrasCLRSettings:
    """The settings of a recipe, ended after the step in which its budget of forward-equivalents is spent."""
    chosen = BASE | RECIPES[recipe] | {"seed": seed, "threads": 1, "accelerator": "cpu", "probe_every": 0,
                                       "cache_gb": 16.0}  # fmt: skip
    size, patches = round(atlas.patch_size * atlas.spacing / SPACING_MM), len(store.sids) * store.num_landmarks
    epochs = budget / forwards(chosen) / patches
    chosen["epochs"] = math.ceil(epochs)
    whole = DrasCLR(DrasCLR.configure(size, SPACING_MM, chosen), atlas).sampler(len(store.sids), 1).steps(0)
    return DrasCLR.configure(size, SPACING_MM, chosen | {"most_steps": max(1, round(epochs * whole))})


def r2(features: np.ndarray, label: np.ndarray) -> float:
    """Cross-validated R² of a ridge readout, mean over four times five folds."""
    known = np.isfinite(label)
    features, label = features[known], label[known]
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13)))
    found = []
    for repeat in range(4):
        folds = KFold(5, shuffle=True, random_state=repeat)
        predicted = cross_val_predict(model, features, label, cv=folds)
        found.append(1 - np.mean((label - predicted) ** 2) / np.var(label))
    return float(np.mean(found))


def effective_rank(features: np.ndarray) -> float:
    """Participation ratio of the variances along the principal axes: how many directions subjects differ in."""
    variances = np.linalg.eigvalsh(np.cov(features.T))
    return float(variances.sum() ** 2 / np.square(variances).sum())


@torch.inference_mode()
def image_features(encoder, store, atlas: Atlas, size: int, every: int = 2) -> np.ndarray:
    """Mean representation over every second landmark, float [N, rep_dim]."""
    locations, total = torch.as_tensor(atlas.locations), 0.0
    chosen = range(0, len(locations), every)
    for landmark in chosen:
        views = center_views(torch.from_numpy(store.read(landmark, np.arange(len(store.sids)))), size)[:, None]
        total = total + encoder(views, locations[landmark])
    return (total / len(chosen)).double().numpy()


def measure(run: Run, store, atlas: Atlas, recipe: str, seed: int, budget: float) -> dict:
    """Trains by one recipe and returns its row of the table."""
    settings = settings_of(recipe, seed, budget, store, atlas)
    out, began = folder_of(run) / f"{recipe}-{seed}".replace(" ", "_"), time.process_time()
    log = pretrain(store, atlas, out, DrasCLR, settings)
    spent, size = time.process_time() - began, settings.augmentation.size
    features = image_features(load_encoder(out), store, atlas, size)
    subjects = pd.read_parquet(run.subjects).set_index("sid").loc[store.sids]
    last = log.tail(max(1, len(log) // 10)).mean()
    row = {"recipe": recipe, "seed": seed, "budget": round(budget), "steps": settings.most_steps,
           "CPU s": round(spent, 1)}  # fmt: skip
    row |= {name: round(float(last[name]), 3) for name in ("loss_local", "loss_neighbor", "chance", "accuracy",
                                                           "negatives", "alignment", "uniformity")}  # fmt: skip
    row["effective rank"] = round(effective_rank(features), 2)
    for name, (column, change) in LABELS.items():
        row[name] = round(r2(features, change(subjects[column].to_numpy(dtype=float))), 3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="tuning")
    parser.add_argument("--names", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--budget", type=float, default=300_000, help="forward-equivalents of a training, in patches")
    parser.add_argument("--gather", action="store_true", help="only write the book's table of what is done")
    chosen = parser.parse_args()
    run = Run(chosen.run)
    if not chosen.gather:
        atlas, store = Atlas.load(run.atlas), cached(PatchStore.open(run.patches), 16.0)
        for seed in chosen.seeds:
            for recipe in chosen.names:
                kept = folder_of(run) / f"{recipe}-{seed}-{chosen.budget:.0f}.json".replace(" ", "_")
                if not kept.exists():
                    write_json(kept, measure(run, store, atlas, recipe, seed, chosen.budget))
    rows = [read_json(path) for path in sorted(folder_of(run).glob("*.json"))]
    order = list(RECIPES)
    rows = sorted(rows, key=lambda row: (row["budget"], order.index(row["recipe"]), row["seed"]))
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if chosen.gather:
        write_table(rows, "recipe", DATA, subjects=256, tries=len(rows))


if __name__ == "__main__":
    main()
