"""Presets: one YAML file holds every parameter of a run, for all its cohorts and stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Preset:
    """The content of ``presets/<name>.yaml``.

    Attributes
    ----------
    name : str
        Name of the preset.
    stages : dict[str, dict]
        Parameters of each stage notebook (``02_lungs`` …), in the order in which the stages run.
    cohorts : dict[str, dict[str, dict]]
        For each cohort the parameters that differ from `stages`; the first cohort is the main one of the book.
    expected_seconds : dict[str, float]
        What each stage took when it was last measured; used for the time estimate on screen only.
    """

    name: str
    stages: dict[str, dict]
    cohorts: dict[str, dict[str, dict]]
    expected_seconds: dict[str, float]

    @classmethod
    def load(cls, path: str | Path) -> Preset:
        """Read a preset; raises ValueError that names the file when a key is missing or a stage is unknown."""
        path = Path(path)
        content = yaml.safe_load(path.read_text())
        missing = {"stages", "cohorts"} - set(content or {})
        if missing:
            raise ValueError(f"{path.name}: no {' and no '.join(sorted(missing))}; see presets/demo.yaml for the form")
        stages = {stage: parameters or {} for stage, parameters in content["stages"].items()}
        cohorts = {cohort: parameters or {} for cohort, parameters in content["cohorts"].items()}
        for cohort, parameters in cohorts.items():
            unknown = set(parameters) - set(stages)
            if unknown:
                raise ValueError(f"{path.name}: cohort {cohort} sets {sorted(unknown)}, which are not among its stages")
        return cls(path.stem, stages, cohorts, content.get("expected_seconds", {}))

    def parameters(self, cohort: str, stage: str) -> dict:
        """The parameters of one stage for one cohort."""
        return {**self.stages[stage], **self.cohorts[cohort].get(stage, {})}
