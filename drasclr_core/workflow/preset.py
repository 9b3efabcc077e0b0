"""Presets: one YAML file holds every parameter of a run, for all its cohorts and stages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drasclr_core.methods import method_class, method_files
from drasclr_core.workflow.parameters import checked, nearest, refuse_place
from drasclr_core.workflow.preset_file import LISTS, read_preset
from drasclr_core.workflow.stages import (
    COHORTS,
    STAGES,
    Notebook,
    notebook_of,
    owners,
    plain,
    read_notebooks,
    suffix_of,
)

OF_ANY_METHOD = ("method", "variant_of", "atlas", "settings", "probe_labels", "epochs", "minutes", "batch_size", "seed")
"""Parameters of stage 06 that are no method's own (some of `pretrain.settings.BUDGET` among them)."""


@dataclass(frozen=True)
class Preset:
    """The content of ``presets/<name>.yaml``.

    A stage with a suffix, ``06_pretrain-drasclr_local``, has the parameters of ``06_pretrain``, those given under its
    own name, and the suffix as value of the parameter that its notebook names for it (`Notebook.named_by`): ``method:
    drasclr_local``. Every value is of its parameter's type, so that a name such as 2024_01 stays text.

    Attributes
    ----------
    name : str
        Name of the preset.
    notebooks : dict[str, Notebook]
        From `read_notebooks`.
    stages : dict[str, dict]
        Parameters of each stage (``02_lungs`` …); first those that the file lists, then those that follow from them
        (`Notebook.for_each`).
    cohorts : dict[str, dict[str, dict]]
        For each cohort the parameters that differ from `stages`; the first cohort is the main one of the book.
    chosen : dict[str, tuple[str, ...]]
        For each cohort its stages, sorted: all, or those of its list ``only``, or all but those in ``without``.
    """

    name: str
    notebooks: dict[str, Notebook]
    stages: dict[str, dict]
    cohorts: dict[str, dict[str, dict]]
    chosen: dict[str, tuple[str, ...]]

    @classmethod
    def load(cls, path: str | Path, notebooks: dict[str, Notebook] | None = None, stage: str = "") -> Preset:
        """Returns the preset of a file.

        Parameters
        ----------
        path : path
        notebooks : dict of str to Notebook, optional
            By default the project's.
        stage : str
            The one whose method's settings are checked, which loads PyTorch where it has any; by default all stages.

        Raises
        ------
        ValueError
            The file has another form (see `read_preset`), or a stage or a parameter is unknown or has a value that is
            not allowed; the message names the file, the cohort, the stage and the nearest known name.
        """
        path, notebooks = Path(path), notebooks or read_notebooks()
        content = read_preset(path)
        listed = _checked(content["stages"], notebooks, path.name)
        stages = {one: listed.get(one, {}) for one in _followed(listed, notebooks)}
        cohorts, chosen = {}, {}
        for cohort, given in content["cohorts"].items():
            given = dict(given or {})
            only, without = (given.pop(key, None) or default for key, default in zip(LISTS, (stages, ()), strict=True))
            for one in {*given, *only, *without} - set(stages):
                raise ValueError(f"{path.name}: cohort {cohort} names {one!r}, no stage of it{nearest(one, stages)}")
            cohorts[cohort] = _checked(given, notebooks, f"{path.name}, cohort {cohort}")
            chosen[cohort] = tuple(one for one in _followed(only, notebooks) if one not in without)
            for one in stages:
                if "variant_of" in notebooks[notebook_of(one)].parameters and stage in ("", one):
                    own = {**stages[one], **cohorts[cohort].get(one, {})}
                    _check_method(suffix_of(one), own, f"{path.name}, cohort {cohort}, stage {one}")
        return cls(path.stem, notebooks, stages, cohorts, chosen)

    def parameters(self, cohort: str, stage: str) -> dict:
        """Returns what the preset sets for a stage of a cohort; ValueError for a cohort or a stage it does not have."""
        for name, known in ((cohort, self.cohorts), (stage, self.stages)):
            if name not in known:
                raise ValueError(f"preset {self.name}: no {name!r}{nearest(name, known)}")
        notebook, suffix, given = notebook_of(stage), suffix_of(stage), self.cohorts[cohort]
        own = {**self.stages[stage], **given.get(stage, {})}
        if not suffix:
            return own
        about = self.notebooks[notebook]
        if about.for_each:
            # What names the variants before it: the features of an encoder are those of its atlas.
            first = stage.replace(notebook, about.for_each, 1)
            names = {other.named_by for other in self.notebooks.values()} & set(about.parameters)
            from_first = self.parameters(cohort, first) if first in self.stages else {}
            own = {name: value for name, value in from_first.items() if name in names} | own
        return {**self.stages.get(notebook, {}), **given.get(notebook, {}), **own, about.named_by: suffix}

    def values(self, cohort: str, stage: str) -> dict:
        """Returns every parameter with which a stage of a cohort runs, also those left at their defaults."""
        defaults = {name: one.default for name, one in self.notebooks[notebook_of(stage)].parameters.items()}
        return defaults | self.parameters(cohort, stage)

    def before(self, cohort: str, stage: str) -> list[tuple[str, str]]:
        """Returns the stages that come before a stage of a cohort, as (cohort, stage); see `Notebook.after`."""
        values, found = self.values(cohort, stage), []
        for entry in self.notebooks[notebook_of(stage)].after:
            named_by = self.notebooks[plain(entry)].named_by
            for other in self.cohorts if entry.startswith(COHORTS) else [cohort]:
                stages = [one for one in self.chosen[other] if notebook_of(one) == plain(entry)]
                if not entry.endswith(STAGES):
                    same = [one for one in stages if suffix_of(one) and suffix_of(one) == values.get(named_by)]
                    stages = same or [one for one in stages if not suffix_of(one)]
                found += [(other, one) for one in stages]
        return found


