"""The supervised rows of the paper's Tables 2 and 3: which can be trained here, and their readouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pandas as pd

from drasclr_core.anatomy.volumes import whole_lung_cubes
from drasclr_core.cohort.subjects import read_subjects
from drasclr_core.evaluate.readout.cross_validation import Readout, concat_readouts
from drasclr_core.evaluate.readout.readout import evaluable
from drasclr_core.evaluate.supervised.cross_validation import supervised_readout
from drasclr_core.evaluate.supervised.set_model import trained_readout
from drasclr_core.evaluate.supervised.slices_cnn import SlicesConfig
from drasclr_core.evaluate.supervised.subject2vec import Subject2VecSettings
from drasclr_core.evaluate.supervised.subject_vectors import SubjectVectors
from drasclr_core.evaluate.tasks import Task
from drasclr_core.methods import in_order
from drasclr_core.names import refuse_unknown
from drasclr_core.run import Run
from drasclr_core.values import kind_of, of_type

SETTINGS = {"cnn2d": SlicesConfig, "subject2vec": Subject2VecSettings}
"""The rows, and the settings of their networks."""


class SupervisedRows:
    """Networks that are trained with the labels of the training subjects of each fold, as rows of a table.

    Parameters
    ----------
    run : Run
    names : sequence of str
        Among `SETTINGS`. Those that this cohort cannot train are left out.
    settings : mapping of str to mapping
        Row -> its settings by name, where they differ from the defaults.
    chosen : sequence of str
        The rows that a table names; one that names some has no others.

    Attributes
    ----------
    names : list of str
        The rows that can be trained, in the order of the tables.
    missing : dict of str to str
        Those that cannot -> why.
    vectors : SubjectVectors or None
        Of ``subject2vec``, if it can be trained.

    Raises
    ------
    ValueError
        A row or a setting is unknown, or a setting has a value of another type.
    """

    def __init__(self, run: Run, names: Sequence[str], settings: Mapping[str, Mapping], chosen: Sequence[str] = ()):
        refuse_unknown(names, SETTINGS, "supervised network")
        self.run, self.missing, self.vectors = run, {}, None
        self.names = in_order(name for name in names if not chosen or name in chosen)
        self.settings = {name: _settings(name, settings.get(name, {})) for name in self.names}
        if "subject2vec" in self.names:
            try:
                self.vectors = SubjectVectors.of(run, read_subjects(run), self.settings["subject2vec"])
            except (FileNotFoundError, KeyError, ValueError) as error:
                self.missing["subject2vec"] = str(error.args[0])
                self.names.remove("subject2vec")

    def readout(
        self, tested: pd.DataFrame, tasks: Sequence[Task], folds: int, repeats: int, seed: int, workers: int = 1
    ) -> Readout:
        """Cross-validates every row on every task that the `tested` rows of the subject table allow.

        `tasks, folds, repeats, seed` are as in `readout`, so that folds are those of the other methods; `workers` are
        processes that cut whole lungs out of scans. There is at least one row.
        """
        tasks, _ = evaluable(tested, tasks, folds)
        parts = []
        for name in self.names:
            if name == "cnn2d":
                config = self.settings[name]
                cubes = whole_lung_cubes(self.run, tested, config.size, workers)
                folder = self.run.cohort / "supervised" / name
                parts += [
                    supervised_readout(cubes, tested, task, folder, name, folds, repeats, seed, config)
                    for task in tasks
                ]
            else:
                parts += [trained_readout(self.vectors, tested, task, name, folds, repeats, seed) for task in tasks]
        return concat_readouts(parts)


def _settings(name: str, given: Mapping):
    kind = SETTINGS[name]
    refuse_unknown(given, [one.name for one in fields(kind)], f"setting of {name}")
    defaults, own = kind(), {}
    for key, value in given.items():
        default = getattr(defaults, key)
        try:
            own[key] = of_type(default, value)
        except ValueError:
            raise ValueError(f"{key} of {name} is {value!r}, and must be {kind_of(default)}.") from None
    return kind(**own)
