"""HTML for readers from the templates in ``report/templates/``, with every text in it escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=PackageLoader("drasclr_core.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, **values: object) -> Markup:
    """Returns the template ``report/templates/<name>`` filled with the values.

    Parameters
    ----------
    name : str
        File name of the template, such as ``bare.html``.
    values : object
        What the template names. A text is escaped; HTML is passed as ``markupsafe.Markup``, which this function returns
        itself, so that one template's result can stand in another. Markup escapes what is added to it with ``+`` or
        ``join``: put pieces together in a template.

    Raises
    ------
    jinja2.TemplateNotFound, jinja2.UndefinedError
        There is no such template; it names a value that was not given.
    """
    return Markup(_TEMPLATES.get_template(name).render(values))
