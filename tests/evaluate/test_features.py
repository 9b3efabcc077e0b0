"""Feature tables by method name."""

import pandas as pd
import pytest

from drasclr_core.evaluate.features import read_features
from drasclr_core.run import Run


def test_measured_and_learned_features(tmp_path):
    run = Run(str(tmp_path / "run"))
    subjects = pd.DataFrame({"sid": ["a", "b"], "LAA950_pct": [3.0, None]})
    assert read_features(run, subjects, "laa950").to_dict("list") == {"sid": ["a"], "LAA950_pct": [3.0]}
    with pytest.raises(FileNotFoundError, match="Run notebook 07_features"):
        read_features(run, subjects, "drasclr")
    run.features("drasclr").mkdir(parents=True)
    table = pd.DataFrame({"sid": ["a"], "f000": [1.0]})
    table.to_parquet(run.features("drasclr") / "image.parquet")
    pd.testing.assert_frame_equal(read_features(run, subjects, "drasclr"), table)


def test_absent_measurement_is_named(tmp_path):
    with pytest.raises(KeyError, match="LAA950_pct"):
        read_features(Run(str(tmp_path / "run")), pd.DataFrame({"sid": ["a"]}), "laa950")
