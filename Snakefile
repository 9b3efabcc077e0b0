# The DAG of notebooks. `make book` runs it for the demo preset; any other run:
#
#   snakemake --cores 2 --config run=NAME preset=presets/smoke.yaml [manifest=FOLDER_OR_CSV] [atlas_mask=MASK] [shards=64]
#
# Each job is one notebook for one cohort. What comes before a notebook, which settings of the command line go to it and
# whether it can be divided stands in its own metadata (drasclr_core/workflow/stages.py). The stages keep their own pieces
# (per subject, per epoch) in the run folder, so a job that was killed goes on from its last finished piece; only the
# executed notebook is an output in Snakemake's eyes. With `shards` above 1, stages that treat subjects one by one run as so
# many jobs first; the stage's own job then finds every subject done and makes the tables and pictures of the cohort. In a
# run of two cohorts two jobs run at a time, each with half the cores, because much of a stage is done by one core however
# many there are (`at_once=1`: with all cores).

import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from drasclr_core.workflow.plan import RunPlan, typed_settings
from drasclr_core.workflow.stages import notebook_of

try:
    plan = RunPlan(typed_settings(config, workflow.config_settings.config_args or ()), workflow.resource_settings.cores)
except ValueError as error:
    raise WorkflowError(str(error))

RUN = str(plan.run.folder)
COMMAND = plan.command
BOOK = shlex.join([sys.executable, "-m", "drasclr_core.workflow.book", "--run", str(plan.run.folder)])


wildcard_constraints:
    cohort="|".join(map(re.escape, plan.preset.cohorts)),
    stage="|".join(map(re.escape, plan.preset.stages)),
    shard=r"\d+",


rule book:
    input:
        plan.pages(),
        "_config.yml",
        [str(page) for page in sorted(Path("book").rglob("*")) if page.is_file()],
    output:
        RUN + "/book/html/index.html",
    threads: plan.cores
    shell:
        "{BOOK} --cohort {plan.run.cohort_name:q}"


rule shard:
    input:
        lambda wildcards: plan.before(wildcards.cohort, wildcards.stage),
        notebook=lambda wildcards: f"notebooks/{notebook_of(wildcards.stage)}.ipynb",
    output:
        RUN + f"/notebooks/{{cohort}}/shards/{{stage}}-{{shard}}-of-{plan.shards}.ipynb",
    params:
        values=lambda wildcards: plan.preset.parameters(wildcards.cohort, wildcards.stage),
    priority: lambda wildcards: plan.priority(wildcards.cohort, wildcards.stage)
    threads: 1
    shell:
        "{COMMAND} {input.notebook:q} --cohort {wildcards.cohort:q} --stage {wildcards.stage:q} --threads {threads}"
        " -p shard {wildcards.shard} -p num_shards {plan.shards}"


rule stage:
    input:
        lambda wildcards: plan.before(wildcards.cohort, wildcards.stage),
        lambda wildcards: plan.shard_pages(wildcards.cohort, wildcards.stage),
        notebook=lambda wildcards: f"notebooks/{notebook_of(wildcards.stage)}.ipynb",
    output:
        RUN + "/notebooks/{cohort}/{stage}.ipynb",
    params:
        values=lambda wildcards: plan.preset.parameters(wildcards.cohort, wildcards.stage),
        options=lambda wildcards: plan.options(wildcards.stage),
    priority: lambda wildcards: plan.priority(wildcards.cohort, wildcards.stage)
    threads: plan.threads
    resources:
        mem_mb=lambda wildcards, attempt: plan.resource(wildcards.stage, "mem_mb") * attempt,
        runtime=lambda wildcards: plan.resource(wildcards.stage, "runtime"),
        gpu=lambda wildcards: plan.resource(wildcards.stage, "gpu"),
    shell:
        "{COMMAND} {input.notebook:q} --cohort {wildcards.cohort:q} --stage {wildcards.stage:q} --threads {threads}"
        " {params.options}"
