"""Presets: one YAML file holds every parameter of a run, for all its cohorts and stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

CHOICES = ("only", "without")


@dataclass(frozen=True)
class Preset:
    """The content of ``presets/<name>.yaml``.

    A stage is a notebook. Behind a hyphen it may name a method: ``06_pretrain-drasclr_local`` is notebook 06 run once
    more, with the parameters of ``06_pretrain``, ``method: drasclr_local``, and those given under its own name.

    Attributes
    ----------
    name : str
        Name of the preset.
    stages : dict[str, dict]
        Parameters of each stage (``02_lungs`` …), in the order in which the stages run.
    cohorts : dict[str, dict[str, dict]]
        For each cohort the parameters that differ from `stages`; the first cohort is the main one of the book.
    chosen : dict[str, tuple[str, ...]]
        For each cohort its stages: all, or those of its list ``only``, or all but those of its list ``without``.
    expected_seconds : dict[str, dict[str, float]]
        For each cohort what each stage took when it was last measured; used for the time estimate on screen only.
    """

    name: str
    stages: dict[str, dict]
    cohorts: dict[str, dict[str, dict]]
    chosen: dict[str, tuple[str, ...]]
    expected_seconds: dict[str, dict[str, float]]

    @classmethod
    def load(cls, path: str | Path) -> Preset:
        """Read a preset; raises ValueError that names the file when a key is missing or a stage is unknown."""
        path = Path(path)
        content = yaml.safe_load(path.read_text())
        missing = {"stages", "cohorts"} - set(content or {})
        if missing:
            raise ValueError(f"{path.name}: no {' and no '.join(sorted(missing))}; see presets/demo.yaml for the form")
        stages = {stage: parameters or {} for stage, parameters in content["stages"].items()}
        cohorts, chosen = {}, {}
        for cohort, given in content["cohorts"].items():
            given = dict(given or {})
            only, without = (given.pop(key, default) for key, default in zip(CHOICES, (list(stages), []), strict=True))
            unknown = {*given, *only, *without} - set(stages)
            if unknown:
                raise ValueError(
                    f"{path.name}: cohort {cohort} names {sorted(unknown)}, which are not among its stages"
                )
            cohorts[cohort] = {stage: parameters or {} for stage, parameters in given.items()}
            chosen[cohort] = tuple(stage for stage in stages if stage in only and stage not in without)
        return cls(path.stem, stages, cohorts, chosen, content.get("expected_seconds", {}))

    def parameters(self, cohort: str, stage: str) -> dict:
        """The parameters of one stage for one cohort; a cohort that the preset does not name has nothing of its own."""
        notebook, method = notebook_of(stage), method_of(stage)
        given = self.cohorts.get(cohort, {})
        own = {**self.stages.get(stage, {}), **given.get(stage, {})}
        if not method:
            return own
        return {**self.stages.get(notebook, {}), **given.get(notebook, {}), "method": method, **own}

    def matching(self, cohort: str, pattern: str, method: str = "") -> list[str]:
        """The stages of a cohort that `pattern` means; none if there is no such cohort or stage.

        Parameters
        ----------
        cohort : str
        pattern : str
            A notebook: its stage for the same `method` where there is one, otherwise the one without a method. With a
            ``*`` at its end: for all methods.
        method : str
        """
        stages = [stage for stage in self.chosen.get(cohort, ()) if notebook_of(stage) == pattern.rstrip("*")]
        if pattern.endswith("*"):
            return stages
        return [stage for stage in stages if method_of(stage) == method] or [s for s in stages if not method_of(s)]


def notebook_of(stage: str) -> str:
    """``06_pretrain`` of ``06_pretrain-drasclr_local``."""
    return stage.partition("-")[0]


def method_of(stage: str) -> str:
    """``drasclr_local`` of ``06_pretrain-drasclr_local``; empty without a hyphen."""
    return stage.partition("-")[2]
