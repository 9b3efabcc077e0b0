"""The reference numbers of the authors' code in float64 (see ``tests/fixtures/parity``).

With ``$DRASCLR_PARITY_TABLE`` set to a file, the largest differences are written there as CSV.
"""

import itertools
import os
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

from drasclr_core.methods.drasclr import DrasCLR, DrasCLRSettings
from drasclr_core.model import LocCondConv3d
from drasclr_core.model.losses import contrast_logits, contrast_loss, local_loss, neighbor_loss
from drasclr_core.model.official import _our_name, convert_official_state, load_official_state
from drasclr_core.pretrain.sampling import Batch
from drasclr_core.pretrain.shards import BatchShard
from drasclr_core.pretrain.views import Views

from .. import forked
from ..parity_numbers import numbers

largest = {}


def note(kind, difference, allowed):
    """Remember the largest difference of the test that is running."""
    test = os.environ["PYTEST_CURRENT_TEST"].split("::")[1].split(" ")[0].removeprefix("test_").replace("_", " ")
    largest[test, kind, allowed] = max(difference, largest.get((test, kind, allowed), 0.0))


def worst_of_each(found):
    """A row for each test and kind: the difference that comes nearest to what is allowed for it."""
    worst = {}
    for (test, kind, allowed), value in found.items():
        before = worst.get((test, kind), (0.0, 1.0))
        worst[test, kind] = max((value, allowed), before, key=lambda pair: pair[0] / pair[1])
    name = re.compile(r"\[(\w+)\]$")
    return [
        (name.sub(r" \1", test), kind, f"{value:.1e}", f"{allowed:.0e}")
        for (test, kind), (value, allowed) in worst.items()
    ]


@pytest.fixture(autouse=True, scope="module")
def table():
    yield
    if "DRASCLR_PARITY_TABLE" in os.environ:
        rows = worst_of_each(largest)
        columns = ["what is compared", "measure", "largest", "allowed"]
        pd.DataFrame(rows, columns=columns).to_csv(os.environ["DRASCLR_PARITY_TABLE"], index=False)


def load(name):
    """Arrays as tensors, floats in float64; names as they are."""
    floats = {key: array.astype(float) if array.dtype.kind == "f" else array for key, array in numbers(name).items()}
    return {key: array if array.dtype.kind == "U" else torch.tensor(array) for key, array in floats.items()}


def state_of(data, prefix):
    return {key.removeprefix(prefix): value for key, value in data.items() if key.startswith(prefix)}


def assert_close(ours, theirs, atol=1e-12):
    note("difference", (ours - theirs).abs().max().item(), atol)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=atol)


def our_parameter(network, name):
    """Our parameter for the authors' name of one of the encoder or the head ("fc.…")."""
    if name.startswith("fc."):
        return network.head.get_parameter(name.removeprefix("fc."))
    return network.encoder.get_parameter(_our_name(name))


def is_bias_before_norm(name):
    return name.endswith("bias") and "conv" in name.split(".")[-2]


def assert_norms(names, ours, theirs, relative=1e-9):
    """Compare norms, except of the biases whose gradient is mathematically zero."""
    for name, norm, expected in zip(names, ours, theirs, strict=True):
        if not is_bias_before_norm(name):
            note("relative difference of norms", abs(norm - expected) / expected, relative)
            assert abs(norm - expected) <= relative * expected, name


@pytest.mark.parametrize("case", "abcd")
def test_layer(case):
    data = state_of(load("condconv3d"), f"{case}.")
    experts, out_channels, in_channels = data["weight"].shape[:3]
    layer = LocCondConv3d(in_channels, out_channels, stride=int(data["stride"]), num_experts=experts).double()
    layer.routing = nn.Linear(data["loc"].shape[1], experts).double()  # case d has two coordinates, 6 numbers
    ours = {"weight": layer.weight, "bias": layer.bias, "routing_w": layer.routing.weight,
            "routing_b": layer.routing.bias}  # fmt: skip
    with torch.no_grad():
        for name, parameter in ours.items():
            parameter.copy_(data[name])
    x = data["x"].requires_grad_()

    y = layer(x, data["loc"])
    y.backward(data["gy"])

    assert_close(layer.routing_weights(data["loc"]).detach(), data["routing"])
    assert_close(y.detach(), data["y"])
    assert_close(x.grad, data["gx"])
    for name, parameter in ours.items():
        assert_close(parameter.grad, data[f"g_{name}"], atol=1e-11)


def encoder_fixture():
    data = load("encoder")
    state = state_of(data, "sd.")
    head = nn.Linear(16, 8).double()
    head.load_state_dict(convert_official_state(state)[1])
    return data, load_official_state(state), head


