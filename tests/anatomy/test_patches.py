"""Patches lie where they should; the store keeps them, appends to them and notices what is not whole."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from drasclr_core.anatomy import PatchStore, extract_patches
from drasclr_core.imaging.volume import Volume
from drasclr_core.progress import for_each


def numbered(shape=(9, 8, 7), spacing=2.0, origin=(5.0, -3.0, 11.0)):
    """A volume in which every voxel has its own value."""
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = origin
    return Volume(np.arange(np.prod(shape), dtype=np.float32).reshape(shape), affine)


coordinate = st.floats(-12, 20).map(lambda value: round(value, 6))  # between two voxels either is the nearest


@settings(max_examples=150, deadline=None)
@given(st.tuples(coordinate, coordinate, coordinate), st.integers(1, 6))
def test_patch_is_the_nearest_cube_and_air_outside(voxel, size):
    volume = numbered()
    centre = np.array(voxel) * 2.0 + volume.affine[:3, 3]
    patches, padded = extract_patches(volume, centre[None], size)
    low = np.floor(np.array(voxel) - (size - 1) / 2 + 0.5).astype(int)
    assert (np.abs(low + (size - 1) / 2 - voxel) <= 0.5 + 1e-6).all()
    leaves = False
    for offset in np.ndindex(size, size, size):
        place = low + offset
        inside = bool(((place >= 0) & (place < volume.array.shape)).all())
        leaves |= not inside
        assert patches[0][offset] == (volume.array[tuple(place)] if inside else -1024)
    assert padded == leaves


def test_even_patch_round_a_voxel_corner_is_exact():
    """The middle of an 8-voxel patch is a corner between voxels: no half voxel is lost to rounding."""
    volume = numbered((12, 12, 12))
    centre = np.array([[5.5, 5.5, 5.5]]) * 2 + volume.affine[:3, 3]
    patches, padded = extract_patches(volume, centre, 8)
    assert padded == 0 and np.array_equal(patches[0], volume.array[2:10, 2:10, 2:10])


def test_values_are_rounded_and_kept_in_range():
    volume = Volume(np.full((4, 4, 4), -700.6, dtype=np.float32), np.eye(4))
    volume.array[0, 0, 0], volume.array[3, 3, 3] = -3024, 30000
    patches, _ = extract_patches(volume, np.array([[1.5, 1.5, 1.5]]), 4)
    assert patches.dtype == np.int16
    assert [patches[0][0, 0, 0], patches[0][1, 1, 1], patches[0][3, 3, 3]] == [-1024, -701, 3071]


def cubes(seed, landmarks=5, size=4):
    return np.random.default_rng(seed).integers(-1024, 3071, (landmarks, size, size, size)).astype(np.int16)


@pytest.fixture
def store(tmp_path):
    store = PatchStore.create(tmp_path / "patches.zarr", ["a", "b", "c"], 5, 4, 2.0)
    for seed, sid in enumerate(store.sids):
        store.write(sid, cubes(seed))
    return store


def shard(store, sid):
    """The only file of a subject."""
    return store.path / f"c.0.{store.sids.index(sid)}.0.0.0"


def test_read_gives_what_was_written(store):
    again = PatchStore.open(store.path)
    assert (again.sids, again.num_landmarks, again.size, again.spacing) == (["a", "b", "c"], 5, 4, 2.0)
    for landmark in range(5):
        expected = np.stack([cubes(2)[landmark], cubes(0)[landmark], cubes(2)[landmark]])
        assert np.array_equal(again.read(landmark, ["c", "a", "c"]), expected)
        assert np.array_equal(again.read(landmark, np.array([2, 0, 2])), expected)
    assert np.array_equal(again.read_subject("b"), cubes(1))
    assert again.missing() == []


def test_our_short_way_of_reading_agrees_with_zarr(store):
    array = zarr.open_array(store.path, mode="r")
    for landmark in range(5):
        assert np.array_equal(store.read(landmark, store.sids), array[landmark])


def test_threads_read_the_same(store):
    several = PatchStore.open(store.path, threads=3)
    for sids in (["c", "a", "b", "a"], [], ["b"]):
        assert np.array_equal(several.read(2, sids), store.read(2, sids))
    shard(store, "b").unlink()
    with pytest.raises(KeyError, match="of b"):
        several.read(4, ["a", "b"])


def test_subject_is_one_file_and_one_mark(store):
    files = {path.relative_to(store.path).as_posix() for path in store.path.rglob("*")}
    marks = {f"written/.{sid}.json" for sid in store.sids}
    assert files == {"zarr.json", "written", *(f"c.0.{row}.0.0.0" for row in range(3)), *marks}


def test_patches_of_nothing_but_air_are_kept_too(store):
    store.write("b", np.full((5, 4, 4, 4), -1024, dtype=np.int16))
    assert (PatchStore.open(store.path).read(3, ["b"]) == -1024).all()


def test_no_such_landmark(store):
    for landmark in (5, -1):
        with pytest.raises(IndexError):
            store.read(landmark, ["a"])


def test_subject_not_written_is_missing(tmp_path):
    store = PatchStore.create(tmp_path / "patches.zarr", ["a", "b"], 5, 4, 2.0)
    store.write("b", cubes(0))
    assert store.missing() == ["a"]
    for read in (lambda: store.read(0, ["a"]), lambda: store.read_subject("a")):
        with pytest.raises(KeyError, match="no patches of a"):
            read()


def test_interrupted_rewrite_is_missing(store, monkeypatch):
    """Killed after its file was replaced and before the mark: the subject is not taken for finished."""
    import drasclr_core.anatomy.patches as module

    def killed(*arguments, **facts):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "mark_done", killed)
    with pytest.raises(KeyboardInterrupt):
        store.write("b", cubes(7))
    assert PatchStore.open(store.path).missing() == ["b"]


def test_killed_writer_leaves_no_subject_half_written(tmp_path):
    """kill -9 at some moment of writing: each subject is whole or missing."""
    path = tmp_path / "patches.zarr"
    sids = [f"S{number}" for number in range(40)]
    PatchStore.create(path, sids, 60, 12, 2.0)
    code = (
        "import sys, numpy as np; from drasclr_core.anatomy import PatchStore\n"
        "store = PatchStore.open(sys.argv[1])\n"
        "patches = np.random.default_rng(0).integers(-1000, 1000, (60, 12, 12, 12)).astype(np.int16)\n"
        "for sid in store.sids:\n    store.write(sid, patches); print(sid, flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        assert writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    store = PatchStore.open(path)
    expected = np.random.default_rng(0).integers(-1000, 1000, (60, 12, 12, 12)).astype(np.int16)
    written = [sid for sid in sids if sid not in store.missing()]
    assert 3 <= len(written) < len(sids)
    assert all(np.array_equal(store.read_subject(sid), expected) for sid in written)


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_damaged_file_is_an_error_that_names_the_subject(store, keep):
    path = shard(store, "b")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(KeyError, match="of b"):
        store.read(4, ["a", "b"])


def test_append_leaves_the_others_alone(store):
    before = {sid: (shard(store, sid).stat().st_mtime_ns, shard(store, sid).read_bytes()) for sid in store.sids}
    grown = PatchStore.create(store.path, ["a", "b", "c", "d"], 5, 4, 2.0)
    assert grown.sids == ["a", "b", "c", "d"] and grown.missing() == ["d"]
    grown.write("d", cubes(9))
    assert {sid: (shard(grown, sid).stat().st_mtime_ns, shard(grown, sid).read_bytes()) for sid in before} == before
    assert np.array_equal(grown.read(2, ["a", "d"]), np.stack([cubes(0)[2], cubes(9)[2]]))


@pytest.mark.parametrize("changed", [(["a", "b", "c"], 6, 4, 2.0), (["a", "b", "c"], 5, 3, 2.0),
                                     (["a", "b", "c"], 5, 4, 1.0), (["a", "b"], 5, 4, 2.0)],
                         ids=["landmarks", "size", "spacing", "subjects"])  # fmt: skip
def test_store_of_another_kind_is_replaced(store, changed):
    new = PatchStore.create(store.path, *changed)
    assert new.missing() == changed[0]


def _write(task):
    path, sid, seed = task
    PatchStore.open(path).write(sid, cubes(seed))


def test_processes_write_different_subjects_at_once(tmp_path):
    path = tmp_path / "patches.zarr"
    sids = [f"S{number}" for number in range(12)]
    PatchStore.create(path, sids, 5, 4, 2.0)
    for_each(_write, [(path, sid, seed) for seed, sid in enumerate(sids)], "write", workers=2)
    store = PatchStore.open(path)
    assert store.missing() == []
    assert np.array_equal(store.read(1, sids), np.stack([cubes(seed)[1] for seed in range(12)]))


def _create_and_write(task):
    path, sids, seed = task
    PatchStore.create(path, sids, 5, 4, 2.0).write(sids[seed], cubes(seed))


def test_processes_that_make_the_store_at_once_lose_nothing(tmp_path):
    """As shards do that start together: nobody replaces the store that another has begun to fill."""
    sids = [f"S{number}" for number in range(4)]
    paths = [tmp_path / f"{number}.zarr" for number in range(12)]
    for_each(
        _create_and_write, [(path, sids, seed) for path in paths for seed in range(4)], "make and write", workers=2
    )
    for path in paths:
        store = PatchStore.open(path)
        assert store.sids == sids and store.missing() == []
        assert np.array_equal(store.read(1, sids), np.stack([cubes(seed)[1] for seed in range(4)]))


def test_store_is_made_once_by_whoever_comes_first(tmp_path, monkeypatch):
    """A second process that asks in the middle of the making waits for it."""
    path, made, make = tmp_path / "patches.zarr", [], zarr.create_array

    def slowly(*arguments, **settings):
        made.append(make(*arguments, **settings))
        time.sleep(0.3)

    monkeypatch.setattr("zarr.create_array", slowly)
    with ThreadPoolExecutor(3) as threads:
        stores = list(threads.map(lambda _: PatchStore.create(path, ["a", "b"], 5, 4, 2.0), range(3)))
    assert len(made) == 1 and all(store.sids == ["a", "b"] for store in stores)


def test_opened_store_is_read_anew_only_when_it_changed(store):
    assert PatchStore.open(store.path) is PatchStore.open(store.path)
    PatchStore.create(store.path, ["a", "b", "c", "d"], 5, 4, 2.0)
    assert PatchStore.open(store.path).sids == ["a", "b", "c", "d"]


def test_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match="run 05_patches"):
        PatchStore.open(tmp_path / "patches.zarr")
