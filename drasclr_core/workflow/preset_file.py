"""A preset's YAML file as it is written: read as text, and checked for its form before its content is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

PARTS = ("stages", "cohorts")
LISTS = ("only", "without")
"""Keys of a cohort that hold lists of stages."""
RESERVED = ("results", "notebooks", "book")
"""Folders of a run beside those of its cohorts."""
FORM = "see presets/demo.yaml for the form"
MERGE = "tag:yaml.org,2002:merge"


def read_preset(path: Path) -> dict[str, dict]:
    """Returns the parts ``stages`` and ``cohorts`` of a preset's file, with every value as text.

    Each part is a mapping of names to mappings, some of which may be empty texts.

    Raises
    ------
    ValueError
        The file cannot be read, a key stands twice or is unknown, a part is missing or has another form, or a cohort's
        name cannot be that of its folder; the message names the file, the problem and the remedy.
    """
    try:
        content = yaml.load(path.read_text(), _TextLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not to be read as a preset: {' '.join(str(error).split())}") from None
    content = content if isinstance(content, dict) else {}
    if missing := set(PARTS) - set(content):
        raise ValueError(f"{path.name}: no {' and no '.join(sorted(missing))}; {FORM}")
    for key in set(content) - set(PARTS):
        raise ValueError(f"{path.name}: no key {key!r}, only {' and '.join(PARTS)}")
    for part in PARTS:
        _check_mapping(content[part], f"{path.name}: {part}", f"a name and a colon for each of the {part}")
        if not content[part]:
            raise ValueError(f"{path.name}: {part} is empty. Name at least one of the {part}; {FORM}.")
    _check_stages(content["stages"], path.name)
    for cohort, given in content["cohorts"].items():
        _check_cohort(cohort, given, path.name)
    return content


def _check_cohort(cohort: str, given: object, where: str) -> None:
    if not re.fullmatch(r"\w+", cohort):
        raise ValueError(f"{where}: cohort {cohort!r}: a cohort's name is letters, digits and _. Give it such a name.")
    if cohort.casefold() in RESERVED:
        raise ValueError(f"{where}: cohort {cohort!r}: a run has a folder of this name. Give the cohort another name.")
    where = f"{where}, cohort {cohort}"
    _check_mapping(given, where, "a name and a colon for each stage, or nothing")
    for key in LISTS:
        if given and given.get(key) and not isinstance(given[key], list):
            raise ValueError(f"{where}: {key} is no list. Write the stages in brackets, as in [{given[key]}].")
    _check_stages({name: one for name, one in (given or {}).items() if name not in LISTS}, where)


def _check_stages(stages: dict, where: str) -> None:
    for stage, given in stages.items():
        _check_mapping(given, f"{where}, stage {stage}", "a name, a colon and a value for each parameter, or nothing")


def _check_mapping(value: object, where: str, remedy: str) -> None:
    if value and not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else f"the text {value!r}"
        raise ValueError(f"{where} is {kind}. Write {remedy}; {FORM}.")


class _RepeatedKeyError(yaml.YAMLError):
    """A mapping names something twice, and YAML would silently take the last."""


class _TextLoader(yaml.SafeLoader):
    """Every value is text; a mapping can be that of another stage with changes, ``{<<: *name, key: value}``."""

    yaml_implicit_resolvers = {"<": [(MERGE, re.compile("^<<$"))]}  # noqa: RUF012 (as PyYAML has it)

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)  # what is merged into it comes later, and its own keys may override
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != MERGE):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise _RepeatedKeyError(f"line {line} has {key.value!r} a second time. Make one of the two.")
            seen.add(key.value)
        return node
