# The DAG of notebooks. `make book` runs it for the demo preset; any other run:
#
#   snakemake --cores 2 --config run=NAME preset=presets/smoke.yaml [manifest=FOLDER_OR_CSV] [atlas_mask=MASK] [shards=64]
#
# Each job is one notebook for one cohort. The stages keep their own pieces (per subject, per epoch) in the run folder, so a
# job that was killed goes on from its last finished piece; only the executed notebook is an output in Snakemake's eyes.
# With `shards` above 1, stages that treat subjects one by one run as so many jobs first; the stage's own job then finds
# every subject done and makes the tables and pictures of the cohort. In a run of two cohorts two jobs run at a time, each
# with half the cores, because much of a stage is done by one core however many there are (`at_once=1`: with all cores).

import sys
from pathlib import Path

from drasclr_core.workflow.preset import Preset, method_of, notebook_of
from drasclr_core.run import Run

RUN = config.get("run", "demo")
PRESET = config.get("preset", "presets/demo.yaml")
preset = Preset.load(PRESET)
run = Run(RUN, next(iter(preset.cohorts)))
PAGES = str(run.folder / "notebooks")
SHARDS = int(config.get("shards", 1))
# A scheduler's jobs have no common number of cores: there the profile's set-threads says how many each gets.
CORES = workflow.resource_settings.cores or 1
THREADS = max(1, CORES // int(config.get("at_once", min(2, len(preset.cohorts)))))

# What has to be done before: notebooks of the same cohort, or COHORT/notebook of another one. A stage of a method comes
# after the stages of the same method; a star stands for the stages of all methods.
AFTER = {
    "01_cohort": [],
    "02_lungs": ["01_cohort"],
    "03_atlas": ["02_lungs"],
    "04_registration": ["03_atlas"],
    "05_patches": ["04_registration"],
    "06_pretrain": ["05_patches"],
    "07_features": ["06_pretrain"],
    "08_realism": ["02_lungs"],
    "09_hand_made": ["05_patches"],
    "10_phenotypes": ["07_features*", "09_hand_made"],
    "11_survival": ["07_features*", "09_hand_made"],
    "12_covid_severity": ["07_features*"],
    "20_emphysema": ["06_pretrain"],
    "21_dense_maps": ["20_emphysema"],
    "22_emphysema_volume": ["20_emphysema"],
    "23_annotation_efficiency": ["06_pretrain"],
    "40_significance": ["10_phenotypes", "11_survival", "covid/12_covid_severity", "20_emphysema"],
    "41_scorecard": ["40_significance", "21_dense_maps", "22_emphysema_volume", "23_annotation_efficiency"],
    "60_differences": [],
    "90_your_ct": ["07_features", "20_emphysema"],
}
SHARDED = ("02_lungs", "04_registration", "05_patches")
# Settings of the command line that go to one stage.
COPDGENE = ("copdgene_phenotypes", "copdgene_visual", "copdgene_mortality", "phase", "image_pattern")
OVERRIDES = {"manifest": "01_cohort", **dict.fromkeys(COPDGENE, "01_cohort"), "atlas_mask": "03_atlas",
             "atlas_landmarks": "03_atlas", "real_scan": "08_realism"}


def earlier(wildcards):
    pages = []
    for entry in AFTER[notebook_of(wildcards.stage)]:
        elsewhere, _, notebook = entry.rpartition("/")
        cohort = elsewhere or wildcards.cohort
        stages = preset.matching(cohort, notebook, method_of(wildcards.stage))
        pages += [f"{PAGES}/{cohort}/{stage}.ipynb" for stage in stages]
    return pages


def overrides(wildcards):
    given = [(name, config[name]) for name, stage in OVERRIDES.items() if stage == wildcards.stage and name in config]
    return " ".join(f"-p {name} '{value}'" for name, value in given)


def shards(wildcards):
    numbers = range(SHARDS) if SHARDS > 1 and wildcards.stage in SHARDED else ()
    return [f"{PAGES}/{wildcards.cohort}/shards/{wildcards.stage}-{shard}-of-{SHARDS}.ipynb" for shard in numbers]


rule book:
    input:
        [f"{PAGES}/{cohort}/{stage}.ipynb" for cohort in preset.cohorts for stage in preset.chosen[cohort]],
        "_config.yml",
        [str(page) for page in sorted(Path("book").rglob("*")) if page.is_file()],
    output:
        str(run.folder / "book" / "html" / "index.html"),
    threads: CORES
    shell:
        f"{sys.executable} -m drasclr_core.workflow.book --run {RUN} --cohort {run.cohort_name}"


rule shard:
    input:
        earlier,
        notebook="notebooks/{stage}.ipynb",
    output:
        PAGES + f"/{{cohort}}/shards/{{stage}}-{{shard}}-of-{SHARDS}.ipynb",
    wildcard_constraints:
        stage="|".join(SHARDED),
        shard=r"\d+",
    params:
        values=lambda wildcards: preset.parameters(wildcards.cohort, wildcards.stage),
    threads: 1
    shell:
        f"{sys.executable} -m drasclr_core.workflow.execute {{input.notebook}} --preset {PRESET} --run {RUN}"
        f" --cohort {{wildcards.cohort}} --threads {{threads}} -p shard {{wildcards.shard}} -p num_shards {SHARDS}"


rule stage:
    input:
        earlier,
        shards,
        notebook=lambda wildcards: f"notebooks/{notebook_of(wildcards.stage)}.ipynb",
    output:
        PAGES + "/{cohort}/{stage}.ipynb",
    wildcard_constraints:
        stage=r"\d\d_\w+(-\w+)?",
    params:
        values=lambda wildcards: preset.parameters(wildcards.cohort, wildcards.stage),
        overrides=overrides,
    threads: THREADS
    shell:
        f"{sys.executable} -m drasclr_core.workflow.execute {{input.notebook}} --preset {PRESET} --run {RUN}"
        " --cohort {wildcards.cohort} --stage {wildcards.stage} --threads {threads} {params.overrides}"
