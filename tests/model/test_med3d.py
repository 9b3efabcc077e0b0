"""The networks of whole lungs: the published names and numbers, an independent forward pass, and files of weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drasclr_core.model.med3d import HEAD, Med3D, load_published
from drasclr_core.model.patch_encoder import PatchEncoder
from drasclr_core.model.resnet import Med3DEncoder, ResNetEncoder, standardised

PUBLISHED = json.loads((Path(__file__).parents[1] / "fixtures" / "medicalnet.json").read_text())


def names_and_shapes(model):
    """Of encoder and head, under the published names."""
    parts = {**model.encoder.network.state_dict(), **{HEAD + name: x for name, x in model.head.state_dict().items()}}
    return {name: list(tensor.shape) for name, tensor in parts.items()}


def filled(shapes):
    """A state made of sines, by the order of its tensors."""
    state = {}
    for number, (name, shape) in enumerate(shapes.items()):
        wave = torch.sin(torch.arange(int(np.prod(shape)), dtype=torch.float64) * 0.37 + number)
        if name.endswith("running_var"):
            wave = 1 + 0.5 * wave
        elif len(shape) == 1:
            wave = 1 + 0.2 * wave if name.endswith("weight") else 0.1 * wave
        elif shape:
            wave = wave * (2 / int(np.prod(shape[1:]))) ** 0.5
        state[name] = torch.zeros((), dtype=torch.long) if not shape else wave.view(shape).float()
    return state


@pytest.mark.parametrize("depth", [10, 18, 34, 50])
def test_names_and_shapes_are_the_published_ones(depth):
    with torch.device("meta"):
        model = Med3D(Med3DEncoder(depth, 64), 3)
    assert names_and_shapes(model) == PUBLISHED["tensors"][str(depth)]


@pytest.mark.parametrize("depth", [10, 18])
def test_numbers_are_those_of_the_authors_code(depth):
    model, shapes = Med3D(Med3DEncoder(depth, 64), 3).eval(), PUBLISHED["tensors"][str(depth)]
    state = filled(shapes)
    model.encoder.network.load_state_dict({name: state[name] for name in shapes if not name.startswith(HEAD)})
    model.head.load_state_dict({name.removeprefix(HEAD): state[name] for name in shapes if name.startswith(HEAD)})
    wave = torch.sin(torch.arange(24**3, dtype=torch.float64) * 0.11).view(1, 1, 24, 24, 24).float()
    with torch.no_grad():
        logits = model(wave)
    measured = PUBLISHED["logits"][str(depth)]
    assert list(logits.shape) == measured["shape"]
    assert logits.mean().item() == pytest.approx(measured["mean"], rel=1e-3)
    assert logits.std().item() == pytest.approx(measured["std"], rel=1e-3)
    np.testing.assert_allclose(logits.flatten()[:6], measured["first"], rtol=2e-3)


def by_hand(network, x, padded):
    """The dilated ResNet of basic blocks, written out once more with functions."""

    def norm(x, module):
        return F.batch_norm(x, module.running_mean, module.running_var, module.weight, module.bias, eps=module.eps)

    x = F.relu(norm(F.conv3d(x, network.conv1.weight, stride=2, padding=3), network.bn1))
    x = F.max_pool3d(x, 3, stride=2, padding=1)
    for stage, (stride, dilation) in enumerate(((1, 1), (2, 1), (1, 2), (1, 4)), start=1):
        for number, block in enumerate(getattr(network, f"layer{stage}")):
            step = stride if number == 0 else 1
            y = F.conv3d(x, block.conv1.weight, stride=step, padding=dilation, dilation=dilation)
            y = F.conv3d(F.relu(norm(y, block.bn1)), block.conv2.weight, padding=dilation, dilation=dilation)
            y = norm(y, block.bn2)
            if y.shape[1] != x.shape[1]:
                if padded:
                    short = x[:, :, ::step, ::step, ::step]
                    x = torch.cat([short, short.new_zeros(len(x), y.shape[1] - x.shape[1], *short.shape[2:])], dim=1)
                else:
                    x = norm(F.conv3d(x, block.downsample[0].weight, stride=step), block.downsample[1])
            x = F.relu(x + y)
    return x


@pytest.mark.parametrize("depth", [10, 18])
def test_the_dilated_network_is_the_one_written_out_by_hand(depth):
    torch.manual_seed(depth)
    encoder = Med3DEncoder(depth, 4).train()
    encoder(torch.randn(4, 1, 24, 24, 24))  # running statistics other than 0 and 1
    x = torch.randn(2, 1, 24, 24, 24)
    with torch.no_grad():
        expected = by_hand(encoder.eval().network, standardised(x), padded=depth == 18)
        np.testing.assert_allclose(encoder.maps(x), expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(encoder(x), expected.mean(dim=(2, 3, 4)), rtol=1e-4, atol=1e-5)
    assert expected.shape == (2, 32, 3, 3, 3)


def test_intensities_are_standardised_over_each_cube():
    x = torch.from_numpy(np.random.default_rng(0).normal(3, 2, (2, 1, 5, 5, 5)))
    expected = np.stack([(one - one.mean()) / one.std() for one in x.numpy()])
    np.testing.assert_allclose(standardised(x), expected, rtol=1e-5)
    assert (standardised(torch.full((1, 1, 2, 2, 2), -1.0)) == 0).all(), "a cube of one value is no reason for NaN"


@pytest.mark.parametrize("kind", [ResNetEncoder, Med3DEncoder])
@pytest.mark.parametrize("edge", [8, 16, 24])
def test_an_encoder_saved_and_loaded_gives_the_same_features(kind, edge, tmp_path):
    torch.manual_seed(0)
    encoder, cubes = kind(10, 4), torch.randn(3, 1, edge, edge, edge).clamp(-1, 1)
    encoder.save_pretrained(tmp_path, sees="volumes", patch_size=edge, spacing_mm=5.25)
    again = PatchEncoder.from_pretrained(tmp_path)
    assert type(again) is kind and again.rep_dim == 32 and again.sees == "volumes"
    with torch.no_grad():
        features = again(cubes, torch.zeros(3))
        assert torch.equal(features, encoder.eval()(cubes, torch.zeros(3)))
    assert features.shape == (3, 32)
    card = (tmp_path / "README.md").read_text()
    assert "Represents both lungs at once" in card and f"{edge} voxels a side of 5.25 mm on the mean" in card


def test_a_depth_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="No residual network of depth 12: take one of 10, 18, 34, 50"):
        ResNetEncoder(12)


def published_file(path, depth, prefix="module.", width=4, **more):
    """A file as the authors publish them: a dictionary with ``state_dict``, names with a prefix, a head."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = Med3DEncoder(depth, width).network
    state = {prefix + name: tensor for name, tensor in network.state_dict().items()} | more
    torch.save({"state_dict": state, "epoch": 3}, path)
    return network.state_dict()


