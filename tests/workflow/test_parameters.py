import pytest

from drasclr_core.workflow.parameters import checked, declared, nearest

SOURCE = """run = "demo"  # name of the run
epochs = 12  # how often every patch is shown [1 or more]
lr = 0.03  # learning rate [above 0 to 1]
mode = "fast"  # how [fast, authors or empty]
exact = False  # every voxel
subtypes = ["centrilobular", "paraseptal"]  # kinds
fractions = [0.5, 1.0]  # parts [above 0 to 1]
rows = [
    "a", "b"
]  # over several lines: ä, [-1, 1] in the middle of a sentence is no range
against = []  # the others
phase = 1  # visit [1, 2 or 3]
"""
PARAMETERS = declared(SOURCE)


def test_a_parameters_cell_is_read_with_its_comments_and_ranges():
    assert list(PARAMETERS) == [
        "run",
        "epochs",
        "lr",
        "mode",
        "exact",
        "subtypes",
        "fractions",
        "rows",
        "against",
        "phase",
    ]
    assert PARAMETERS["epochs"].default == 12 and PARAMETERS["epochs"].allowed == "1 or more"
    assert PARAMETERS["rows"].default == ["a", "b"] and PARAMETERS["rows"].allowed == ""
    assert PARAMETERS["rows"].meaning.startswith("over several lines: ä, [-1, 1]")


@pytest.mark.parametrize(
    "name, given, value",
    [
        ("run", "2024_01", "2024_01"),
        ("run", 2024, "2024"),
        ("epochs", "3", 3),
        ("epochs", 3.0, 3),
        ("lr", "1e-3", 0.001),
        ("lr", 1, 1.0),
        ("mode", "", ""),
        ("phase", "2", 2),
        ("exact", "true", True),
        ("subtypes", "[2024, paraseptal]", ["2024", "paraseptal"]),
        ("subtypes", [], []),
        ("fractions", ["0.1", 1], [0.1, 1.0]),
        ("against", ["2024_01"], ["2024_01"]),
    ],
)
def test_a_value_becomes_what_the_default_is(name, given, value):
    found = PARAMETERS[name].convert(given)
    assert found == value and type(found) is type(value)
    if isinstance(value, list):
        assert list(map(type, found)) == list(map(type, value))


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("epochs", "twelve", "epochs is 'twelve', and must be a whole number, 1 or more."),
        ("epochs", 2.5, "whole number"),
        ("epochs", True, "whole number"),
        ("epochs", -1, "epochs is -1, and must be a whole number, 1 or more."),
        ("lr", 0, "above 0 to 1"),
        ("lr", "1.5", "above 0 to 1"),
        ("lr", "nan", "must be a number"),
        ("mode", "quick", "mode is 'quick', and must be a text, fast, authors or empty."),
        ("run", True, "must be a text"),
        ("phase", 4, "1, 2 or 3"),
        ("exact", "perhaps", "true or false"),
        ("exact", 1, "true or false"),
        ("subtypes", "centrilobular", r"must be a list, such as \[centrilobular, paraseptal\]"),
        ("fractions", [0.5, 2.0], "above 0 to 1"),
        ("subtypes", "[a", "must be a list"),
        ("fractions", ["half"], "must be a list"),
        ("epochs", None, "whole number"),
    ],
)
def test_a_wrong_value_is_an_error_of_one_line_that_says_what_is_allowed(name, given, said):
    with pytest.raises(ValueError, match=said) as raised:
        checked(PARAMETERS, {name: given}, "small.yaml", {})
    assert str(raised.value).startswith("small.yaml: ") and "\n" not in str(raised.value)


def test_an_unknown_parameter_is_an_error_with_the_nearest_one():
    with pytest.raises(ValueError, match="-p: no parameter 'epoch': did you mean 'epochs'"):
        checked(PARAMETERS, {"epoch": 1}, "-p", {})
    others = {"subjects": ["01_cohort"]}
    with pytest.raises(ValueError, match="no parameter 'subjcts': did you mean 'subjects' of 01_cohort"):
        checked(PARAMETERS, {"subjcts": 1}, "-p", others)
    with pytest.raises(ValueError, match="no parameter 'subjects', which belongs to 01_cohort"):
        checked(PARAMETERS, {"subjects": 1}, "-p", others)
    assert nearest("xyz", ["one", "two"]) == ", only one, two." and nearest("x", []) == ", only none."
