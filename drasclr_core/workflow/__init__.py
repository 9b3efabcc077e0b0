"""Presets, executing notebooks, and the book that is made of them.

Each notebook says in its own metadata what comes before it, how it runs and where in the book it stands (`stages`), so
that a new stage is a new notebook. ``python -m drasclr_core.workflow.execute`` runs one stage, the ``Snakefile`` all
stages of a preset, and ``python -m drasclr_core.workflow.book`` builds the book.
"""

from drasclr_core.workflow.check import check_parameters, expect
from drasclr_core.workflow.preset import Preset
from drasclr_core.workflow.shown_files import shown_file
from drasclr_core.workflow.stages import Notebook, read_notebooks

__all__ = ["Notebook", "Preset", "check_parameters", "expect", "read_notebooks", "shown_file"]
