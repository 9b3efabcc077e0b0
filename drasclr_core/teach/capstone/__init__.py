"""The capstone of the course: reduced phantoms, a training of one's own, phantoms that stay hidden."""

from drasclr_core.teach.capstone.phantoms import SEED, Phantoms, hidden_phantoms, laa950, make_phantoms, open_phantoms
from drasclr_core.teach.capstone.training import STEPS, Training, features, retrained

__all__ = ["SEED", "STEPS", "Phantoms", "Training", "features", "hidden_phantoms", "laa950", "make_phantoms",
           "open_phantoms", "retrained"]  # fmt: skip
