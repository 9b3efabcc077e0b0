"""Slices and radiographs of a cohort's scans as one 2D stream: kept, resumed, and no bad scan stops the others."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.images import joined, keep_radiographs, keep_slices, read_stream
from drasclr_core.cohort.images.from_cohort import stream_folder
from drasclr_core.cohort.images.projections import EXPOSURES, VIEWS
from drasclr_core.cohort.images.slices import axial_slices, lung_extent
from drasclr_core.cohort.images.stream import ImageStream, write_images
from drasclr_core.cohort.phantom import make_cohort
from drasclr_core.cohort.subjects import write_subjects
from drasclr_core.imaging.volume import Volume
from drasclr_core.run import Run

EDGE = 32


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two phantoms at 4 mm, a scan that is gone and one that is none."""
    run = Run(str(tmp_path_factory.mktemp("run") / "tiny"), "copd")
    table = make_cohort(run, 2, seed=3, spacing=4.0, workers=1)
    (run.images / "junk.nii.gz").write_bytes(b"junk")
    (run.images / "DOE.nii.gz").write_bytes(b"junk")
    more = pd.DataFrame(
        {
            "sid": ["gone", "junk", "Q7"],
            "image": [str(run.images / f"{name}.nii.gz") for name in ("gone", "junk", "DOE")],
        }
    )
    write_subjects(run, pd.concat([table, more], ignore_index=True))
    return run


def test_radiographs_with_their_findings(run):
    stream = keep_radiographs(run, EDGE, spacing=4.0, workers=1)
    table = stream.table
    assert len(stream) == 2 * len(VIEWS) * len(EXPOSURES) and set(table["sid"]) == {"P00000", "P00001"}
    assert table.groupby("sid")["emphysema_share"].nunique().tolist() == [1, 1] and table["abnormal"].notna().all()
    refused = pd.read_csv(stream_folder(run, "radiographs") / "refused.csv").set_index("name")["message"]
    assert "no such file" in refused["gone"] and refused["junk"].startswith("junk.nii.gz: ")
    assert refused["Q7"].startswith("Q7: ") and "DOE" not in refused["Q7"], "a chosen sid stands for the file's name"
    again = read_stream(stream_folder(run, "radiographs"))
    assert again.edge == EDGE and (again.read([3, 0]) == stream.read([3, 0])).all()


def test_what_is_made_is_kept_until_something_changes(run):
    folder = stream_folder(run, "radiographs")
    keep_radiographs(run, EDGE, spacing=4.0, workers=1)
    file = folder / "P00001.npy"
    before = file.stat().st_mtime_ns
    keep_radiographs(run, EDGE, spacing=4.0, workers=1)
    assert file.stat().st_mtime_ns == before
    (folder / "P00000.npy").unlink()
    first = keep_radiographs(run, EDGE, spacing=4.0, workers=1)
    assert file.stat().st_mtime_ns == before and len(first) == 12
    keep_radiographs(run, EDGE, seed=1, spacing=4.0, workers=1)
    assert file.stat().st_mtime_ns != before


def test_another_seed_turns_and_exposes_otherwise(run):
    one = keep_radiographs(run, EDGE, spacing=4.0, workers=1).read([0, 6])
    two = keep_radiographs(run, EDGE, seed=1, spacing=4.0, workers=1).read([0, 6])
    assert (one != two).any(axis=(1, 2)).all()


def test_slices_lie_in_the_lungs(run):
    stream = keep_slices(run, 5, EDGE, spacing=4.0, workers=1)
    assert len(stream) == 10 and set(stream.table["kind"]) == {"slice"}
    images = stream.read(range(10))
    dark = ((images > 0.02) & (images < 0.35)).mean(axis=(1, 2))  # lung tissue
    assert dark.min() > 0.05


def test_streams_join(run):
    slices = keep_slices(run, 5, EDGE, spacing=4.0, workers=1)
    both = joined(slices, keep_radiographs(run, EDGE, spacing=4.0, workers=1))
    assert len(both) == 10 + 2 * len(VIEWS) * len(EXPOSURES)
    assert both.table.loc[both.table["kind"] == "slice", "abnormal"].isna().all()
    order = np.random.default_rng(0).permutation(len(both))
    np.testing.assert_array_equal(both.read(order), both.read(range(len(both)))[order])
    with pytest.raises(ValueError, match="streams of"):
        joined(slices, keep_slices(run, 5, 16, spacing=4.0, workers=1))


def test_no_stream_and_no_scan(tmp_path):
    with pytest.raises(FileNotFoundError, match="Run notebook 50"):
        read_stream(tmp_path)
    with pytest.raises(FileNotFoundError, match="Run notebook 01_cohort first"):
        keep_slices(Run(str(tmp_path / "none")))


def test_the_extent_of_the_lungs_is_in_mm_and_cuts_the_slices():
    array = np.full((20, 16, 12), -1000, np.float32)
    array[4:16, 4:12] = 40
    array[6:9, 5:8, 3:9] = -850
    affine = np.array([[2.0, 0, 0, -20], [0, 2, 0, 7], [0, 0, 3, 50], [0, 0, 0, 1]])
    extent = lung_extent(array == -850, affine)
    assert extent.tolist() == [[-8, 17, 59], [-4, 21, 74]]
    slices = axial_slices(Volume(array, affine), 3, extent)
    assert len(slices) == 3 and len({one.shape for one in slices}) == 1 and slices[0].shape != (16, 20)
    assert len(axial_slices(Volume(array, affine), 100)) <= 12
    assert axial_slices(Volume(array, affine), 2)[0].shape == (16, 20)
    with pytest.raises(ValueError, match="mask of the lungs is empty"):
        lung_extent(np.zeros((3, 3, 3)), affine)


def test_slices_hang_as_radiologists_see_them():
    array = np.full((20, 16, 12), 40, np.float32)
    array[15:, 12:] = -1000  # right and front
    (image,) = axial_slices(Volume(array, np.diag([2.0, 2, 2, 1])), 1)
    assert image[0, 0] < 0.1 and image[-1, -1] > 0.5  # front on top, the subject's right on the left


def test_steps_are_fine_enough_for_emphysema(tmp_path):
    image = np.linspace(0, 1, 32 * 32).reshape(32, 32)
    write_images(tmp_path / "a.npy", [image], 32)
    stream = ImageStream(pd.DataFrame({"sid": ["a"], "file": [str(tmp_path / "a.npy")], "place": [0]}), 32)
    assert np.abs(stream.read([0])[0] - image).max() * 1264 < 0.05  # HU
