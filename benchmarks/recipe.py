"""What a recipe of pretraining is worth: equal computation, one probe, on the tuning phantoms alone.

First the phantoms: ``snakemake --cores 2 --config run=tuning preset=presets/tuning.yaml``. Then, as often as need be
(what is done is kept): ``python benchmarks/recipe.py [--names …] [--seeds 0 1 2]``; ``--gather`` writes the table.
A longer training is another ``--budget``, with a table of its own.
"""

from __future__ import annotations

import argparse
import copy
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from common import DATA, write_table
from recipe_table import all_tries, draw, means, with_earlier
from recipes import COLUMNS, LABELS, RECIPES, SPACING_MM, WATCHED, settings_of

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.differences.norms import apart
from drasclr_core.evaluate.body import effective_rank
from drasclr_core.evaluate.features import by_subject, read_features
from drasclr_core.files import read_json, write_json
from drasclr_core.methods import load_encoder
from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.model.inputs import center_views
from drasclr_core.pretrain import pretrain
from drasclr_core.pretrain.cache import cached
from drasclr_core.pretrain.probe import probe_score
from drasclr_core.pretrain.resume import run_key
from drasclr_core.provenance import code_version
from drasclr_core.run import Run

NORMS = {"base": "landmark", "batch norm": "batch, pooled", "group norm": "group"}
BUDGET = 400_000
"""Forward-equivalents of a training, in patches, that all rows of the book's table have."""
MARKS = ("laa950", "kmeans", "divergence")


def folder_of(run: Run) -> Path:
    """Where encoders and rows are kept."""
    return run.folder / "recipe"


def trained_at(run: Run, recipe: str, seed: int, budget: float) -> Path:
    """The folder of a training's encoder; its row is the file of this name with ``.json``."""
    return folder_of(run) / f"{recipe}-{seed}-{budget:.0f}".replace(" ", "_")


def r2(features: np.ndarray, label: np.ndarray) -> float:
    """Cross-validated R² of a ridge readout, mean over four times five folds."""
    return float(np.mean([probe_score(features, label, repeat) for repeat in range(4)]))


@torch.inference_mode()
def image_features(encoder, store, atlas: Atlas, size: int, every: int = 2) -> np.ndarray:
    """Mean representation over every second landmark, float [N, rep_dim]."""
    locations, total = torch.as_tensor(atlas.locations), 0.0
    chosen = range(0, len(locations), every)
    for landmark in chosen:
        views = center_views(torch.from_numpy(store.read(landmark, np.arange(len(store.sids)))), size)[:, None]
        total = total + encoder(views, locations[landmark])
    return (total / len(chosen)).double().numpy()


def measured_row(run: Run, store, atlas: Atlas, recipe: str, seed: int, budget: float) -> dict:
    """The row that is kept, if it is of today's recipe, labels and patches; else trains and keeps it."""
    settings, out = settings_of(recipe, seed, budget, store, atlas), trained_at(run, recipe, seed, budget)
    kept, key = out.with_name(f"{out.name}.json"), run_key(store, atlas, DrasCLR.name, settings)
    row = read_json(kept)
    if row.get("key") != key or not row.keys() >= LABELS.keys():
        row = measure(run, store, atlas, recipe, seed, budget) | {"key": key}
        write_json(kept, row)
    return row


