# The DAG of notebooks. `make book` runs it for the demo preset; any other run:
#
#   snakemake --cores 2 --config run=NAME preset=presets/smoke.yaml [manifest=FOLDER_OR_CSV] [atlas_mask=MASK]
#
# Each job is one notebook for one cohort. The stages keep their own pieces (per subject, per epoch) in the run folder, so a
# job that was killed goes on from its last finished piece; only the executed notebook is an output in Snakemake's eyes.

import sys
from pathlib import Path

from drasclr_core.report.preset import Preset
from drasclr_core.run import Run

RUN = config.get("run", "demo")
PRESET = config.get("preset", "presets/demo.yaml")
preset = Preset.load(PRESET)
run = Run(RUN, next(iter(preset.cohorts)))
PAGES = str(run.folder / "notebooks")

AFTER = {
    "01_cohort": [],
    "02_lungs": ["01_cohort"],
    "03_atlas": ["02_lungs"],
    "04_registration": ["03_atlas"],
    "05_patches": ["04_registration"],
    "06_pretrain": ["05_patches"],
    "07_features": ["06_pretrain"],
    "08_realism": ["02_lungs"],
    "10_phenotypes": ["07_features"],
    "60_differences": [],
}
# Settings of the command line that go to one stage.
COPDGENE = ("copdgene_phenotypes", "copdgene_visual", "copdgene_mortality", "phase", "image_pattern")
OVERRIDES = {"manifest": "01_cohort", **dict.fromkeys(COPDGENE, "01_cohort"), "atlas_mask": "03_atlas",
             "real_scan": "08_realism"}


def earlier(wildcards):
    return [f"{PAGES}/{wildcards.cohort}/{stage}.ipynb" for stage in AFTER[wildcards.stage] if stage in preset.stages]


def overrides(wildcards):
    given = [(name, config[name]) for name, stage in OVERRIDES.items() if stage == wildcards.stage and name in config]
    return " ".join(f"-p {name} '{value}'" for name, value in given)


rule book:
    input:
        [f"{PAGES}/{cohort}/{stage}.ipynb" for cohort in preset.cohorts for stage in preset.stages],
        "_config.yml",
        [str(page) for page in sorted(Path("book").rglob("*")) if page.is_file()],
    output:
        str(run.folder / "book" / "html" / "index.html"),
    threads: workflow.cores
    shell:
        f"{sys.executable} -m drasclr_core.report.book --run {RUN} --cohort {run.cohort_name}"


rule stage:
    input:
        earlier,
        notebook="notebooks/{stage}.ipynb",
    output:
        PAGES + "/{cohort}/{stage}.ipynb",
    wildcard_constraints:
        stage=r"\d\d_\w+",
    params:
        values=lambda wildcards: preset.parameters(wildcards.cohort, wildcards.stage),
        overrides=overrides,
    threads: workflow.cores
    shell:
        f"{sys.executable} -m drasclr_core.report.execute {{input.notebook}} --preset {PRESET} --run {RUN}"
        " --cohort {wildcards.cohort} {params.overrides}"