def test_encoder_eval():
    data, encoder, head = encoder_fixture()
    with torch.no_grad():
        h = encoder(data["x"], data["loc"])
        same = encoder(data["x"], data["loc"][0])
        assert_close(h, data["h_eval"])
        assert_close(head(h), data["z_eval"])
        assert_close(same, data["h_eval_sameloc0"])
        assert_close(head(same), data["z_eval_sameloc0"])


def test_encoder_train():
    data, encoder, head = encoder_fixture()
    network = nn.Module()
    network.encoder, network.head = encoder.train(), head

    h = encoder(data["x"], data["loc"])
    z = head(h)
    z.backward(data["gz"])

    assert_close(h.detach(), data["h_train"])
    assert_close(z.detach(), data["z_train"])
    gradients = [our_parameter(network, name).grad for name in data["grad_names"]]
    assert_norms(data["grad_names"], [gradient.norm() for gradient in gradients], data["grad_norms"])
    for name, theirs in state_of(data, "grad.").items():
        ours = our_parameter(network, name).grad
        scale = max(1.0, theirs.norm().item())
        assert_close(ours / scale, theirs / scale, atol=1e-9)
    for name, theirs in state_of(data, "after_train.").items():
        assert_close(encoder.get_buffer(_our_name(name)), theirs)


def test_names_with_the_prefix_of_a_whole_model():
    _, encoder, _ = encoder_fixture()
    state = state_of(load("encoder"), "sd.")
    whole = {f"module.encoder_{which}.{name}": value if which == "q" else value * 0
             for which in "qk" for name, value in state.items()} | {"module.queue": torch.zeros(1)}  # fmt: skip
    again = load_official_state(whole)
    assert all(torch.equal(ours, theirs) for ours, theirs in
               zip(again.state_dict().values(), encoder.state_dict().values(), strict=True))  # fmt: skip


def model_fixture(data):
    encoder_state, head_state = convert_official_state(state_of(data, "sd_q."))
    encoder = load_official_state(state_of(data, "sd_q."))
    settings = DrasCLRSettings(
        rep_dim=encoder.rep_dim, num_experts=encoder.num_experts, dim=8, bank_size=int(data["K"]), beta=1.0,
        temperature=float(data["T"]), key_momentum=float(data["m"]), fresh_negatives=False, max_key_age=0,
    )  # fmt: skip
    nearest = np.zeros((len(data["locs"]), 2), dtype=int)  # which landmarks are near comes with each step's numbers
    atlas = SimpleNamespace(
        locations=data["locs"], centres=data["locs"], box=[[-1.0] * 3, [1.0] * 3], neighbors=lambda count: nearest
    )
    model = DrasCLR(settings, atlas).double()
    model.locations = data["locs"]
    for network in (model.query, model.key):
        network.encoder.load_state_dict(encoder_state)
        network.head.load_state_dict(head_state)
    model.bank.keys.copy_(data["queue0"].permute(2, 1, 0))
    return model.train()


def logits_of(made, temperature):
    """Logits of both losses, column 0 the positive."""
    others = (made.key, made.negatives, temperature, made.mask)
    return contrast_logits(made.query, *others), contrast_logits(made.neighbors.sum(dim=1), *others)


def views(array):
    return array.double() / 8


def test_three_training_steps():
    data = load("drasclr_world1")
    model = model_fixture(data)
    names = data["param_names"]
    optimizer = torch.optim.SGD(model.query.parameters(), lr=float(data["lr"]), momentum=float(data["sgd_momentum"]),
                                weight_decay=float(data["weight_decay"]))  # fmt: skip
    for step, atol in enumerate((1e-12, 1e-11, 1e-10)):
        s = state_of(data, f"s{step}.")
        # Every subject comes once per step only, and their code masks nothing: new ids at every step.
        batch = Batch(int(s["patch_idx"]), np.arange(4) + 4 * step)
        model.near[batch.landmark] = s["ngb_idx"].tolist()
        made = model.contrast(batch, Views(*(views(s[name]) for name in ("xq8", "xk8", "xn8"))), BatchShard.whole(4))
        others = (made.key, made.negatives, float(data["T"]), made.mask)
        losses = local_loss(made.query, *others), neighbor_loss(made.neighbors, *others)
        local, neighbor = logits_of(made, float(data["T"]))
        loss = losses[0] + float(data["beta"]) * losses[1]
        optimizer.zero_grad()
        loss.backward()
        gradients = [our_parameter(model.query, name).grad.norm().item() for name in names]
        key_norms = [our_parameter(model.key, name).norm().item() for name in names]
        optimizer.step()

        assert_close(local.detach(), s["logits_pch"], atol)
        assert_close(neighbor.detach(), s["logits_ngb"], atol)
        for ours, name in zip((*losses, loss), ("loss_pch", "loss_ngb", "loss"), strict=True):
            assert_close(ours.detach(), s[name], atol)
        assert_close(model.bank.keys.permute(2, 1, 0), s["queue"], atol)
        assert torch.equal(model.bank.pointer, s["queue_ptr"])
        assert_norms(names, gradients, s["grad_norms"].tolist(), relative=1e-9)
        assert_norms(names, key_norms, s["k_param_norms_after"].tolist())
        query_norms = [our_parameter(model.query, name).norm().item() for name in names]
        assert_norms(names, query_norms, s["q_param_norms_after"].tolist())
        routing = model.query.encoder.blocks[0].conv.routing.weight
        assert_close(routing.detach(), s["q_routing_w_conv1"], atol)
        for which, network in (("q", model.query), ("k", model.key)):
            first, last = network.encoder.blocks[0].norm, network.encoder.blocks[12].norm
            assert_close(first.running_mean, s[f"{which}_bn1_running_mean"], atol)
            assert_close(first.running_var, s[f"{which}_bn1_running_var"], atol)
            assert_close(last.running_mean, s[f"{which}_bn4_running_mean"], atol)