def measure(run: Run, store, atlas: Atlas, recipe: str, seed: int, budget: float) -> dict:
    """Trains by one recipe and returns its row of the table."""
    settings, out = settings_of(recipe, seed, budget, store, atlas), trained_at(run, recipe, seed, budget)
    shutil.rmtree(out, ignore_errors=True)  # what an interrupted training cost is not known
    began = time.process_time()
    log = pretrain(store, atlas, out, DrasCLR, settings)
    spent, size = time.process_time() - began, settings.augmentation.size
    features = image_features(load_encoder(out), store, atlas, size)
    subjects = pd.read_parquet(run.subjects).set_index("sid").loc[store.sids]
    last = log.tail(max(1, len(log) // 10)).mean()
    row = {"recipe": recipe, "seed": seed, "code": code_version()["sha"], "budget": round(budget),
           "steps": settings.most_steps, "CPU s": round(spent, 1)}  # fmt: skip
    row |= {name: round(float(last[name]), 3) for name in WATCHED}
    row["effective rank"] = round(effective_rank(features), 2)
    for name, (column, change) in LABELS.items():
        row[name] = round(r2(features, change(subjects[column].to_numpy(dtype=float))), 3)
    return row


@torch.no_grad()
def trained_and_used(encoder, store, atlas: Atlas, size: int, batch: int = 32, seed: int = 0) -> dict[str, float]:
    """How far h after training is from h in a training batch, and how unevenly landmarks speak after training.

    The first is a root mean square difference, in standard deviations of h over subjects, by landmark; the second the
    variance of h over subjects, of the loudest landmark divided by that of the quietest.
    """
    random, locations = np.random.default_rng(seed), torch.as_tensor(atlas.locations)
    found, variances = [], []
    for landmark, location in enumerate(locations):
        people = random.permutation(len(store.sids))[:batch]
        views = center_views(torch.from_numpy(store.read(landmark, people)), size)[:, None]
        trained, used = copy.deepcopy(encoder).train()(views, location), encoder(views, location)
        found.append(apart(trained, used))
        variances.append(float(used.var(dim=0).sum()))
    return {"apart, median": round(float(np.median(found)), 2), "apart, most": round(max(found), 2),
            "loudest / quietest": round(max(variances) / min(variances), 1)}  # fmt: skip


def norms(run: Run, store, atlas: Atlas, rows: list[dict]) -> list[dict]:
    """The rows of the three normalisations, with how far training and use are apart, and what use costs."""
    size, table = round(atlas.patch_size * atlas.spacing / SPACING_MM), []
    for row in rows:
        if row["recipe"] in NORMS and row["seed"] == 0:
            encoder = load_encoder(trained_at(run, row["recipe"], 0, row["budget"]))
            distance = trained_and_used(encoder, store, atlas, size)
            began = time.process_time()
            image_features(encoder, store, atlas, size, every=16)
            gains = {name: round(row["chance"] - row[f"loss_{name}"], 2) for name in ("local", "neighbor")}
            table.append({"norm": NORMS[row["recipe"]], **distance, "use, CPU s": round(time.process_time() - began, 2),
                          "local loss below guessing": gains["local"], "neighbouring": gains["neighbor"],
                          **{name: row[name] for name in LABELS}})  # fmt: skip
    return table


def marks(run: Run) -> dict[str, dict[str, float]]:
    """R² of the same probe on hand-made features of the same phantoms (notebook 09), by feature and label."""
    subjects, found = pd.read_parquet(run.subjects), {}
    for name in MARKS:
        table = by_subject(read_features(run, subjects, name), name)
        known = subjects.set_index("sid").loc[table.index]
        labels = {label: change(known[column].to_numpy(dtype=float))
                  for label, (column, change) in LABELS.items()}  # fmt: skip
        found[name] = {label: round(r2(table.to_numpy(), values), 3) for label, values in labels.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="tuning")
    parser.add_argument("--names", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--budget", type=float, default=BUDGET, help="forward-equivalents of a training, in patches")
    parser.add_argument("--gather", action="store_true", help="only write the book's table of what is done")
    chosen = parser.parse_args()
    run = Run(chosen.run)
    if not chosen.gather:
        atlas, store = Atlas.load(run.atlas), cached(PatchStore.open(run.patches), 16.0)
        for seed in chosen.seeds:
            for recipe in chosen.names:
                measured_row(run, store, atlas, recipe, seed, chosen.budget)
    kept = [read_json(path) for path in sorted(folder_of(run).glob("*.json"))]
    measured = [row for row in kept if row["budget"] == round(chosen.budget)]
    if chosen.budget != BUDGET:
        if chosen.gather:
            rows = sorted(measured, key=lambda row: (list(RECIPES).index(row["recipe"]), row["seed"]))
            shown = [{name: row[name] for name in COLUMNS} for row in rows]
            table = write_table(shown, "recipe_longer", DATA, run=run.name)
            write_table(means(table), "recipe_longer_means", DATA, run=run.name)
        return
    rows = with_earlier(measured, DATA / "benchmark_recipe.csv")
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if chosen.gather:
        tries = all_tries(kept, DATA / "benchmark_recipe.csv")
        write_table(rows, "recipe", DATA, run=run.name, tries=tries)
        write_table(means(table), "recipe_means", DATA, run=run.name, tries=tries)
        atlas, store = Atlas.load(run.atlas), PatchStore.open(run.patches)
        if {row["recipe"] for row in measured if row["seed"] == 0} >= set(NORMS):
            write_table(norms(run, store, atlas, measured), "norms", DATA, run=run.name)
        known = marks(run)
        write_table([{"features": name, **value} for name, value in known.items()], "recipe_marks", DATA, run=run.name)
        draw(table, known, DATA / "benchmark_recipe.svg")


if __name__ == "__main__":
    main()
