"""`make scans` on real scans: from files to patches, with a reason for every scan that is not perfect."""

import re

import nbformat
import numpy as np
import pandas as pd
import pytest

from drasclr_core.anatomy.patches import PatchStore


@pytest.fixture(scope="module")
def scans(real_data, tmp_path_factory, snakemake):
    """Folder of a run on the real scans, aligned to the authors' atlas mask."""
    folder = tmp_path_factory.mktemp("runs") / "scans"
    mask = real_data / "official_atlas" / "atlas_lung_mask.nii.gz"
    done = snakemake(folder, "scans", manifest=str(real_data / "ct"), atlas_mask=str(mask))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.fixture(scope="module")
def table(scans):
    return pd.read_csv(scans / "results" / "registration_scans.csv").set_index("sid")


@pytest.mark.slow
def test_every_scan_has_a_verdict_and_a_reason_unless_ok(table):
    assert len(table) == 5 and set(table["verdict"]) <= {"ok", "review", "refused"}
    assert table.loc[table["verdict"] != "ok", "reasons"].str.len().gt(10).all()


def test_cut_bases_are_flagged_and_the_crop_is_refused(table):
    assert table.loc["LIDC_0001_partial", "verdict"] == "review"
    assert "bases cut" in table.loc["LIDC_0001_partial", "reasons"]
    assert table.loc["TOTALSEG_cardiac_crop", "verdict"] == "refused"
    assert "no whole lungs" in table.loc["TOTALSEG_cardiac_crop", "reasons"]


def test_whole_lungs_are_aligned_and_cut_into_patches(scans, table):
    whole = ["RICORD_1A_001012", "LungDx_A0001_kernelB", "LungDx_A0002_dicom"]
    assert table.loc[whole, "verdict"].isin(["ok", "review"]).all()
    assert (table.loc[whole, "dice"] > 0.75).all() and (table.loc[whole, "landmarks_inside"] > 0.7).all()
    store = PatchStore.open(scans / "scans" / "patches.zarr")
    assert set(whole) <= set(store.sids) and store.num_landmarks == 575 and not store.missing()
    assert "TOTALSEG_cardiac_crop" not in store.sids
    for sid in whole:
        middle = store.read_subject(sid)[:, 10:18, 10:18, 10:18].mean(axis=(1, 2, 3))
        # About half of the atlas's patches have their centre in the lungs, the others at the edge of them.
        assert -950 < np.quantile(middle, 0.25) < -650


def test_overlays_are_in_the_book_and_nothing_names_the_machine(scans, real_data):
    pages = {path.stem: path.read_text() for path in (scans / "notebooks" / "scans").glob("*.ipynb")}
    assert pages["04_registration"].count("data:image/png") >= 2
    assert (scans / "book" / "html" / "notebooks" / "04_registration.html").exists()
    texts = [nbformat.writes(nbformat.reads(page, 4)) for page in pages.values()]
    texts += [path.read_text() for path in (scans / "results").rglob("*.json")]
    assert not [text for text in texts if str(real_data) in text or re.search(r"/(root|home|work|tmp)/", text)]