def neighbor_landmarks_of(data):
    """The pair of landmarks whose neighbours these are: it is not stored with the numbers, but only one gives them."""
    found, model = [], model_fixture(data)
    for pair in itertools.product(range(len(data["locs"])), repeat=2):
        r = model.embed_neighbors(views(data["xn8"])[:4], list(pair)).sum(dim=1)
        logits = r @ model.bank.keys[0].T / model.settings.temperature
        if torch.allclose(logits, data["logits_ngb_rank0"][:, 1:], rtol=0, atol=1e-9):
            found.append(list(pair))
    assert len(found) == 1, f"{len(found)} pairs of landmarks reproduce the neighbours' logits"
    return found[0]


def part_of(data, rank):
    """One process's part of the step: batch, views and shard, as the loop gives them to a method."""
    size = len(data["perm"])
    shard = BatchShard.of(size, rank, 2, order=data["perm"].numpy())
    query, key, neighbors = (views(data[name]) for name in ("xq8", "xk8", "xn8"))
    return Batch(0, np.arange(size)), Views(query[shard.rows], key[shard.key_rows], neighbors[shard.rows]), shard


def two_processes(rank, meeting, queue):
    """What each of two real processes computes; its logits and the mean of the gradients go into `queue`."""
    # They meet in a file: a free port may be taken by the time they open it.
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    data = load("drasclr_world2_shufflebn")
    model = model_fixture(data)
    model.near[0] = neighbor_landmarks_of(data)
    kept, contrast = [], model.contrast
    model.contrast = lambda *arguments: kept.append(contrast(*arguments)) or kept[0]
    network = nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)
    loss, _ = network(*part_of(data, rank))
    (2 * loss).backward()  # of two processes
    local, neighbor = logits_of(kept[0], float(data["T"]))
    norms = [our_parameter(model.query, name).grad.norm().item() for name in data["param_names"]]
    queue.put((rank, local.detach().numpy(), neighbor.detach().numpy(), norms, model.bank.keys.numpy(),
               model.bank.pointer.numpy()))  # fmt: skip
    dist.barrier()
    dist.destroy_process_group()


def test_two_processes_with_shuffled_batch_norm(tmp_path):
    """Two gloo processes: each its own query statistics, keys dealt out by a permutation, one bank."""
    data = load("drasclr_world2_shufflebn")
    context = forked.CONTEXT
    queue = context.Queue()
    arguments = tmp_path / "meeting", queue
    processes = [context.Process(target=two_processes, args=(rank, *arguments)) for rank in range(2)]
    for process in processes:
        process.start()
    results = [queue.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    for rank, local, neighbor, norms, keys, pointer in results:
        assert_close(torch.tensor(local), data[f"logits_pch_rank{rank}"])
        assert_close(torch.tensor(neighbor), data[f"logits_ngb_rank{rank}"])
        assert_norms(data["param_names"], norms, data["grad_norms_ddp_mean"].tolist())
        assert_close(torch.tensor(keys).permute(2, 1, 0), data["queue_after"])
        assert torch.equal(torch.tensor(pointer), data["queue_ptr"])


def test_losses_are_the_cross_entropies_of_the_logits():
    generator = torch.Generator().manual_seed(0)
    q, k, n = (F.normalize(torch.randn(size, 8, generator=generator), dim=1) for size in (4, 4, 12))
    r = torch.stack([q, k], dim=1)
    assert torch.equal(local_loss(q, k, n, 0.2), contrast_loss(contrast_logits(q, k, n, 0.2)))
    assert torch.equal(neighbor_loss(r, k, n, 0.2), local_loss(q + k, k, n, 0.2))
