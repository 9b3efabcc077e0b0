"""What the files of ``methods/`` say is all that the rest of the project knows of a method."""

import subprocess
import sys

import pytest

from drasclr_core.methods import in_order, method_class, method_names, methods, row_of, rows
from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.pretrain import Method


def test_every_method_is_found_by_its_file():
    assert methods()["drasclr"] is DrasCLR
    assert {"drasclr", "drasclr_local"} <= set(methods())
    for name, kind in methods().items():
        assert issubclass(kind, Method) and kind.name == name
        assert set(kind.takes) <= set(kind.Settings.names()) and set(kind.fixed) <= set(kind.Settings.names())
        assert set(kind.curves) <= set(kind.metrics)
        assert rows()[name] is kind.row


def test_a_method_that_does_not_exist_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="no pretraining method 'drasclr_locl': did you mean 'drasclr_local'"):
        method_class("drasclr_locl")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"temprature": 0.2}, "no setting 'temprature': did you mean 'temperature'"),
        ({"neighbors": 3}, "neighbors is always 0 in drasclr_local"),
        ({"bank_size": 64.5}, "bank_size is 64.5, and must be a whole number"),
        ({"epochs": True}, "epochs is True, and must be a whole number"),
        ({"gamma": [1]}, r"gamma is \[1\], and must be a list"),
        ({"gamma": 1}, "gamma is 1, and must be a list"),
    ],
)
def test_a_setting_that_the_method_does_not_look_at_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        method_class("drasclr_local").configure(8, 4.0, {"settings": settings})


def test_a_setting_may_be_a_text_as_presets_have_it():
    given = {"lr": "0.1", "fresh_negatives": "false", "gamma": ["0.5", "2"], "epochs": "3"}
    made = method_class("drasclr").configure(8, 4.0, {"settings": given})
    assert (made.lr, made.fresh_negatives, made.epochs, made.augmentation.gamma) == (0.1, False, 3, (0.5, 2.0))


def test_rows_come_in_the_order_of_the_tables():
    shown = in_order(["drasclr", "spirometry", "mine", "chance", "drasclr_local", "laa950", "moco", "drasclr_readout"])
    assert shown == ["chance", "laa950", "moco", "mine", "drasclr_local", "drasclr", "drasclr_readout", "spirometry"]
    groups = [row_of(name).group for name in ("chance", "laa950", "moco", "drasclr", "bode")]
    assert groups == [
        "no image",
        "hand-made features",
        "learned without the labels",
        "DrasCLR",
        "clinical measurements",
    ]


def test_what_is_made_of_a_method_has_a_row_of_its_own():
    assert row_of("moco_readout").name == "MoCo, linear readout"
    assert row_of("mine+bode").name == "mine + BODE"
    shades = [row_of(f"moco{ending}").color for ending in ("", "_finetuned", "_readout")]
    assert shades[0] == shades[1] != shades[2], "the readout is paler"
    assert row_of("moco").order < row_of("moco_readout").order < row_of("moco_finetuned").order


def test_a_new_file_is_a_new_method(toy):
    """The toy says that it is the paper's MoCo in Table 2, beside the method that is."""
    assert methods()["toy"] is toy
    assert (row_of("toy").name, row_of("toy").color) == ("Toy", "#123456")
    assert method_names().query("method == 'toy'")[["table", "paper"]].values.tolist() == [["table2", "MoCo"]]


def test_figures_that_show_no_method_do_not_load_torch():
    code = "import sys, drasclr_core.methods, drasclr_core.report.style; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
