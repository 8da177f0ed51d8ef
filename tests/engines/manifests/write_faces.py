"""Writes the manifests of the face and upscaling engines anew: `python -m tests.engines.manifests.write_faces UPSTREAM`.

In the model environment; UPSTREAM is a folder with checkouts of the models' own repositories (LivePortrait, Real-ESRGAN,
BasicSR), whose classes are built without memory in their published configurations. Our own networks have no part in it.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

from tests.engines.manifests.configurations_faces import SD_VAE, UNET
from tests.engines.manifests.manifest import write
from tests.engines.manifests.write_speech import tensors_of

OLD_ATTENTION = (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn"))


def main(upstream: Path) -> None:
    import torch

    _write_liveportrait(upstream / "LivePortrait")  # small, and it looks at numbers while it is built
    with torch.device("meta"):
        _write_musetalk()
        _write_real_esrgan(upstream)


def _write_liveportrait(folder: Path) -> None:
    import yaml

    sys.path.insert(0, str(folder))
    sizes = yaml.safe_load((folder / "src/config/models.yaml").read_text("utf-8"))["model_params"]
    classes = {
        "appearance_feature_extractor": "AppearanceFeatureExtractor", "motion_extractor": "MotionExtractor",
        "warping_module": "WarpingNetwork", "spade_generator": "SPADEDecoder",
    }  # fmt: skip
    source = "LivePortrait (github.com/KwaiVGI/LivePortrait), src/modules in the sizes of src/config/models.yaml"
    for file, name in classes.items():
        module = importlib.import_module(f"src.modules.{'warping_network' if name == 'WarpingNetwork' else file}")
        model = getattr(module, name)(**sizes[f"{file}_params"])
        write(f"liveportrait-{file.replace('_', '-')}", f"{source}.", tensors_of(model))
    perceptrons = importlib.import_module("src.modules.stitching_retargeting_network").StitchingRetargetingNetwork
    parts = {"retarget_shoulder": "stitching", "retarget_mouth": "lip", "retarget_eye": "eye"}
    own = sizes["stitching_retargeting_module_params"]
    found = [one for part, size in parts.items() for one in tensors_of(perceptrons(**own[size]), prefix=f"{part}/module.")]
    write("liveportrait-stitching-retargeting-module", f"{source}; the parts as src/utils/helper.py reads them.", found)


def _write_musetalk() -> None:
    import diffusers

    told = "UNet2DConditionModel of diffusers, which musetalk/models/unet.py fills, in the sizes of musetalkV15/musetalk.json."
    write("musetalk-unet", told, tensors_of(diffusers.UNet2DConditionModel(**UNET)))
    told = """AutoencoderKL of diffusers as version 0.4 saved it: the attention of the middle blocks has the names of that time
(models/attention.py, AttentionBlock)."""
    write("musetalk-vae", told, tensors_of(diffusers.AutoencoderKL(**SD_VAE), _old_attention))


def _old_attention(name: str) -> str:
    if ".attentions." in name:
        for new, old in OLD_ATTENTION:
            name = name.replace(f".{new}.", f".{old}.")
    return name


def _write_real_esrgan(upstream: Path) -> None:
    architectures = _basicsr(upstream)
    source = "Real-ESRGAN's releases (github.com/xinntao/Real-ESRGAN)"
    for file, blocks, scale in (("x4plus", 23, 4), ("x2plus", 23, 2), ("x4plus-anime-6b", 6, 4)):
        model = architectures.RRDBNet(3, 3, num_feat=64, num_block=blocks, num_grow_ch=32, scale=scale)
        told = f"{source}: RRDBNet of BasicSR (archs/rrdbnet_arch.py) in the sizes of inference_realesrgan.py."
        write(f"real-esrgan-{file}", told, tensors_of(model, prefix="params_ema/"))
    compact = architectures.SRVGGNetCompact(3, 3, num_feat=64, num_conv=32, upscale=4, act_type="prelu")
    told = f"{source}: SRVGGNetCompact (realesrgan/archs/srvgg_arch.py) in the sizes of inference_realesrgan.py."
    write("real-esrgan-general-x4v3", told, tensors_of(compact, prefix="params/"))


def _basicsr(upstream: Path) -> Any:
    """Both architectures alone: the packages around them import what is not here."""

    class _Registry:
        @staticmethod
        def register() -> Any:
            return lambda kind: kind

    for name in ("basicsr", "basicsr.utils", "basicsr.utils.registry"):
        module: Any = types.ModuleType(name)
        module.get_root_logger, module.ARCH_REGISTRY = None, _Registry
        sys.modules[name] = module
    for name, path in (("basicsr.archs", "BasicSR/basicsr/archs"), ("srvgg", "Real-ESRGAN/realesrgan/archs")):
        package = types.ModuleType(name)
        package.__path__ = [str(upstream / path)]
        sys.modules[name] = package
    sys.modules["basicsr.archs.arch_util"] = _Helpers("basicsr.archs.arch_util")
    return types.SimpleNamespace(
        RRDBNet=importlib.import_module("basicsr.archs.rrdbnet_arch").RRDBNet,
        SRVGGNetCompact=importlib.import_module("srvgg.srvgg_arch").SRVGGNetCompact,
    )


class _Helpers(types.ModuleType):
    """What rrdbnet_arch.py takes from arch_util.py, which imports torchvision: blocks in a row, and how they begin."""

    @staticmethod
    def default_init_weights(*_: Any, **__: Any) -> None: ...

    @staticmethod
    def make_layer(kind: Any, count: int, **wishes: Any) -> Any:
        from torch import nn

        return nn.Sequential(*(kind(**wishes) for _ in range(count)))

    pixel_unshuffle = None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
