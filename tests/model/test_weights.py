import json
import shutil

import pytest
import torch

from drasclr_core.model import Encoder
from drasclr_core.model.conditioning import CONDITIONINGS
from drasclr_core.model.weights import CARD, CONFIG, WEIGHTS, fits_two_bytes, in_two_bytes, weights_fingerprint


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    Encoder(rep_dim=16, num_experts=2).save_pretrained(tmp_path / "encoder", patch_size=8, spacing_mm=4.0)
    return tmp_path / "encoder"


def edit(folder, **changes):
    """Change the description as someone with a text editor would."""
    about = json.loads((folder / CONFIG).read_text()) | changes
    (folder / CONFIG).write_text(json.dumps(about))


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_encoder_comes_back_as_it_was(conditioning, dtype, tmp_path):
    encoder = Encoder(rep_dim=16, num_experts=2, conditioning=conditioning).to(dtype).eval()
    encoder.save_pretrained(tmp_path, patch_size=8, spacing_mm=4.0, locations=torch.rand(5, 3))
    again = Encoder.from_pretrained(tmp_path)
    x, location = torch.randn(2, 1, 8, 8, 8, dtype=dtype), torch.full((3,), 0.3)
    with torch.no_grad():
        assert torch.equal(again(x, location), encoder(x, location))
    assert again.conditioning == conditioning
    assert again.description["patch_size"] == 8
    assert not again.training


def test_at_half_precision_the_file_is_half_as_long_and_the_features_hardly_differ(folder, tmp_path):
    encoder = Encoder.from_pretrained(folder)
    encoder.save_pretrained(tmp_path / "half", half=True)
    again = Encoder.from_pretrained(tmp_path / "half")
    assert (tmp_path / "half" / WEIGHTS).stat().st_size < 0.6 * (folder / WEIGHTS).stat().st_size
    x, location = torch.randn(2, 1, 8, 8, 8), torch.full((3,), 0.3)
    with torch.no_grad():
        torch.testing.assert_close(again(x, location), encoder(x, location), atol=2e-3, rtol=2e-2)
    assert again.dtype == torch.float32
    with pytest.raises(ValueError, match=r"first\.weight has numbers beyond 65504"):
        in_two_bytes(torch.tensor([1e5]), "first.weight")


def test_what_two_bytes_cannot_hold_leaves_the_folder_as_it_was(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    encoder = Encoder.from_pretrained(folder)
    assert fits_two_bytes(encoder)
    with torch.no_grad():
        encoder.blocks[0].conv.bias[0] = 1e5
    assert not fits_two_bytes(encoder)
    with pytest.raises(ValueError, match=r"blocks\.0\.conv\.bias has numbers beyond 65504.*at full precision"):
        encoder.save_pretrained(folder, half=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_saving_what_was_loaded_changes_nothing(folder, tmp_path):
    Encoder.from_pretrained(folder).save_pretrained(tmp_path / "copy")
    for name in (WEIGHTS, CONFIG, CARD):
        assert (tmp_path / "copy" / name).read_bytes() == (folder / name).read_bytes()


def test_the_model_card_says_what_the_weights_are(folder):
    card = (folder / CARD).read_text()
    assert card.startswith("---\nlibrary_name: drasclr-core")
    assert "| Patch | 8 voxels a side of 4 mm |" in card
    assert "Not for clinical use" in card


@pytest.mark.parametrize("name", [WEIGHTS, CONFIG])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"encoder/{name} is missing.*06_pretrain"):
        Encoder.from_pretrained(folder)


def test_a_changed_description_is_refused(folder):
    edit(folder, spacing_mm=1.0)
    with pytest.raises(ValueError, match=r"config\.json was changed"):
        Encoder.from_pretrained(folder)


def test_a_description_cut_short_or_of_something_else_is_refused(folder):
    whole = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"config\.json is not whole"):
        Encoder.from_pretrained(folder)
    (folder / CONFIG).write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match=r"type 'bert'; known are .*drasclr"):
        Encoder.from_pretrained(folder)


@pytest.mark.parametrize("damage", [lambda data: data[:-1] + b"x", lambda data: data[:-1000], lambda data: b""])
def test_damaged_weights_are_refused(folder, damage):
    (folder / WEIGHTS).write_bytes(damage((folder / WEIGHTS).read_bytes()))
    with pytest.raises(ValueError, match=r"model\.safetensors is not the file.*Copy both"):
        Encoder.from_pretrained(folder)


def test_weights_of_another_run_are_refused(folder, tmp_path):
    Encoder(rep_dim=16, num_experts=3).save_pretrained(tmp_path / "other")
    shutil.copy(tmp_path / "other" / WEIGHTS, folder)
    with pytest.raises(ValueError, match="checksums differ"):
        Encoder.from_pretrained(folder)


def test_tensors_must_be_those_of_the_architecture(folder, monkeypatch):
    """Both checksums right, yet the sizes do not fit: written by other code."""
    encoder = Encoder(rep_dim=16, num_experts=2)
    encoder.num_experts = 3
    encoder.save_pretrained(folder)
    with pytest.raises(ValueError, match=r"tensors differ, first blocks\.0\.conv\.routing"):
        Encoder.from_pretrained(folder)


def test_a_run_killed_while_saving_leaves_no_old_description_beside_new_weights(folder, monkeypatch):
    monkeypatch.setattr("drasclr_core.model.weights._card", lambda about: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Encoder(rep_dim=16, num_experts=2).save_pretrained(folder)
    assert not (folder / CONFIG).exists()


def test_a_hub_id_is_read_from_the_hubs_cache(folder, tmp_path, monkeypatch):
    """What an earlier download left in the cache serves without a network."""
    commit = "0" * 40
    repository = tmp_path / "hub" / "models--someone--drasclr"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    encoder = Encoder.from_pretrained("someone/drasclr")
    assert encoder.description["patch_size"] == 8
    with pytest.raises(FileNotFoundError, match="someone/else is neither a folder"):
        Encoder.from_pretrained("someone/else")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fingerprint_of_weights_sees_two_numbers_that_changed_places(dtype):
    encoder = Encoder(rep_dim=16, num_experts=2).to(dtype)
    before = weights_fingerprint(encoder)
    assert len(before) == 64 and weights_fingerprint(encoder) == before
    with torch.no_grad():
        bias = encoder.blocks[0].conv.bias
        bias.copy_(bias.flip(0))
    assert weights_fingerprint(encoder) != before
