"""Weights travel with their meaning: an encoder as a folder in the layout of the Hugging Face hub.

``model.safetensors`` holds the weights. ``config.json`` says what they are: architecture, conditioning, voxel and
patch size, HU window, the atlas's landmarks and location scaling, the training data and settings, and the checksums of
both files. ``README.md``, the model card, says the same to a reader.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from drasclr_core.files import atomic, read_json, to_json, write_json

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
CHECKSUMS = ("sha256", "config_sha256")


def save(encoder, folder: str | Path, half: bool = False) -> None:
    """Write an encoder; ``config.json`` comes last, so a folder without it is unfinished.

    With `half` the file keeps floating-point numbers in two bytes; `load` makes four of them again, because a processor
    computes in four. Raises ValueError, with the folder as it was, if two bytes cannot hold them (see `in_two_bytes`).
    """
    folder = Path(folder)
    tensors = {name: tensor.contiguous().cpu() for name, tensor in encoder.state_dict().items()}
    if half:
        tensors = {name: in_two_bytes(tensor, name) for name, tensor in tensors.items()}
    about = {**encoder.description, "model_type": encoder.model_type, "architectures": [type(encoder).__name__],
             "rep_dim": encoder.rep_dim,
             **{name: getattr(encoder, name) for name in encoder.architecture}}  # fmt: skip
    (folder / CONFIG).unlink(missing_ok=True)
    with atomic(folder / WEIGHTS) as temporary:
        save_file(tensors, temporary)
        about["sha256"] = _checksum(temporary)
    with atomic(folder / CARD) as temporary:
        temporary.write_text(_card(about))
    about = json.loads(to_json(about))
    write_json(folder / CONFIG, {**about, "config_sha256": _config_checksum(about)})


def load(source: str | Path, known: dict[str, type]):
    """Returns an encoder from a folder or the hub (see `PatchEncoder.from_pretrained`).

    Parameters
    ----------
    source : path or str
    known : dict
        Class by ``model_type``.
    """
    folder = Path(source)
    if not folder.is_dir() and _is_hub_id(source):
        folder = _download(str(source))
    about, kind = _read_config(folder, known)
    encoder, state = kind(**{name: about[name] for name in kind.architecture}), _read_weights(folder, about)
    state = {name: tensor.float() if tensor.dtype == torch.float16 else tensor for name, tensor in state.items()}
    own = encoder.state_dict()
    wrong = sorted(name for name in state.keys() | own.keys()
                   if name not in state or name not in own or state[name].shape != own[name].shape)  # fmt: skip
    if wrong:
        raise ValueError(f"{folder.name}/{WEIGHTS} does not hold the encoder that {CONFIG} describes: {len(wrong)} "
                         f"tensors differ, first {wrong[0]}. Copy both files again from the same run.")  # fmt: skip
    encoder.to(next(tensor.dtype for tensor in state.values() if tensor.is_floating_point())).load_state_dict(state)
    encoder.description = about
    return encoder.eval()


def in_two_bytes(tensor: torch.Tensor, name: str) -> torch.Tensor:
    """Returns a tensor of floating-point numbers as float16, any other as it is.

    Raises
    ------
    ValueError
        A number, of the tensor of this `name`, is too large for two bytes.
    """
    if not _fits(tensor):
        raise ValueError(f"{name} has numbers beyond 65504, which two bytes cannot hold: save it at full precision, "
                         "with half=False.")  # fmt: skip
    return tensor.half() if tensor.is_floating_point() else tensor


def fits_two_bytes(module: nn.Module) -> bool:
    """Returns whether `in_two_bytes` takes every tensor of a module."""
    return all(map(_fits, module.state_dict().values()))


def _fits(tensor: torch.Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor.half()).all())


def weights_fingerprint(module: nn.Module) -> str:
    """Returns 64 hex digits (SHA-256) that change with the name, type, shape or value of any tensor of a module."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _read_config(folder: Path, known: dict[str, type]) -> tuple[dict, type]:
    """The description, once it is seen to be whole and unchanged, and the class that it describes."""
    for name in (WEIGHTS, CONFIG):
        if not (folder / name).exists():
            raise FileNotFoundError(f"{folder.name}/{name} is missing. Run notebook 06_pretrain to its end first, or "
                                    "give another folder.")  # fmt: skip
    again = "Copy the folder again from where it was written; to describe an encoder otherwise, use save_pretrained."
    try:
        about = read_json(folder / CONFIG)
    except json.JSONDecodeError as error:
        raise ValueError(f"{folder.name}/{CONFIG} is not whole: {error}. {again}") from error
    kind = known.get(about.get("model_type"))
    if kind is None:
        raise ValueError(f"{folder.name}/{CONFIG} describes a model of type {about.get('model_type')!r}; known are "
                         f"{', '.join(sorted(known))}. Load it by drasclr_core.methods.load_encoder.")  # fmt: skip
    missing = [name for name in (*kind.architecture, *CHECKSUMS) if name not in about]
    if missing:
        raise ValueError(f"{folder.name}/{CONFIG} does not describe an encoder of this project: it lacks "
                         f"{', '.join(missing)}. {again}")  # fmt: skip
    if _config_checksum(about) != about["config_sha256"]:
        raise ValueError(f"{folder.name}/{CONFIG} was changed after it was written (its checksum differs). {again}")
    return about, kind


