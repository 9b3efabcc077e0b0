"""Result files: each method's own, and the paper's figures those of DrasCLR's detectors alone."""

import pandas as pd

from drasclr_core import paper
from drasclr_core.evaluate import figure_stem
from drasclr_core.evaluate.result_files import PAPER_DETECTOR
from drasclr_core.evaluate.scorecard.comparisons import comparisons
from drasclr_core.evaluate.scorecard.evidence import evidence
from drasclr_core.methods import row_of
from drasclr_core.run import project_root
from drasclr_core.workflow.preset import Preset


def test_no_other_methods_maps_stand_for_the_papers_figures(tmp_path):
    assert figure_stem("fig3", PAPER_DETECTOR) == "fig3" and row_of(PAPER_DETECTOR).paper
    own = figure_stem("fig3", "models_genesis_finetuned")
    rows = [(stage, subtype, 0.1 * stage) for stage in range(5) for subtype in ("centrilobular", "paraseptal")]
    table = pd.DataFrame(rows, columns=["GOLD", "subtype", "detected_share"]).assign(method=PAPER_DETECTOR)
    table.to_csv(tmp_path / f"{own}_truth.csv", index=False)
    everything = comparisons(paper.claims())
    found = evidence(tmp_path, everything[everything["id"] == "maps-rise"])
    assert found["missing"].eq("not made by this run: no fig3_truth.csv").all()


def test_a_preset_maps_with_the_detectors_of_several_methods():
    preset = Preset.load(project_root(__file__) / "presets" / "shown.yaml", stage="21_dense_maps")
    for notebook in ("21_dense_maps", "22_emphysema_volume"):
        one = preset.values("copd", f"{notebook}-models_genesis_finetuned")
        first = preset.values("copd", notebook)
        assert first["method"] == PAPER_DETECTOR and one == first | {"method": "models_genesis_finetuned"}
