"""COPDGene's real column names, codes and layouts, in look-alike files of invented subjects, become our labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drasclr_core.cohort.copdgene import read_copdgene
from drasclr_core.cohort.copdgene_columns import CLINICAL, MORTALITY, VISUAL
from drasclr_core.cohort.phantom.labels.clinical import clinical_row
from drasclr_core.cohort.phantom.subject.traits import draw_traits
from drasclr_core.cohort.subjects import read_subjects, write_subjects
from drasclr_core.evaluate.tasks import PHENOTYPES, labels_of
from drasclr_core.run import Run

from ..imaging.scan_files import chest, write_series
from ..imaging.series_files import LPS

SIDS = ("10001A", "10002B", "10003C")
PHASE_1 = {  # the authors' phenotype file: one visit, names without ending
    "sid": SIDS, "Age_Enroll": (61.5, 70, 48), "gender": (1, 2, 2), "race": (1, 2, 1), "SmokCigNow": (0, 1, 0),
    "ATS_PackYears": (40.2, 55, 0), "BMI": (28.1, 20.5, 31), "Height_CM": (180, 165.1, 158),
    "FEV1pp_utah": (92.1, 41.5, 75), "FVCpp_utah": (97, 80.5, 76), "FEV1_FVC_utah": (0.78, 0.41, 0.81),
    "finalGold": (0, 3, -1), "Exacerbation_Frequency": (0, 3, ""), "MMRCDyspneaScor": (0, 4, 1),
    "distwalked": (1500, 800, 1312), "BODE": (0, 6, 1), "pctEmph_Thirona": (1.5, 22.4, 0.7),
    "pctGasTrap_Thirona": (11, 48, 9), "Pi10_Thirona": (2.1, 3.2, 2.5), "WallAreaPct_seg_Thirona": (50, 61.2, 55),
    "TLC_Thirona": (6.1, 6.9, 4.4), "comment": ("x", "y", "z"),
}  # fmt: skip
SCORES = {"sid": SIDS, "Emph_Severity": (0, 5, 1), "Emph_Paraseptal": (0, 2, 1)}
DEATHS = {"sid": SIDS, "vital_status": (0, 1, 0), "days_followed": (3650, 1200, 2900)}


def write(path: Path, content: dict, separator: str = "\t") -> Path:
    pd.DataFrame(content).to_csv(path, sep=separator, index=False)
    return path


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "scans"
    for sid in SIDS:
        (folder / sid).mkdir(parents=True)
        (folder / sid / f"{sid}_INSP_STD_XYZ_COPD.nii.gz").touch()
        (folder / sid / f"{sid}_EXP_STD_XYZ_COPD.nii.gz").touch()
    return folder


@pytest.fixture
def read(images, tmp_path):
    """Reads a phenotype file with some columns of the look-alike replaced (None: left out)."""

    def one(phase=1, separator="\t", **changed):
        content = {name: values for name, values in {**PHASE_1, **changed}.items() if values is not None}
        return read_copdgene(images, write(tmp_path / "pheno.txt", content, separator), phase=phase)

    return one


def test_every_label_arrives_under_our_name_and_in_our_unit(images, tmp_path):
    files = [
        write(tmp_path / f"{name}.txt", content) for name, content in (("p", PHASE_1), ("v", SCORES), ("m", DEATHS))
    ]
    table = read_copdgene(images, *files)
    second = table.set_index("sid").loc["10002B"].to_dict()
    assert Path(second.pop("image")) == images / "10002B" / "10002B_INSP_STD_XYZ_COPD.nii.gz"
    assert second.pop("six_minute_walk_m") == pytest.approx(243.84)  # 800 feet
    assert second == {
        "age": 70, "sex": "female", "race": "Black", "smoking": "current", "pack_years": 55, "bmi": 20.5,
        "height_cm": 165.1, "FEV1pp": 41.5, "FVCpp": 80.5, "FEV1_FVC": 0.41, "GOLD": 3, "exacerbations": 1, "MMRC": 4,
        "BODE": 6, "LAA950_pct": 22.4, "gas_trapping_pct": 48, "Pi10_mm": 3.2, "wall_area_pct": 61.2,
        "lung_volume_l": 6.9, "CLE": 5, "paraseptal": 2, "days": 1200, "died": 1,
    }  # fmt: skip
    assert list(table["GOLD"]) == [0, 3, -1]  # -1 is PRISm, as in the phantom cohort
    assert table["GOLD"].dtype == int and np.isnan(table["exacerbations"][2])
    assert table.attrs["notes"] == []


def test_the_labels_are_those_of_the_phantom_cohort():
    measures = dict.fromkeys(("centrilobular", "paraseptal", "panlobular", "gas_trapping", "laa950"), 0.1)
    phantom = clinical_row(draw_traits(0), measures | {"lung_volume_l": 5, "wall_area_pct": 60, "pi10": 3.6}, 0)
    assert {label.ours for label in (*CLINICAL, *VISUAL, *MORTALITY)} == set(phantom)


def test_the_evaluation_can_use_them(images, tmp_path):
    table = read_copdgene(images, write(tmp_path / "p.txt", PHASE_1), write(tmp_path / "v.txt", SCORES))
    counts = {task.name: len(labels_of(table, task)) for task in PHENOTYPES}
    assert counts == {"logFEV1pp": 3, "logFEV1/FVC": 3, "GOLD": 2, "CLE": 3, "Paraseptal": 3, "AE History": 2}


def test_no_label_is_needed(images):
    table = read_copdgene(images)
    assert list(table["sid"]) == list(SIDS) and list(table) == ["sid", "image"]


def test_the_table_and_its_notes_survive_the_run_folder(read, tmp_path):
    table = read(BODE=None)
    run = Run(str(tmp_path / "run"))
    write_subjects(run, table)
    again = read_subjects(run)
    assert again["GOLD"].tolist() == [0, 3, -1] and again.attrs["notes"] == ["pheno.txt: no column for BODE (BODE)."]


@pytest.mark.parametrize("separator", ["\t", ","])
def test_tabs_and_commas(read, separator):
    assert list(read(separator=separator)["FEV1pp"]) == [92.1, 41.5, 75]


def test_a_tab_at_the_end_of_every_row_does_not_shift_the_columns(images, tmp_path):
    (tmp_path / "p.txt").write_text("sid\tBMI\tfinalGold\n10001A\t28\t2\t\n10002B\t21\t1\t\n")
    assert read_copdgene(images, tmp_path / "p.txt")["GOLD"].tolist()[:2] == [2, 1]


@pytest.mark.parametrize("missing", ["", ".", "NA", " ", "nan"])
def test_codes_for_missing(read, missing):
    table = read(FEV1pp_utah=("92", missing, "75"), SmokCigNow=("1", missing, "0"))
    assert np.isnan(table["FEV1pp"][1]) and pd.isna(table["smoking"][1])
    assert table.attrs["notes"] == []


def test_impossible_values_become_missing_and_are_named(read):
    table = read(MMRCDyspneaScor=(-9, 2, 7), BMI=("28", "unknown", "31"), finalGold=(0, -9, 1.5), gender=(1, 3, 2))
    assert table["MMRC"].isna().tolist() == [True, False, True]
    assert table["bmi"].isna().tolist() == table["sex"].isna().tolist() == [False, True, False]
    assert table["GOLD"].isna().tolist() == [False, True, True]
    assert "pheno.txt, column MMRCDyspneaScor: 2 of 3 values taken for missing (-9, 7)." in table.attrs["notes"]
    assert "pheno.txt, column BMI: 1 of 3 values taken for missing (unknown)." in table.attrs["notes"]


def test_those_who_never_smoked_have_no_stage(read):
    table = read(finalGold=(0, 3, -2))
    assert table["smoking"].tolist() == ["former", "current", "never"] and np.isnan(table["GOLD"][2])
    assert read(smoking_status=(1, 2, 0))["smoking"].tolist() == ["former", "current", "never"]


def test_percent_and_ratio_are_told_apart(read):
    table = read(FEV1_FVC_utah=(78, 41, 81), FEV1pp_utah=(0.921, 0.415, 0.75))
    assert table["FEV1_FVC"].tolist() == [0.78, 0.41, 0.81]
    assert table["FEV1pp"].tolist() == pytest.approx([92.1, 41.5, 75])


def test_newer_names_are_known_and_the_authors_come_first(read):
    newer = {
        "FEV1pp_post": (90, 40, 70),
        "FEV1_FVC_post": (0.7, 0.4, 0.8),
        "finalgold_visit": (1, 4, -1),
        "age_visit": (50, 60, 70),
    }
    both = read(**newer)
    assert both["FEV1pp"].tolist() == [92.1, 41.5, 75] and both["age"].tolist() == [50, 60, 70]
    alone = read(**newer, FEV1pp_utah=None, FEV1_FVC_utah=None, finalGold=None)
    assert alone["FEV1pp"].tolist() == [90, 40, 70] and alone["GOLD"].tolist() == [1, 4, -1]


def test_case_does_not_matter(images, tmp_path):
    shouted = {name.upper(): values for name, values in PHASE_1.items()}
    assert read_copdgene(images, write(tmp_path / "p.txt", shouted))["FEV1_FVC"].tolist() == [0.78, 0.41, 0.81]


@pytest.mark.parametrize("visit", ["Phase_study", "visitnum"])
def test_long_file(images, tmp_path, visit):
    rows = {
        "sid": [*SIDS, "10001A"],
        visit: [1, 1, 1, 2],
        "FEV1pp_post": [92, 41, 75, 85],
        "finalgold_visit": [0, 3, -1, 1],
    }
    path = write(tmp_path / "long.csv", rows, ",")
    assert read_copdgene(images, path)["FEV1pp"].tolist() == [92, 41, 75]
    second = read_copdgene(images, path, phase=2)
    assert second["FEV1pp"].tolist()[:1] == [85] and second["FEV1pp"].isna().tolist() == [False, True, True]
    assert "Scans without labels, kept: 2 (10002B, 10003C)." in second.attrs["notes"]
    with pytest.raises(ValueError, match=rf"long\.csv: no row with {visit} = 3, only \[1, 2\]\. Set phase"):
        read_copdgene(images, path, phase=3)


def test_wide_file(images, tmp_path):
    content = {"sid": SIDS, "gender": (1, 2, 2), "Age_P1": (61, 70, 48), "Age_P2": (66, 75, 53),
               "finalGold_P1": (0, 3, -1), "finalGold_P2": (1, 4, 0), "BMI_P1": (28, 20, 31)}  # fmt: skip
    path = write(tmp_path / "flat.txt", content)
    first, second = (read_copdgene(images, path, phase=phase) for phase in (1, 2))
    assert first["GOLD"].tolist() == [0, 3, -1] and second["GOLD"].tolist() == [1, 4, 0]
    assert second["age"].tolist() == [66, 75, 53] and second["sex"].tolist() == ["male", "female", "female"]
    assert "bmi" in first and "bmi" not in second


def test_names_without_ending_are_of_phase_1(images, tmp_path, read):
    mixed = {**PHASE_1, "finalGold_P2": (1, 4, 0)}
    table = read_copdgene(images, write(tmp_path / "flat.txt", mixed), phase=2)
    assert table["GOLD"].tolist() == [1, 4, 0] and "FEV1pp" not in table
    with pytest.raises(ValueError, match=r"pheno\.txt: no column Phase_study or visitnum and no names that end in _P2"):
        read(phase=2)


def test_visual_scores_may_be_in_the_phenotype_file_and_their_own_file_wins(images, tmp_path):
    both = write(
        tmp_path / "p.txt", {**PHASE_1, "CT_Visual_Emph_Severity": (1, 1, 1), "CT_Visual_Emph_Paraseptal": (1, 1, 1)}
    )
    assert read_copdgene(images, both)["CLE"].tolist() == [1, 1, 1]
    assert read_copdgene(images, both, write(tmp_path / "v.txt", SCORES))["CLE"].tolist() == [0, 5, 1]


def test_follow_up_of_a_later_phase_is_counted_from_there(images, tmp_path):
    deaths = write(tmp_path / "vital.csv", DEATHS, ",")
    long = {"sid": SIDS, "Phase_study": (2, 2, 2), "BMI": (25, 26, 27), "days_since_baseline": (1800, 1300, "")}
    table = read_copdgene(images, write(tmp_path / "long.txt", long), mortality=deaths, phase=2)
    assert table["days"][0] == 1850 and table["died"][0] == 0
    assert table[["days", "died"]][1:].isna().all(axis=None)  # died before phase 2; was not there
    assert "days_since_phase_1" not in table
    wide = {"sid": SIDS, "BMI_P2": (25, 26, 27), "Days_Phase1_Phase2": (1000, 1000, 1000)}
    assert read_copdgene(images, write(tmp_path / "w.txt", wide), mortality=deaths, phase=2)["days"].tolist() == [
        2650,
        200,
        1900,
    ]
    del wide["Days_Phase1_Phase2"]
    with pytest.raises(ValueError, match=r"vital\.csv: .*no column days_since_baseline or Days_Phase1_Phase2"):
        read_copdgene(images, write(tmp_path / "w.txt", wide), mortality=deaths, phase=2)


def test_scans_without_labels_stay_and_labels_without_scans_are_named(images, tmp_path):
    others = {"sid": ("10001A", "20000X", "20001Y"), "BMI": (28, 25, 25)}
    table = read_copdgene(images, write(tmp_path / "p.txt", others))
    assert list(table["sid"]) == list(SIDS) and table["bmi"].isna().tolist() == [False, True, True]
    assert "Subjects with labels and no scan, left out: 2 (20000X, 20001Y)." in table.attrs["notes"]
    assert "Scans without labels, kept: 2 (10002B, 10003C)." in table.attrs["notes"]


def test_images_by_pattern_and_by_list(images, tmp_path):
    expiration = read_copdgene(images, pattern="*_EXP_STD_*.nii.gz")
    assert all(path.endswith("EXP_STD_XYZ_COPD.nii.gz") for path in expiration["image"])
    (tmp_path / "list.csv").write_text("sid,image\n10002B,b.nii.gz\n10001A,a.nii.gz\n")
    assert list(read_copdgene(tmp_path / "list.csv")["sid"]) == ["10001A", "10002B"]
    (images / "._10001A_INSP_STD_XYZ_COPD.nii.gz").touch()  # what some systems leave on a shared disk
    (images / "10001A_INSP_STD_XYZ_COPD.log").touch()
    assert len(read_copdgene(images)) == 3


def test_a_series_in_a_folder_that_repeats_its_name_is_one_scan(images):
    inner = images / "10009Z" / "10009Z_INSP_STD_XYZ_COPD" / "10009Z_INSP_STD_XYZ_COPD"
    write_series(inner, chest(), LPS)
    found = read_copdgene(images, pattern="*_INSP_STD_*").set_index("sid")["image"]
    assert found["10009Z"] == str(inner)


def test_a_cell_with_a_comma_in_quotes_after_a_space_stays_one_cell(images, tmp_path):
    (tmp_path / "p.csv").write_text('sid, site, finalGold\n10001A, "x, y", 2\n')
    assert read_copdgene(images, tmp_path / "p.csv").set_index("sid")["GOLD"]["10001A"] == 2


def test_two_scans_of_a_subject_are_refused(images):
    (images / "10002B" / "10002B_INSP_STD_XYZ_COPD_label.nii.gz").touch()
    with pytest.raises(ValueError, match=r"more than one scan: 1 \(10002B_INSP_STD_XYZ_COPD\.nii\.gz, .*image_pattern"):
        read_copdgene(images)
    assert len(read_copdgene(images, pattern="*_INSP_STD_*_COPD.nii.gz")) == 3


def test_nothing_there(images, tmp_path):
    with pytest.raises(ValueError, match=r"no scan with a name like \*_B50_\* in it.*image_pattern"):
        read_copdgene(images, pattern="*_B50_*")
    with pytest.raises(ValueError, match="give the folder with the images"):
        read_copdgene("")
    with pytest.raises(FileNotFoundError, match="nowhere: no such file or folder"):
        read_copdgene(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"gone\.txt: no such file.*labels are optional"):
        read_copdgene(images, tmp_path / "gone.txt")
    with pytest.raises(ValueError, match="phase 4: COPDGene has phases 1, 2 and 3"):
        read_copdgene(images, phase=4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sid;BMI\n10001A;28\n", r"p\.txt: no tab and no comma in its first line\. Save it as tab- or comma-separated"),
        ("PK\x03\x04\0,\0", r"p\.txt: no tab and no comma"),
        ("", r"p\.txt: no tab and no comma"),
        ("subject\tBMI\n10001A\t28\n", r"p\.txt: no column 'sid', only subject, BMI\. Rename the column"),
        (
            "sid\tweight\n10001A\t80\n",
            r"p\.txt: no column age_visit or Age_Enroll or Age \(our age\); .*Rename the column",
        ),
        (
            "sid\tBMI\n10001A\t28\n10001A\t29\n",
            r"p\.txt: more than one row for sid 10001A\. Keep one row each, or add a col",
        ),
    ],
)
def test_files_that_cannot_be_used(images, tmp_path, text, problem):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(ValueError, match=problem):
        read_copdgene(images, tmp_path / "p.txt")


def test_a_file_of_scores_or_deaths_has_to_be_complete(images, tmp_path):
    half = write(tmp_path / "v.txt", {"sid": SIDS, "Emph_Severity": (0, 5, 1)})
    with pytest.raises(
        ValueError, match=r"v\.txt: no column CT_Visual_Emph_Paraseptal or Emph_Paraseptal \(our paraseptal\)"
    ):
        read_copdgene(images, visual_scores=half)
    half = write(tmp_path / "m.txt", {"sid": SIDS, "vital_status": (0, 1, 0)})
    with pytest.raises(ValueError, match=r"m\.txt: no column days_followed \(our days\) .*leave the file out"):
        read_copdgene(images, mortality=half)


def test_folders_of_links_and_links_to_blobs(images, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    (links / "10001A").symlink_to(images / "10001A")
    (links / "again").symlink_to(links)
    blob = (images / "10002B" / "10002B_INSP_STD_XYZ_COPD.nii.gz").rename(tmp_path / "3f5a")
    (links / "10002B_INSP_STD_XYZ_COPD.nii.gz").symlink_to(blob)
    table = read_copdgene(links)
    assert list(table["sid"]) == ["10001A", "10002B"]
    assert table["image"][1] == str(links / "10002B_INSP_STD_XYZ_COPD.nii.gz")


def test_a_row_with_a_cell_too_many_is_named(images, tmp_path):
    (tmp_path / "p.txt").write_text("sid\tBMI\tfinalGold\n10001A\t28\t2\n10002B\t21\t5\t1\n")
    with pytest.raises(ValueError, match=r"p\.txt: row 3 has 4 cells and the header 3"):
        read_copdgene(images, tmp_path / "p.txt")
