"""The three descriptions of the environment say the same."""

import importlib.metadata
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from drasclr_core.run import project_root

ROOT = project_root(__file__)
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def locked() -> dict[str, str]:
    lines = [
        line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")
    ]
    return {name.lower().replace("_", "-"): version for name, version in (line.split("==") for line in lines)}


def test_conda_environment_lists_what_the_package_declares():
    pip_part = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    assert pip_part == DECLARED


@pytest.mark.parametrize("line", DECLARED)
def test_lock_satisfies(line):
    requirement = Requirement(line)
    version = locked()[requirement.name.lower().replace("_", "-")]
    assert requirement.specifier.contains(version), f"requirements.lock has {requirement.name} {version}"


def test_lock_names_no_address_and_no_local_build():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "+cpu" not in text


def test_this_environment_is_the_locked_one():
    differing = {
        n: (importlib.metadata.version(n), v)
        for n, v in locked().items()
        if importlib.metadata.version(n).split("+")[0] != v
    }
    assert not differing
