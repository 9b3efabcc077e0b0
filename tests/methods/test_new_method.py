"""One new file in ``methods/`` is all that a method needs: training, features, table, figure, scorecard find it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from drasclr_core.anatomy.atlas import build_atlas
from drasclr_core.anatomy.patches import PatchStore
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.evaluate import PHENOTYPES
from drasclr_core.evaluate.readout import readout_table
from drasclr_core.evaluate.scorecard import UNTESTABLE, scorecard
from drasclr_core.methods import load_encoder
from drasclr_core.methods.stage import PretrainingStage
from drasclr_core.paper import claims
from drasclr_core.report.figures.evaluation import score_dots
from drasclr_core.report.tables import table_html
from drasclr_core.represent import image_features, patch_features
from drasclr_core.run import Run

plt.switch_backend("Agg")
SUBJECTS = 24


@pytest.fixture
def run(tmp_path):
    """Subjects whose patches get darker as their lung function falls."""
    run, random = Run(str(tmp_path / "runs" / "small")), np.random.default_rng(0)
    atlas = build_atlas(np.ones((16, 16, 16)), np.diag([4.0, 4, 4, 1]), step_mm=32.0)
    atlas.save(run.atlas)
    sids = [f"S{index:02d}" for index in range(SUBJECTS)]
    function = random.uniform(20, 100, SUBJECTS)
    store = PatchStore.create(run.patches, sids, len(atlas.corners), 8, 4.0)
    for sid, value in zip(sids, function, strict=True):
        noise = random.normal(-1000 + 4 * value, 20, (len(atlas.corners), 8, 8, 8))
        store.write(sid, noise.astype(np.int16))
    write_subjects(run, pd.DataFrame({"sid": sids, "image": [f"{sid}.nii.gz" for sid in sids], "FEV1pp": function,
                                      "LAA950_pct": random.uniform(0, 30, SUBJECTS)}))  # fmt: skip
    return run


def test_a_new_file_reaches_table_figure_and_scorecard(toy, run):
    parameters = {"method": "toy", "epochs": 3, "batch_size": 8, "threads": 1, "accelerator": "cpu"}
    stage = PretrainingStage.of(run, parameters)
    log = stage.run()
    assert log.columns.tolist() == ["epoch", "step", "loss_density", "lr", "seconds"]
    assert log["loss_density"].iloc[-1] < log["loss_density"].iloc[0]
    assert log["lr"].iloc[0] == toy.Settings().lr  # its own default, not DrasCLR's

    encoder, folder = load_encoder(stage.folder), run.features("toy")
    patch_features(encoder, stage.store, stage.atlas.locations, folder / "patch.zarr")
    image_features(encoder, folder / "patch.zarr").to_parquet(folder / "image.parquet")

    ours = run.features("drasclr") / "image.csv"  # a table of features from elsewhere, here of chance
    ours.parent.mkdir()
    noise = np.random.default_rng(1).normal(size=(SUBJECTS, 2))
    pd.DataFrame(noise, stage.store.sids, ["f000", "f001"]).rename_axis("sid").to_csv(ours)

    made = readout_table(run, [], PHENOTYPES[:1], "table2", closely="toy", measured=["laa950"], n_permutations=1,
                         n_bootstraps=30)  # fmt: skip
    assert made.table["method"].unique().tolist() == ["chance", "laa950", "toy", "drasclr"]
    row = made.table.query("method == 'toy' and metric == 'R2'").iloc[0]
    assert row["mean"] > 0.5 and row["paper_mean"] == 0.40  # printed for MoCo, as the toy says
    assert "Toy" in table_html(made.table, "phenotypes")

    figure = score_dots(made.readout.scores)
    colors = {to_hex(line.get_color()) for axis in figure.axes for line in axis.lines} | {
        to_hex(color) for axis in figure.axes for dots in axis.collections for color in dots.get_facecolor()
    }
    assert toy.row.color in colors
    plt.close(figure)

    _, found = scorecard(claims().query("id == 'phenotypes-networks'"), run.results)
    row = found.query("task == 'logFEV1pp'").iloc[0]
    assert row["verdict"] != UNTESTABLE and "toy" in row["others"] and "toy" not in row["lacks"]
    assert row["estimate"] < 0  # chance is no better than the toy
