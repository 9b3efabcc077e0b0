"""The slices' network and the encoder by their definitions, the hidden slices, and what is seen in turn."""

import pytest
import torch
import torch.nn.functional as F

from drasclr_core.image_volume import JointEncoder, looked_at
from drasclr_core.image_volume.masking import MaskedPrediction, draw_mask
from drasclr_core.image_volume.slice_encoder import SliceEncoder
from drasclr_core.image_volume.turns import JointSampler, stage_of, turns
from drasclr_core.image_volume.volume_transformer import VolumeTransformer
from drasclr_core.model.patch_encoder import PatchEncoder

SMALL = {"depth": 10, "width": 4, "small": True, "dim": 16, "layers": 1, "heads": 2, "head_dim": 4, "hidden": 8,
         "stride": 2, "slices": 8}  # fmt: skip


@pytest.mark.parametrize(("small", "edges"), [(True, [16, 8, 4, 2]), (False, [4, 2, 1, 1])])
def test_a_slice_is_embedded_by_all_stages(small, edges):
    network, x = SliceEncoder(10, 4, small, 6).eval(), torch.rand(3, 1, 16, 16) * 2 - 1
    with torch.no_grad():
        maps = network.stages(x)
        assert [one.shape[-1] for one in maps] == edges
        joined = torch.cat([F.normalize(one.mean(dim=(2, 3)), dim=1) for one in maps], dim=1)
        made = joined @ network.project.weight.T + network.project.bias
        torch.testing.assert_close(network(x), made)
        spread = network.train()(x).var(dim=0, correction=0)
        torch.testing.assert_close(spread, torch.ones(6), atol=1e-2, rtol=0)


def test_the_last_stage_is_that_of_monais_network():
    network, x = SliceEncoder(18, 4, False, 6).eval(), torch.rand(2, 1, 64, 48) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(network.stages(x)[3].mean(dim=(2, 3)), network.network(x))


def test_the_published_network_joins_3840_numbers():
    with torch.device("meta"):
        network = SliceEncoder()
    assert tuple(network.project.weight.shape) == (640, 256 + 512 + 1024 + 2048)
    with pytest.raises(ValueError, match="No residual network of depth 20"):
        SliceEncoder(20)


def test_a_volume_is_represented_by_its_slices_and_by_their_order(tmp_path):
    encoder, x = JointEncoder(**SMALL).eval(), torch.rand(2, 1, 8, 8, 8) * 2 - 1
    with torch.no_grad():
        made, turned = encoder(x), encoder(x.roll(3, dims=4))
        by_slice = encoder.images(x[:, :, :, :, 5].mT)
        torch.testing.assert_close(encoder.embed_slices(x)[:, 5], by_slice)
    assert made.shape == (2, encoder.rep_dim) == (2, 32)
    torch.testing.assert_close(made[:, :16], turned[:, :16])
    assert (made[:, 16:] - turned[:, 16:]).abs().max() > 1e-4
    encoder.save_pretrained(tmp_path / "encoder")
    with torch.no_grad():
        assert torch.equal(PatchEncoder.from_pretrained(tmp_path / "encoder")(x), made)
        assert encoder(torch.rand(1, 1, 12, 12, 12)).shape == (1, 32)


def test_an_encoder_adapts_to_images_of_another_kind():
    encoder, images = JointEncoder(**SMALL), torch.rand(32, 1, 8, 8) * 0.2 + 0.7
    with torch.no_grad():
        expected = encoder.train().intra(images)
        encoder.eval().adapt([images])
        assert not encoder.intra.training
        assert (encoder.images(images) - expected).abs().mean() < 0.2 * expected.abs().mean()
    assert encoder.intra.network.bn1.momentum == 0.1


def test_hidden_slices_are_seen_as_the_token():
    mask = draw_mask(40, 16, 0.1, torch.Generator().manual_seed(0))
    assert mask.shape == (40, 16, 1) and (mask.sum(dim=1) == 2).all() and mask.any(dim=0).all()
    assert draw_mask(3, 4, 0.1, torch.Generator()).sum() == 3
    network, transformer = MaskedPrediction(4), VolumeTransformer(4, 1, 2, 2, 8, "plain").eval()
    x = torch.randn(40, 16, 4)
    with torch.no_grad():
        made = network(transformer, x, mask)
        assert torch.equal(made, network(transformer, torch.where(mask, 99.0, x), mask))
        expected = network.decoder(transformer(torch.where(mask, network.token, x)))
    assert torch.equal(made, expected)


def test_turns_are_what_the_schedule_says():
    both, every = ["images", "slices"], ["intra", "mask", "inter"]
    assert [tuple(one) for one in turns("together", every, both)] == [(("images", "slices", "volumes"), tuple(every))]
    assert [one.seen for one in turns("turns", every, both)] == [("images",), ("slices",), ("volumes",)]
    assert [one.losses for one in turns("stages", every, ["slices"])] == [("intra",), ("mask",), ("inter",)]
    assert [tuple(one) for one in turns("turns", ["mask"], [])] == [(("volumes",), ("mask",))]
    for wrong in (("turns", [], both), ("turns", every, [])):
        with pytest.raises(ValueError, match="There is nothing to learn"):
            turns(*wrong)
    with pytest.raises(ValueError, match="no schedule 'turn': did you mean 'turns'"):
        turns("turn", every, both)


def test_stages_are_equally_long_and_a_sampler_goes_on_where_it_was():
    assert [stage_of(done, 3) for done in (0, 0.5, 1)] == [(0, 0), (1, 0.5), (2, 1)]
    kinds = turns("stages", ["intra", "mask", "inter"], ["images"])
    sampler = JointSampler("stages", kinds, 10, 4, 9, 5, 4, 8, 8)
    steps = [batch for epoch in range(3) for batch in sampler.epoch(epoch)]
    assert [batch.turn.losses[0] for batch in steps[:9]] == ["intra"] * 3 + ["mask"] * 3 + ["inter"] * 3
    assert all(len(set(batch.images.tolist())) == 4 for batch in steps[:3]) and not len(steps[3].images)
    again = list(sampler.epoch(0, 2))
    assert again[0].step == 2 and (again[0].images == steps[2].images).all()


def test_places_are_those_at_which_each_layer_looks():
    encoder = JointEncoder(depth=10, width=4, small=True, dim=16, layers=2, heads=2, head_dim=8, hidden=16,
                           slices=12).eval()  # fmt: skip
    volumes = torch.randn(3, 1, 8, 8, 12)
    places, even = looked_at(encoder, volumes)
    assert places.shape == (2, 3, 2, 3) and even.tolist() == [0.0, 5.5, 11.0]
    embedded = encoder.embed_slices(volumes)
    torch.testing.assert_close(places[0], encoder.inter[0].attention.places(embedded))
    torch.testing.assert_close(places[1], encoder.inter[1].attention.places(encoder.inter[0](embedded)))
    with pytest.raises(ValueError, match="'plain' looks at all slices"):
        looked_at(JointEncoder(depth=10, width=4, small=True, dim=16, layers=1, heads=2, head_dim=8, hidden=16,
                               attention="plain").eval(), volumes)  # fmt: skip