@pytest.mark.parametrize("prefix", ["module.", ""])
def test_a_published_file_is_read(prefix, tmp_path):
    path = tmp_path / "resnet_10.pth"
    head = torch.ones(2, 4, 1, 1, 1)
    theirs = published_file(path, 10, prefix, **{prefix + "conv_seg.6.weight": head})
    encoder = Med3DEncoder(10, 4)
    load_published(encoder, path)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in encoder.network.state_dict().items())


def test_a_file_of_an_old_pytorch_lacks_counters_and_is_read(tmp_path):
    path = tmp_path / "old.pth"
    theirs = published_file(path, 10)
    state = torch.load(path, weights_only=True)["state_dict"]
    torch.save({name: tensor for name, tensor in state.items() if "num_batches" not in name}, path)
    encoder = Med3DEncoder(10, 4)
    load_published(encoder, path)
    assert torch.equal(encoder.network.conv1.weight, theirs["conv1.weight"])


def test_a_wrong_file_is_named_with_the_remedy(tmp_path):
    encoder, path = Med3DEncoder(10, 4), tmp_path / "file.pth"
    before = encoder.network.conv1.weight.clone()
    with pytest.raises(FileNotFoundError, match=r"file\.pth: no such file of weights.*resnet_\*\.pth"):
        load_published(encoder, path)
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"file\.pth is not a file of PyTorch weights.*resnet_\*\.pth"):
        load_published(encoder, path)
    for depth, width, first in ((18, 4, "layer1.1.bn1.bias"), (10, 6, "bn1.bias")):
        published_file(path, depth, width=width)
        with pytest.raises(ValueError, match=f"another network than a ResNet-10 of width 4: .*the first is {first}"):
            load_published(encoder, path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="another network than a ResNet-10"):
        load_published(encoder, path)
    assert torch.equal(encoder.network.conv1.weight, before)
