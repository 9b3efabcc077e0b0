"""Detectors beside their controls: who is better, who may draw, and what is said of who may not."""

import numpy as np
import pandas as pd
import pytest

from drasclr_core.detect.detector.detector import FOLDS_FILE, Detector
from drasclr_core.detect.scoring.ranking import average_precision_draws
from drasclr_core.detect.verdict.controls import compare_with_controls, controls_answer
from drasclr_core.detect.verdict.verdict import (
    Verdict,
    drawing_method,
    drawn_subtypes,
    judge_detector,
    read_verdicts,
    write_verdicts,
)
from drasclr_core.detect.verdict.words import nothing_drawn, others_drawn
from drasclr_core.run import Run


def worth_of(*methods, high=0.03):
    """What the detectors of some methods mark in healthy lungs, up to the upper end of its interval."""
    rows = [(name, "Paraseptal", 0.02, 0.01, high, 0.4) for name in methods]
    return pd.DataFrame(rows, columns=["method", "task", "healthy", "healthy_low", "healthy_high", "found"])


def verdict_of(*numbers, healthy=(0.02, 0.01, 0.03), found=0.4):
    """A verdict on detectors that leave healthy lungs alone."""
    known = dict(zip(("healthy", "healthy_low", "healthy_high"), healthy, strict=True))
    return Verdict(*numbers, **known, found=found)


GOOD = verdict_of("centrilobular", 0.8, 0.4, 0.4, 0.3, 0.5)
BAD = verdict_of("paraseptal", 0.31, 0.31, 0.0, -0.1, 0.1)


def draws_of(subjects=60, seed=0, **skill):
    """Average precisions of methods whose probabilities go with the label as far as their skill."""
    rng = np.random.default_rng(seed)
    sids = np.repeat([f"S{index}" for index in range(subjects)], 2)
    true = np.repeat(rng.random(subjects) < 0.4, 2)
    base = pd.DataFrame({"task": "Paraseptal", "sid": sids, "true": true})
    parts = [base.assign(method="chance", probability=1.0)]
    parts += [base.assign(method=name, probability=much * true + rng.normal(size=len(true)))
              for name, much in skill.items()]  # fmt: skip
    return average_precision_draws(pd.concat(parts), 500, seed)


def test_a_detector_that_sees_draws_and_one_that_does_not_says_why():
    draws = draws_of(good=3.0, blind=0.0)
    good, blind = (judge_detector(draws, name, "paraseptal", worth_of("good", "blind")) for name in ("good", "blind"))
    assert good.drawn and good.low > 0.1 and "is drawn" in good.sentence()
    assert not blind.drawn and f"{blind.value:.2f}" in blind.sentence() and f"{blind.low:+.2f}" in blind.sentence()
    assert "not drawn and no share" in blind.sentence() and "+0.10" in blind.sentence()


def test_a_gain_that_may_be_luck_does_not_draw():
    """The estimate alone is above the margin, the interval is not."""
    verdict = judge_detector(draws_of(subjects=12, seed=5, some=0.8), "some", "paraseptal", worth_of("some"))
    assert verdict.gain > 0.1 > verdict.low and not verdict.drawn
    assert judge_detector(draws_of(subjects=12, seed=5, some=0.8), "some", "paraseptal", worth_of("some"), -1.0).drawn


def test_the_place_counts_as_chance_where_it_says_more():
    verdict = judge_detector(draws_of(subjects=200, location=2.0, shell=2.0), "shell", "paraseptal", worth_of("shell"))
    alone = judge_detector(draws_of(subjects=200, shell=2.0), "shell", "paraseptal", worth_of("shell"))
    assert alone.drawn and not verdict.drawn and verdict.chance > alone.chance + 0.2


def test_an_interval_that_is_not_known_does_not_draw():
    draws = draws_of(good=3.0)
    verdict = judge_detector(draws[draws["draw"] == -1], "good", "paraseptal", worth_of("good"))
    assert np.isnan(verdict.low) and not verdict.drawn


def test_a_detector_that_marks_healthy_lungs_does_not_draw_however_well_it_orders_boxes():
    draws = draws_of(good=3.0)
    loud, quiet = (judge_detector(draws, "good", "paraseptal", worth_of("good", high=end)) for end in (0.08, 0.04))
    assert quiet.drawn and not loud.drawn and loud.low > loud.margin
    assert "2.0 % ill (95 % interval 1.0 to 8.0 %; it must not pass 5 %)" in loud.sentence()
    assert "find 40 % of the annotated boxes of unseen subjects, by the middle of the box, and miss 60" in loud.worth()
    assert judge_detector(draws, "good", "paraseptal", worth_of("good", high=0.08), most_healthy=0.1).drawn
    unknown = judge_detector(draws, "good", "paraseptal", worth_of("another"))
    assert not unknown.drawn and "was not measured" in unknown.sentence()


def test_differences_from_every_control():
    draws = draws_of(subjects=200, location=0.0, patch_laa=4.0, patch_cnn=2.0, finetuned=2.0)
    table = compare_with_controls(draws, ["finetuned"]).set_index("against")
    assert table["verdict"].to_dict() == {"location": "better", "patch_laa": "worse", "patch_cnn": "open"}
    assert table["difference"].to_numpy() == pytest.approx((table["value"] - table["value_against"]).to_numpy())
    assert ((table["low"] < table["difference"]) & (table["difference"] < table["high"])).all()
    assert compare_with_controls(draws, ["finetuned"], ["absent"]).empty


