"""The recipes of pretraining that `recipe.py` compares, each as what differs from one of them, at equal computation."""

from __future__ import annotations

import math

import numpy as np

from drasclr_core.anatomy.atlas.atlas import Atlas
from drasclr_core.methods.drasclr import DrasCLR, DrasCLRSettings

BASE = {"batch_size": 32, "bank_size": 128, "norm": "landmark", "landmarks_per_step": 8, "temperature": 0.2,
        "key_momentum": 0.99, "lr": 0.03, "warmup": 0.05, "translate_mm": 6.0, "contrast_p": 0.0,
        "landmark_run_length": 8}  # fmt: skip
RECIPES = {
    "as published": {"norm": "batch", "landmarks_per_step": 1, "batch_size": 128, "bank_size": 512, "temperature": 0.2,
                     "key_momentum": 0.999, "lr": 0.01, "warmup": 0.0, "translate_mm": 12.0, "contrast_p": 0.25,
                     "fresh_negatives": False, "max_key_age": 0, "landmark_run_length": 32},
    "demo until now": {"norm": "batch", "landmarks_per_step": 1, "batch_size": 64, "bank_size": 64, "temperature": 0.1,
                       "key_momentum": 0.9, "warmup": 0.0, "landmark_run_length": 32},
    "base": {},
    "batch norm": {"norm": "batch"},
    "group norm": {"norm": "group"},
    "one landmark": {"landmarks_per_step": 1, "batch_size": 64, "bank_size": 256},
    "4 landmarks": {"landmarks_per_step": 4},
    "16 landmarks": {"landmarks_per_step": 16},
    "temperature 0.1": {"temperature": 0.1},
    "momentum 0.9": {"key_momentum": 0.9},
    "momentum 0.9, alike density": {"key_momentum": 0.9, "alike_density": True},
    "learning rate 0.1": {"lr": 0.1},
    "learning rate 0.01": {"lr": 0.01},
    "shift 12": {"translate_mm": 12.0},
    "contrast 0.25": {"contrast_p": 0.25},
    "temperature 0.1, momentum 0.97": {"temperature": 0.1, "key_momentum": 0.97},
    "temperature 0.1, 64 subjects": {"temperature": 0.1, "batch_size": 64, "bank_size": 256},
    "temperature 0.1, learning rate 0.01": {"temperature": 0.1, "lr": 0.01},
}  # fmt: skip
"""Each row: what differs from `BASE`."""
SPACING_MM = 2.0  # as in presets/tuning.yaml
LABELS = {"logFEV1pp": ("FEV1pp", np.log), "logFEV1/FVC": ("FEV1_FVC", np.log), "CLE": ("CLE", np.asarray),
          "paraseptal": ("paraseptal", np.asarray)}  # fmt: skip

WATCHED = ("loss_local", "loss_neighbor", "chance", "negatives", "accuracy", "alignment", "uniformity")
COLUMNS = ("recipe", "seed", "code", "budget", "steps", "CPU s", *WATCHED, "effective rank", *LABELS)


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
