import json

import pytest

from drasclr_core.workflow.stages import Notebook, notebook_of, owners, plain, read_notebooks, suffix_of


def test_a_notebook_says_what_comes_before_it_and_where_it_stands(toy_notebooks):
    patches = toy_notebooks["05_patches"]
    assert patches.after == ("03_atlas",) and patches.sharded and patches.named_by == "atlas"
    assert patches.part == "Stages" and patches.order == 5 and toy_notebooks["40_all"].order == 1
    assert list(toy_notebooks) == sorted(toy_notebooks)
    assert owners(toy_notebooks)["method"] == ["06_pretrain", "07_features"]


def test_a_given_notebook_takes_the_place_of_the_projects(tmp_path, toy_notebooks, write_notebook):
    own = write_notebook(tmp_path / "05_patches.ipynb", "margin = 1  # voxels\n")
    assert "margin" in read_notebooks(tmp_path / "notebooks", own=[own])["05_patches"].parameters


@pytest.mark.parametrize("about, said", [
    ({"aftr": []}, "no key 'aftr' of its metadata 'drasclr': did you mean 'after'"),
    ({"named_by": "methods"}, "a parameter 'methods': did you mean 'method'"),
    ({"sharded": True}, "a parameter 'shard'"),
    ({"settings": ["mode"]}, "a parameter 'mode'"),
])  # fmt: skip
def test_metadata_that_cannot_be_are_named(tmp_path, about, said, write_notebook):
    with pytest.raises(ValueError, match=f"01_toy.ipynb.*{said}"):
        Notebook.read(write_notebook(tmp_path / "01_toy.ipynb", 'method = "a"  # which\n', **about))


@pytest.mark.parametrize("about", [{"after": ["02_lngs*"]}, {"for_each": "02_lngs"}])
def test_a_notebook_that_comes_after_none_is_named(tmp_path, about, write_notebook):
    write_notebook(tmp_path / "02_lungs.ipynb")
    write_notebook(tmp_path / "03_toy.ipynb", **about)
    with pytest.raises(ValueError, match=r"03_toy.ipynb.*'02_lngs'.*did you mean '02_lungs'"):
        read_notebooks(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"cells": [], "metadata": {}})])
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    (tmp_path / "01_broken.ipynb").write_text(content)
    with pytest.raises(ValueError, match=r"01_broken.ipynb is no notebook with one cell of parameters"):
        Notebook.read(tmp_path / "01_broken.ipynb")


def test_names_of_stages_and_entries():
    assert (notebook_of("06_pretrain-moco"), suffix_of("06_pretrain-moco")) == ("06_pretrain", "moco")
    assert (notebook_of("06_pretrain"), suffix_of("06_pretrain")) == ("06_pretrain", "")
    assert plain("*/12_covid*") == "12_covid"