def test_verdicts_are_kept_beside_the_detectors(tmp_path, encoder):
    run = Run(str(tmp_path / "run"))
    for subtype in ("centrilobular", "paraseptal"):
        Detector(encoder).save_pretrained(run.detector("drasclr_finetuned", subtype, 0))
    assert drawn_subtypes(run, "drasclr_finetuned") == ([], {}), "not trained to the end"
    pd.DataFrame({"sid": ["a"], "fold": [0]}).to_csv(run.detectors("drasclr_finetuned") / FOLDS_FILE, index=False)
    drawn, said = drawn_subtypes(run, "drasclr_finetuned")
    assert drawn == [] and len(said) == 2 and all("were not judged" in one for one in said.values())
    verdicts = [GOOD, BAD]
    write_verdicts(run, "drasclr_finetuned", verdicts)
    drawn, said = drawn_subtypes(run, "drasclr_finetuned")
    assert drawn == ["centrilobular"] and list(said.values()) == [one.sentence() for one in verdicts]
    assert read_verdicts(run, "drasclr_finetuned") == {"centrilobular": GOOD, "paraseptal": BAD}
    assert read_verdicts(run, "mine") == {}


def test_others_draw_where_the_first_may_not(tmp_path, encoder):
    run = Run(str(tmp_path / "run"))
    assert drawing_method(run) == "drasclr_finetuned", "nobody may"
    surer = verdict_of("centrilobular", 0.9, 0.4, 0.5, 0.4, 0.6)
    for method, verdicts in {"drasclr_finetuned": [BAD], "a": [surer, BAD], "b": [GOOD, BAD], "c": [BAD]}.items():
        for subtype in ("centrilobular", "paraseptal"):
            Detector(encoder).save_pretrained(run.detector(method, subtype, 0))
        pd.DataFrame({"sid": ["x"], "fold": [0]}).to_csv(run.detectors(method) / FOLDS_FILE, index=False)
        write_verdicts(run, method, verdicts)
    assert drawing_method(run) == "a" and drawing_method(run, "b") == "b"
    write_verdicts(run, "c", [GOOD, verdict_of("paraseptal", 0.6, 0.3, 0.3, 0.11, 0.4)])
    assert drawing_method(run) == "c", "both subtypes"
    write_verdicts(run, "drasclr_finetuned", [GOOD])
    assert drawing_method(run) == "drasclr_finetuned"


def test_the_answer_names_what_a_detector_beats_what_beats_it_and_that_it_beats_nothing():
    rows = [("location", "Centrilobular", "better"), ("location", "Paraseptal", "better"),
            ("patch_laa", "Centrilobular", "open"), ("patch_cnn", "Paraseptal", "worse")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["against", "task", "verdict"]).assign(method="drasclr_finetuned")
    said = controls_answer(table, "drasclr_finetuned")
    assert "is clearly better than *Location alone* for centrilobular and paraseptal, and clearly worse than" in said
    none = controls_answer(table[2:], "drasclr_finetuned")
    assert "clearly better than none of its controls (*Patch LAA*, *Patch CNN from scratch*), and clearly worse" in none


def test_others_that_may_be_drawn_are_named_with_the_parameter_that_draws_them():
    verdicts = {"drasclr_finetuned": [GOOD, GOOD], "models_genesis_finetuned": [GOOD, BAD], "moco_finetuned": [BAD]}
    said = others_drawn(verdicts, "drasclr_finetuned")
    assert '21 and 22: Models Genesis, fine-tuned (centrilobular; `method = "models_genesis_finetuned"`). Each' in said
    assert "moco" not in said.lower()
    assert others_drawn({"drasclr_finetuned": [BAD]}, "drasclr_finetuned") == ""
    assert others_drawn({"a_finetuned": [BAD]}, "drasclr_finetuned").endswith("none may be drawn.")


def test_a_page_without_maps_says_whether_detectors_are_missing_or_may_not_draw_and_whose_may(tmp_path, encoder):
    run = Run(str(tmp_path / "run"))
    write_verdicts(run, "drasclr_finetuned", [BAD])
    refused = {"paraseptal": BAD.sentence()}
    assert "No maps of mine:** there are no detectors `mine`" in nothing_drawn(run, "mine", {}, "No maps", 3)
    said = nothing_drawn(run, "drasclr_finetuned", refused, "No maps", 3)
    assert said.startswith("**No maps of DrasCLR, fine-tuned:**") and said.endswith("Paper Fig. 3 would stand here.")
    Detector(encoder).save_pretrained(run.detector("models_genesis_finetuned", "centrilobular", 0))
    folds = run.detectors("models_genesis_finetuned") / FOLDS_FILE
    pd.DataFrame({"sid": ["x"], "fold": [0]}).to_csv(folds, index=False)
    write_verdicts(run, "models_genesis_finetuned", [GOOD])
    said = nothing_drawn(run, "drasclr_finetuned", refused, "No maps", 3)
    assert "The detectors of Models Genesis, fine-tuned pass, for centrilobular emphysema: see their tab" in said