def _checked(stages: dict, notebooks: dict[str, Notebook], where: str) -> dict[str, dict]:
    """Stages and their parameters as a preset gives them, each value of its parameter's type."""
    for stage in stages:
        notebook, suffix = notebook_of(stage), suffix_of(stage)
        if notebook not in notebooks:
            raise ValueError(f"{where}: no notebook {notebook!r}{nearest(notebook, notebooks)}")
        if suffix and not notebooks[notebook].named_by:
            raise ValueError(f"{where}: stage {stage!r}: {notebook} is run once, without a suffix")
        if suffix and not re.fullmatch(r"\w+", suffix):
            raise ValueError(f"{where}: stage {stage!r}: a suffix is of letters, digits and _")
        if suffix and suffix == notebooks[notebook].parameters[notebooks[notebook].named_by].default:
            raise ValueError(f"{where}: stage {stage!r} is {notebook!r}: leave the suffix out, or take another")
        refuse_place(stages[stage] or {}, f"{where}, stage {stage}")
    others = owners(notebooks)
    return {stage: checked(notebooks[notebook_of(stage)].parameters, given or {}, f"{where}, stage {stage}", others)
            for stage, given in stages.items()}  # fmt: skip


def _check_method(method: str, given: dict, where: str) -> None:
    """Raises ValueError for a pretraining method that does not exist, or a parameter that it would not look at."""
    name = given.get("variant_of") or method or given.get("method")
    if not name:
        return
    if name not in method_files():
        raise ValueError(f"{where}: no pretraining method {name!r}{nearest(name, method_files())}")
    own = set(given) - set(OF_ANY_METHOD) if method else set()  # variants share what the stage without suffix is given
    if own or given.get("settings"):  # else nothing is asked that takes torch to answer
        kind = method_class(name)
        for setting in set(given.get("settings") or {}) - set(kind.Settings.names()):
            raise ValueError(f"{where}: {name} has no setting {setting!r}{nearest(setting, kind.Settings.names())}")
        for parameter in sorted(own & set(kind.fixed)):
            raise ValueError(f"{where}: {parameter} is always {kind.fixed[parameter]} in {name}; leave it out")
        for parameter in sorted(own - set(kind.takes)):
            hint = f"put it into settings: {{{parameter}: …}}" if parameter in kind.Settings.names() else "it has none"
            raise ValueError(f"{where}: {name} does not look at the parameter {parameter!r}; {hint}")


def _followed(stages: Iterable[str], notebooks: dict[str, Notebook]) -> list[str]:
    """These stages and those that follow each of them (`Notebook.for_each`), in the order of their names."""
    pairs = [(about.for_each, name) for name, about in notebooks.items() if about.for_each]
    more = [stage.replace(first, name, 1) for stage in stages for first, name in pairs if notebook_of(stage) == first]
    return sorted({*stages, *more})
