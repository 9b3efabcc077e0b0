"""The optional network: what it is handed, what comes back, and what is said where it or its weights are missing."""

import sys
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from drasclr_core.anatomy.lungs import lungmask
from drasclr_core.anatomy.lungs.lungmask import FIRST, LungmaskError, segment_lungs_lungmask
from drasclr_core.anatomy.lungs.sides import NoLungsError
from drasclr_core.imaging.volume import Volume


@pytest.fixture(autouse=True)
def forget_networks():
    lungmask._inferer.cache_clear()
    yield
    lungmask._inferer.cache_clear()


@pytest.fixture
def weights(tmp_path):
    torch.save(OrderedDict({FIRST: torch.zeros(64, 1, 3, 3), "last.bias": torch.zeros(3)}), tmp_path / "r231.pth")
    return tmp_path / "r231.pth"


def scan():
    """Air on the subject's right (high x), in front and on top: each corner has its own value."""
    array = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    return Volume(array, np.eye(4))


class Fake:
    """lungmask's `LMInferer`, as far as it is used: 1 in the half with a low last index (the right), else 2."""

    made, seen = [], []
    empty = False

    def __init__(self, modelname="R231", modelpath=None, tqdm_disable=False):
        self.made.append((modelname, modelpath))

    def apply(self, image):
        self.seen.append(image)
        labels = np.ones(image.shape, np.uint8)
        labels[..., image.shape[2] // 2 :] = 0 if self.empty else 2
        return labels


@pytest.fixture
def fake(monkeypatch):
    kind = type("Fake", (Fake,), {"made": [], "seen": [], "empty": False})
    monkeypatch.setitem(sys.modules, "lungmask", SimpleNamespace(LMInferer=kind))
    return kind


def test_axes_and_labels(fake, weights):
    volume = scan()
    lungs = segment_lungs_lungmask(volume, weights)
    seen = fake.seen[0]
    assert seen.shape == (6, 5, 4)
    # First voxel of lungmask's array: lowest slice, front, subject's right.
    assert seen[0, 0, 0] == volume.array[-1, -1, 0]
    assert seen[-1, -1, -1] == volume.array[0, 0, -1]
    assert lungs.dtype == np.uint8 and lungs.shape == volume.array.shape
    assert (lungs[2:] == 1).all() and (lungs[:2] == 2).all()


def test_the_network_is_made_once_for_a_cohort(fake, weights):
    for _ in range(3):
        segment_lungs_lungmask(scan(), weights)
    assert fake.made == [("R231", str(weights))]


def test_one_lung_only_is_refused(fake, weights):
    fake.empty = True
    with pytest.raises(NoLungsError, match="lungmask does not find both"):
        segment_lungs_lungmask(scan(), weights)


@pytest.mark.parametrize("path", ["", "patient_7/nothing_here.pth"])
def test_without_weights_it_says_where_they_are(fake, path):
    with pytest.raises(LungmaskError, match=r"no such file.*get unet_r231.*release page") as refused:
        segment_lungs_lungmask(scan(), path)
    assert "patient_7" not in str(refused.value)
    assert not fake.made


def test_other_files_are_refused_and_run_nothing(fake, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({FIRST: Evil()}, tmp_path / "evil.pth")
    torch.save({FIRST: torch.zeros(1), "last.bias": torch.zeros(6)}, tmp_path / "lobes.pth")
    (tmp_path / "text.pth").write_text("<html>not found</html>")
    for name in ("evil", "lobes", "text"):
        with pytest.raises(LungmaskError, match=rf"{name}\.pth: not .*weights"):
            segment_lungs_lungmask(scan(), tmp_path / f"{name}.pth")
    assert not (tmp_path / "ran").exists()
    assert not fake.made


def test_without_the_package_it_says_so(monkeypatch, weights):
    monkeypatch.setitem(sys.modules, "lungmask", None)
    with pytest.raises(LungmaskError, match="not installed"):
        segment_lungs_lungmask(scan(), weights)


def test_the_real_package_with_random_weights(tmp_path):
    package = pytest.importorskip("lungmask", reason="the optional package lungmask is not installed")
    from lungmask.resunet import UNet

    torch.manual_seed(0)
    network = UNet(n_classes=3, padding=True, depth=5, up_mode="upsample", batch_norm=True, residual=False)
    torch.save(network.state_dict(), tmp_path / "random.pth")
    array = np.full((40, 48, 2), -1000, np.float32)
    array[8:32, 8:40] = 40
    array[24:30, 12:36] = array[10:16, 12:36] = -850
    volume = Volume(array, np.diag([4.0, 4.0, 4.0, 1.0]))
    direct = package.LMInferer(modelname="R231", modelpath=str(tmp_path / "random.pth"), tqdm_disable=True)
    expected = direct.apply(array[::-1, ::-1].T.copy()).T[::-1, ::-1]
    try:
        np.testing.assert_array_equal(segment_lungs_lungmask(volume, tmp_path / "random.pth"), expected)
    except NoLungsError:  # random weights may find one class only
        assert len(set(np.unique(expected)) & {1, 2}) < 2
