"""What publishes and packs this project is well formed, and names only what there is."""

import os
import re
import tomllib
from fnmatch import fnmatch

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from drasclr_core.run import project_root

ROOT = project_root(__file__)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PYTHON = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"])


def made(text):
    """The targets that a text asks make for."""
    return set(re.findall(r"\bmake ([a-z]+)", text))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_well_formed(path):
    content = yaml.safe_load(path.read_text())
    assert {"name", "jobs", "permissions"} <= set(content) and True in content, "`on` is read as true by YAML 1.1"
    for job in content["jobs"].values():
        assert job["runs-on"] and job["steps"]
        assert set(filter(None, [job.get("needs")])) <= set(content["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert "@v" in step.get("uses", "@v"), "an action without a version"
            assert made(step.get("run", "")) <= TARGETS
            wanted = step.get("with", {}).get("python-version")
            assert wanted is None or wanted in PYTHON
            assert (ROOT / step.get("with", {}).get("cache-dependency-path", "Makefile")).exists()


def test_one_workflow_tests_and_one_publishes():
    tests, book = (yaml.safe_load((ROOT / ".github/workflows" / name).read_text()) for name in ("test.yml", "book.yml"))
    assert "test" in made(str(tests)) and book["permissions"]["pages"] == "write"
    steps = book["jobs"]["build"]["steps"]
    upload = next(step for step in steps if "upload-pages-artifact" in step.get("uses", ""))
    recipe = (ROOT / "Makefile").read_text().partition("\npublish:")[2].partition("\n\n")[0]
    assert upload["with"]["path"] in recipe and "--publish" in recipe


def test_the_image_copies_and_makes_what_there_is():
    text = (ROOT / "Dockerfile").read_text()
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert made(code) <= TARGETS and re.search(r"^FROM python:(\S+?)-slim$", code, re.MULTILINE)[1] in PYTHON
    for line in re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", code, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split()), line
    ignored = (ROOT / ".dockerignore").read_text()
    assert all(f"!runs/{path.name}" in ignored for path in (ROOT / "runs").iterdir() if _is_committed(path))


@pytest.mark.parametrize("name", [".dockerignore", ".gitignore"])
def test_described_scans_and_folders_of_scans_get_into_neither_image_nor_repository(name):
    rules = [line for line in (ROOT / name).read_text().splitlines() if line]
    for path in ("runs/shown/copd/your_ct", "runs/shown/covid/your_ct", "my_scan", "my_scans", "my_scan_2"):
        assert _left_out(path, rules), path
    assert not _left_out("runs/shown/results", rules) and not _left_out("notebooks", rules)
    assert rules.index("runs/shown/*/your_ct") > max(
        rules.index(rule) for rule in rules if rule.startswith("!runs/shown")
    )


def _left_out(path, rules):
    """Whether a path is left out, by the last rule that says something of it or of a folder above it."""
    left_out = False
    for rule in rules:
        names = rule.removeprefix("!").strip("/").split("/")
        if len(names) <= path.count("/") + 1 and all(map(fnmatch, path.split("/"), names)):
            left_out = not rule.startswith("!")
    return left_out


def _is_committed(path):
    return path.is_dir() and f"!runs/{path.name}/" in (ROOT / ".gitignore").read_text()


def test_binder_finds_its_files():
    binder = ROOT / "binder"
    assert os.access(binder / "postBuild", os.X_OK)
    assert re.fullmatch(r"python-(\S+)", (binder / "runtime.txt").read_text().strip())[1] in PYTHON
    (lock,) = re.findall(r"^-r (\S+)$", (binder / "requirements.txt").read_text(), re.MULTILINE)
    assert (binder / lock).exists()
    assert all(re.fullmatch(r"[a-z0-9.+-]+", name) for name in (binder / "apt.txt").read_text().split())
    modules = re.findall(r"-m (drasclr_core[\w.]+)", (binder / "postBuild").read_text())
    assert modules and all((ROOT / f"{name.replace('.', '/')}.py").exists() for name in modules)
