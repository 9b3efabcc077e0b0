"""Page 53 with a folder: patches of people in the layout of the database, one of them damaged."""

import subprocess
import sys

import numpy as np
import pandas as pd
from PIL import Image

from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.run import Run, project_root

ROOT = project_root(__file__)
PATTERNS = 3
PEOPLE = 9


def write_database(root):
    """Look-alikes: nine people with a patch of each pattern, which their density gives away."""
    rng, labels, people = np.random.default_rng(0), [], []
    (root / "patches").mkdir(parents=True)
    (root / "slices").mkdir()
    for number in range(PEOPLE * PATTERNS):
        code = 1 + number % PATTERNS
        hu = -800 - 40 * code + 30 * rng.standard_normal((61, 61))
        Image.fromarray(hu.astype(np.int32)).save(root / "patches" / f"patch{number + 1}.tiff")
        labels.append(code)
        people.append(1 + number // PATTERNS)
    (root / "patches" / "patch2.tiff").write_bytes(b"II*\0junk")
    for name, numbers in {"patch_labels.csv": labels, "patch_subjects.csv": people}.items():
        (root / name).write_text("".join(f"{number}\n" for number in numbers))
    (root / "slice_labels.csv").write_text("")
    (root / "slice_severity.csv").write_text("")
    return root


def test_a_damaged_patch_is_listed_and_the_page_has_its_table(tmp_path):
    folder, run = write_database(tmp_path / "emphysema"), Run(str(tmp_path / "runs" / "people"), "copd")
    write_subjects(run, pd.DataFrame({"sid": ["S1"], "image": ["S1.nii.gz"]}))
    preset = tmp_path / "small.yaml"
    values = f"{{emphysema_database: {folder}, trainings: [], folds: 3}}"
    preset.write_text(f"stages: {{53_real_emphysema: {values}}}\ncohorts: {{copd: }}\n")
    command = [sys.executable, "-m", "drasclr_core.workflow.execute", "notebooks/53_real_emphysema.ipynb"]
    done = subprocess.run([*command, "--preset", str(preset), "--run", str(run.folder), "--cohort", "copd"], cwd=ROOT,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (run.notebooks / "copd" / "53_real_emphysema.ipynb").read_text()
    assert "patch2.tiff: damaged, incomplete or not an image. Download it again." in page
    assert str(tmp_path) not in page
    table = pd.read_csv(run.results / "patterns.csv").set_index(["method", "task"])["mean"]
    assert table["patch_histogram", "Pattern"] > 90 > table["chance", "Pattern"]