def _read_weights(folder: Path, about: dict) -> dict:
    if _checksum(folder / WEIGHTS) != about["sha256"]:
        raise ValueError(f"{folder.name}/{WEIGHTS} is not the file that {CONFIG} describes (their checksums differ): "
                         "cut short, changed, or of another run. Copy both files again from the same run.")  # fmt: skip
    try:
        return load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise ValueError(f"{folder.name}/{WEIGHTS} is not a safetensors file: {error}.") from error


def _is_hub_id(source: str | Path) -> bool:
    return isinstance(source, str) and source.count("/") == 1 and all(source.split("/")) and source[0] not in "./~"


def _download(hub_id: str) -> Path:
    """The folder in the local cache that holds the newest files of a hub id (fetched, unless `HF_HUB_OFFLINE`)."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=[WEIGHTS, CONFIG, CARD]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise FileNotFoundError(f"{hub_id} is neither a folder here nor a model that could be had from the hub "
                                f"({type(error).__name__}). Check the name and the network.") from error  # fmt: skip


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _config_checksum(about: dict) -> str:
    """Of everything that ``config.json`` says but this checksum itself."""
    rest = {name: value for name, value in about.items() if name != "config_sha256"}
    return hashlib.sha256(to_json(rest).encode()).hexdigest()


def _card(about: dict) -> str:
    """The model card: what a person should know before using the weights."""
    whole, edge = about.get("sees") == "volumes", None
    what = ("the lungs in CT", "Represents both lungs at once") if whole else (
        "lung CT patches", "Represents patches at a location in the atlas")  # fmt: skip
    if "patch_size" in about:
        edge = f"{about['patch_size']} voxels a side of {about['spacing_mm']:.4g} mm{' on the mean' if whole else ''}"
    facts = {
        "Method": about.get("method"),
        "Conditioning": about.get("conditioning"),
        "Representation": f"{about['rep_dim']} numbers",
        "Cube round the lungs" if whole else "Patch": edge,
        "HU window": about.get("hu_window"),
        "Landmarks": len(about["locations"]) if "locations" in about and not whole else None,
        "Subjects in training": about.get("subjects"),
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items() if value is not None)
    return (
        "---\nlibrary_name: drasclr-core\ntags: [medical-imaging, lung, ct, self-supervised]\n---\n\n"
        f"# Encoder of {what[0]}\n\n{what[1]}. Not for clinical use.\n\n"
        f"| | |\n| --- | --- |\n{rows}\n\n"
        '```python\nfrom drasclr_core.methods import load_encoder\n\nencoder = load_encoder("this folder")\n```\n'
    )
