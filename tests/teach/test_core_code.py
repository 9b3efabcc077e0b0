"""The core's code on a page is that of the source, without its docstring."""

import ast

import pytest

from drasclr_core.teach import show_core, show_widget


def test_shown_code_is_the_source_without_its_docstring():
    shown = show_core("model.losses", "local_loss", "alignment")
    assert shown.file == "drasclr_core/model/losses.py"
    assert [node.name for node in ast.parse(shown.code).body] == ["local_loss", "alignment"]
    assert '"""' not in shown.code and "fmt:" not in shown.code and "contrast_logits(query, key" in shown.code
    assert shown._repr_markdown_().startswith("```python\n# drasclr_core/model/losses.py\ndef local_loss(")


def test_a_method_stands_at_the_left_margin():
    assert show_core("model.locconv", "LocCondConv3d.kernels").code.startswith("def kernels(self")


def test_code_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError):
        show_core("model.losses", "local_los")


def test_a_widget_holds_its_numbers_and_a_text_for_those_who_cannot_see_it():
    html = show_widget("temperature", {"a": "</script>", "b": [0.1]}, "Weights by <temperature>.")._repr_html_()
    assert html.count("</script>") == 1 and "Weights by &lt;temperature&gt;." in html
    with pytest.raises(ValueError, match="no text"):
        show_widget("temperature", {}, " ")
