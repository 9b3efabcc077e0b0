"""Simulated chest CT with a known truth, and all that is made of it: clinical labels, boxes, whole cohorts.

`subject` says who is simulated and how ill; `anatomy`, `disease` and `scan` make the picture and its truth
(`simulate`), `labels` what people write down, `cohort` a run's cohort; `realism` compares with people.
"""

from drasclr_core.cohort.phantom.cohort import make_cohort
from drasclr_core.cohort.phantom.scan.radiograph import film, radiograph
from drasclr_core.cohort.phantom.simulate import Phantom, simulate
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.phantom.truth import GENERATOR, load_truth, save_truth

__all__ = ["GENERATOR", "Phantom", "draw_traits", "film", "load_truth", "make_cohort", "radiograph", "save_truth",
           "simulate"]  # fmt: skip
