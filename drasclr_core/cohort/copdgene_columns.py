"""What COPDGene calls the labels of this project: one table, ours <- theirs.

COPDGene's own data dictionary comes with the data, after an application. The names here were confirmed in public code
and are compared without regard to case:

==============================================================  =====================================================
name                                                            seen in
==============================================================  =====================================================
sid, FEV1pp_utah, FEV1_FVC_utah, finalGold, race,               the code of DrasCLR itself (file of phase 1, Oct 2016)
Exacerbation_Frequency, MMRCDyspneaScor
Emph_Severity, Emph_Paraseptal                                  the same (file of visual scores, Jul 2017)
names with _P1, _P2, _P3: Age, BMI, smoking_status, distwalked, a loader of the same laboratory (flat file, Mar 2020)
ATS_PackYears, pctEmph_Thirona, pctGasTrap_Thirona,
Pi10_Thirona, WallAreaPct_seg_Thirona, finalGold
vital_status, days_followed, days_CT1_CT2                       the same (vital status, Aug 2020); a quoted dictionary
gender, Age_Enroll, Height_CM, FVCpp_utah, Pi10_SRWA,           analysis code of the study's investigators (phase 1)
WallAreaPct_seg, pctEmph_Slicer, pctGasTrap_Slicer
visitnum, age_visit, SmokCigNow, CT_Visual_Emph_Severity,       analysis code of the study's investigators (long
FEV1_FVC_post, FEV1pp_post, finalgold_visit                     files, 2017 to 2024)
Phase_study, smoking_status, finalgold_visit and their codes    a data dictionary quoted in a public script (Nov 2021)
CT_Visual_Emph_Paraseptal, FVCpp_post, BODE, TLC_Thirona,       single public scripts of other groups
days_since_baseline, Days_Phase1_Phase2
==============================================================  =====================================================

Codes: sex 1 male, 2 female; race 1 non-Hispanic White (the authors' code), 2 African American; smoking_status 0 never,
1 former, 2 current; SmokCigNow 0, 1; vital_status 1 deceased; GOLD -1 PRISm, -2 never smoked, -9 ineligible. That the
walk is in feet follows from public values (series GSE42057 of GEO: 538 to 2109, which no one walks in metres), that
FEV1/FVC is a ratio from the same series, and that TLC_Thirona is in litres from code that divides it by the predicted
capacity. Unconfirmed: the code 2 for race (the study has these two groups only).
"""

from __future__ import annotations

from drasclr_core.cohort.label_file import Label

METRES_PER_FOOT = 0.3048
NEVER_SMOKED = -2  # in the column of GOLD: a control who never smoked, no stage


def _ratio(values):
    """FEV1/FVC of about 0.7 or, where a file was exported in percent, 70."""
    return values / 100 if values.median() > 1.5 else values


def _percent(values):
    """Percent of predicted, about 80 or, where a file was exported as a fraction, 0.8."""
    return 100 * values if values.median() < 2 else values


def _metres(feet):
    return METRES_PER_FOOT * feet


def _any(counts):
    """1 where there was at least one, 0 where there was none; missing and negative values stay as they are."""
    return counts.where(~(counts > 0), 1)


CLINICAL = (
    #     ours                  theirs, the first that the file has              unit    valid values
    Label("age",               ("age_visit", "Age_Enroll", "Age"),              "years", (18, 110)),
    Label("sex",               ("gender",), "word", codes={1: "male", 2: "female"}, constant=True),
    Label("race",              ("race",), "word", codes={1: "White", 2: "Black"}, constant=True),
    Label("smoking",           ("smoking_status",), "word", codes={0: "never", 1: "former", 2: "current"}),
    Label("smoking",           ("SmokCigNow",), "word", codes={0: "former", 1: "current"}),
    Label("pack_years",        ("ATS_PackYears",),                              "years", (0, 400)),
    Label("bmi",               ("BMI",),                                        "kg/m2", (10, 100)),
    Label("height_cm",         ("Height_CM",),                                  "cm",    (100, 230)),
    Label("FEV1pp",            ("FEV1pp_utah", "FEV1pp_post"),                  "%",     (1, 250), convert=_percent),
    Label("FVCpp",             ("FVCpp_utah", "FVCpp_post"),                    "%",     (1, 250), convert=_percent),
    Label("FEV1_FVC",          ("FEV1_FVC_utah", "FEV1_FVC_post"),              "l/l",   (0.05, 1), convert=_ratio),
    Label("GOLD",              ("finalgold_visit", "finalGold"),                "stage", (NEVER_SMOKED, 4), whole=True),
    Label("exacerbations",     ("Exacerbation_Frequency",),                     "0, 1",  (0, 1), True, convert=_any),
    Label("MMRC",              ("MMRCDyspneaScor",),                            "grade", (0, 4), whole=True),
    Label("six_minute_walk_m", ("distwalked",),                                 "m",     (0, 1000), convert=_metres),
    Label("BODE",              ("BODE",),                                       "index", (0, 10), whole=True),
    Label("LAA950_pct",        ("pctEmph_Thirona", "pctEmph_Slicer"),           "%",     (0, 100)),
    Label("gas_trapping_pct",  ("pctGasTrap_Thirona", "pctGasTrap_Slicer"),     "%",     (0, 100)),
    Label("Pi10_mm",           ("Pi10_Thirona", "Pi10_SRWA"),                   "mm",    (0.5, 10)),
    Label("wall_area_pct",     ("WallAreaPct_seg_Thirona", "WallAreaPct_seg"),  "%",     (0, 100)),
    Label("lung_volume_l",     ("TLC_Thirona",),                                "l",     (0.5, 15)),
)  # fmt: skip
VISUAL = (
    Label("CLE",               ("CT_Visual_Emph_Severity", "Emph_Severity"),    "grade", (0, 5), whole=True),
    Label("paraseptal",        ("CT_Visual_Emph_Paraseptal", "Emph_Paraseptal"), "grade", (0, 2), whole=True),
)  # fmt: skip
MORTALITY = (
    Label("days",              ("days_followed",),                              "days",  (1, 2e4), True, constant=True),
    Label("died",              ("vital_status",),                               "0, 1",  (0, 1), True, constant=True),
)  # fmt: skip
"""Of the vital status file: one row per subject, counted from phase 1, whichever phase is read."""


def timing(phase: int) -> Label:
    """Returns the label of the days from phase 1 to `phase`, from which a later phase counts its days of follow-up."""
    theirs = ("days_since_baseline", f"Days_Phase1_Phase{phase}", f"days_CT1_CT{phase}")
    return Label("days_since_phase_1", theirs, "days", (0, 20000), constant=True)
