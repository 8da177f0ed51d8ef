"""What a server lacks, file by file: folders, slashes, empty and cut off files, and roots on this machine. Nothing is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from media.messages.message import Message
from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.comfyui.errors import ComfyUIUnreachable
from studio.workflows import TemplateChecks, parse_roots, preflight, validate
from tests.studio.workflows.servers import definitions, inventory_for, shipped

SEEDVR = "seedvr2-upscale"
NET, VAE = "seedvr2_3b_int8_convrot.safetensors", "seedvr2_ema_vae_fp16.safetensors"
LIGHT = "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors"
NET_BYTES, VAE_BYTES = 3_458_259_704, 501_324_814


def with_models(**folders: list[ModelFile]) -> ServerInventory:
    return ServerInventory("0.38.1", definitions(True), {name: tuple(files) for name, files in folders.items()})


@pytest.mark.parametrize(
    "listed",
    [NET, f"SeedVR2/{NET}", f"video\\SeedVR2\\{NET}", NET.upper(), f"a/b/{NET.title()}"],
    ids=lambda name: name.replace(NET, "…"),
)
def test_a_model_is_found_wherever_it_lies_in_its_folder(listed: str) -> None:
    inventory = with_models(diffusion_models=[ModelFile(listed, NET_BYTES)], vae=[ModelFile(VAE)])
    checked = validate(shipped(SEEDVR), inventory)
    assert checked.ready
    assert checked.models[0].listed == listed


@pytest.mark.parametrize(("size", "words"), [(0, "is empty"), (1_000_000, "is cut off: it has 1,000,000 of 3,458,259,704 bytes")])
def test_empty_and_cut_off_files_are_refused(size: int, words: str) -> None:
    inventory = with_models(diffusion_models=[ModelFile(NET, size)], vae=[ModelFile(VAE, VAE_BYTES)])
    (problem,) = preflight(shipped(SEEDVR), inventory)
    assert words in problem.sentence
    assert "https://huggingface.co/" in problem.where


def test_a_whole_file_goes_before_a_cut_off_one() -> None:
    files = [ModelFile(NET, 0), ModelFile(f"backup/{NET}", NET_BYTES)]
    checked = validate(shipped(SEEDVR), with_models(diffusion_models=files, vae=[ModelFile(VAE, None)]))
    assert checked.ready and checked.models[0].listed == f"backup/{NET}"


def test_an_alternate_does_as_well_and_the_first_name_goes_before_it() -> None:
    template = shipped("realesrgan-upscale")
    files = [ModelFile("RealESRGAN_x4.pth", 5), ModelFile("RealESRGAN_x4plus.pth", 5)]
    checked = validate(template, with_models(upscale_models=files))
    assert checked.ready and checked.models[0].listed == "RealESRGAN_x4plus.pth"


def test_a_model_in_the_wrong_folder_is_told() -> None:
    inventory = with_models(vae=[ModelFile(VAE, VAE_BYTES), ModelFile(NET, NET_BYTES)])
    (problem,) = preflight(shipped(SEEDVR), inventory)
    assert problem.subject == NET
    assert problem.where == "The server has it in vae: it belongs into diffusion_models."


def test_a_part_of_a_name_is_no_match() -> None:
    inventory = with_models(diffusion_models=[ModelFile(f"my_{NET}")], vae=[ModelFile(VAE)])
    assert [each.subject for each in preflight(shipped(SEEDVR), inventory)] == [NET]


def test_a_broken_template_tells_its_own_faults() -> None:
    from studio.workflows import WorkflowTemplate

    broken = WorkflowTemplate("x", "X", None, {}, (Message.of("manifest.not-yaml", line=None),))
    assert [each.sentence for each in preflight(broken, inventory_for(shipped(SEEDVR)))] == ["The manifest is not YAML."]


@pytest.mark.parametrize(
    ("version", "needed"),
    [("0.28.0", True), ("v0.28.1", True), ("0.27.9", False), ("0.3.64", False), ("1.0", True), (None, True)],
)
def test_versions_are_compared_as_numbers(version: str | None, needed: bool) -> None:
    """Told where a node is missing, or takes other inputs."""
    template = shipped(SEEDVR)
    some = {name: each for name, each in definitions(True).items() if name != "SaveVideo"}
    inventory = ServerInventory(version, some, inventory_for(template).models)
    assert ("version" not in {each.kind for each in preflight(template, inventory)}) is needed


# Roots on this machine


def test_roots_may_be_parted_in_three_ways(tmp_path: Path) -> None:
    assert parse_roots(' /a/b , "/c d";\n/e\n,;/a/b') == (Path("/a/b"), Path("/c d"), Path("/e"))
    assert parse_roots("") == ()


def lay(root: Path, folder: str, name: str, size: int = 8) -> Path:
    path = root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"weight": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    with path.open("wb") as file:
        if size:
            file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(size)  # sparse: takes no room
    return path


def snapshot(root: Path) -> list[tuple[str, int, int]]:
    return sorted((str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in root.rglob("*"))


def test_roots_say_which_folder_holds_a_model_and_nothing_is_touched(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    lay(first, "unet/SeedVR2", NET, NET_BYTES)
    lay(second, "vae", VAE, VAE_BYTES)
    before = snapshot(tmp_path)
    listed = with_models(diffusion_models=[ModelFile(f"SeedVR2/{NET}")], vae=[ModelFile(VAE)])
    checked = validate(shipped(SEEDVR), listed, [first, second, tmp_path / "gone"])
    assert checked.ready
    assert [(each.model.name, each.root, each.size_bytes) for each in checked.models] == [
        (NET, str(first), NET_BYTES),
        (VAE, str(second), VAE_BYTES),
    ]
    assert snapshot(tmp_path) == before


def test_a_root_shows_that_a_listed_file_is_empty(tmp_path: Path) -> None:
    lay(tmp_path, "diffusion_models", NET, 0)
    listed = with_models(diffusion_models=[ModelFile(NET)], vae=[ModelFile(VAE)])
    (problem,) = preflight(shipped(SEEDVR), listed, [tmp_path])
    assert "is empty" in problem.sentence


def test_a_file_that_only_this_machine_has_is_told(tmp_path: Path) -> None:
    lay(tmp_path, "diffusion_models", NET, NET_BYTES)
    (problem,) = preflight(shipped(SEEDVR), with_models(vae=[ModelFile(VAE)]), [tmp_path])
    assert problem.subject == NET
    assert "extra_model_paths.yaml" in problem.where
    assert str(tmp_path) not in problem.where


@pytest.mark.parametrize("damage", ["cut off", "no header", "another file"])
def test_a_damaged_file_is_seen_by_its_own_header(damage: str, tmp_path: Path) -> None:
    path = lay(tmp_path, "loras", LIGHT, 100)
    promised = json.dumps({"weight": {"dtype": "U8", "shape": [900], "data_offsets": [0, 900]}}).encode()
    whole = len(promised).to_bytes(8, "little") + promised + bytes(900)
    template = shipped("scail2-swap")
    needed = inventory_for(template)
    unsized = {folder: tuple(ModelFile(file.name) for file in files) for folder, files in needed.models.items()}
    inventory = ServerInventory("0.38.1", needed.node_classes, unsized)
    path.write_bytes(whole)
    assert preflight(template, inventory, [tmp_path]) == []
    path.write_bytes({"cut off": whole[:-1], "no header": b"\xff" * 20, "another file": b"<html>not found</html>" * 9}[damage])
    (problem,) = preflight(template, inventory, [tmp_path])
    assert problem.subject == LIGHT
    assert "cut off" in problem.sentence
    assert LIGHT not in {found.listed for found in validate(template, None, [tmp_path]).models}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    lay(tmp_path, "vae", VAE, VAE_BYTES)
    (tmp_path / "vae" / "again").symlink_to(tmp_path, target_is_directory=True)
    found = validate(shipped(SEEDVR), None, [tmp_path]).models
    assert [each.root for each in found] == [None, str(tmp_path)]


# The studio's server


@dataclass
class Settings:
    path: Path | None = None
    model_roots: str = ""


@dataclass
class Server:
    """A server whose state is set by hand."""

    settings: Settings
    configured: bool = True
    own: bool = False
    has: ServerInventory | None = None

    def inventory(self, newest: bool = False) -> ServerInventory:
        if self.has is None:
            raise ComfyUIUnreachable("comfyui.refused-connection", url="http://studio:1")
        return self.has

    def known_inventory(self) -> ServerInventory | None:
        return self.has


def test_without_a_server_the_reason_is_told_and_roots_still_count(tmp_path: Path) -> None:
    lay(tmp_path, "vae", VAE, VAE_BYTES)
    checks = TemplateChecks(Server(Settings(model_roots=f"{tmp_path};"), configured=False))
    checked = checks.validation(shipped(SEEDVR))
    assert [each.sentence for each in checked.problems] == ["No ComfyUI server is set."]
    assert [each.listed for each in checked.models] == [None, VAE]
    assert checks.models()["on_disk"] == {"vae": [{"name": VAE, "size_bytes": VAE_BYTES, "root": str(tmp_path)}]}


def test_a_server_that_does_not_answer_is_told() -> None:
    checked = TemplateChecks(Server(Settings())).validation(shipped(SEEDVR))
    assert [(each.kind, each.sentence, each.where) for each in checked.problems] == [
        (
            "server",
            "The ComfyUI server does not answer.",
            "Start it, or correct its address (http://studio:1) on the System tab, under Settings.",
        )
    ]


def test_a_look_never_starts_the_studios_own_server(tmp_path: Path) -> None:
    checks = TemplateChecks(Server(Settings(path=tmp_path), own=True))
    assert "has not been started yet" in checks.validation(shipped(SEEDVR)).problems[0].sentence
    assert checks.roots() == (tmp_path / "models",)
    ready = TemplateChecks(Server(Settings(path=tmp_path), own=True, has=inventory_for(shipped(SEEDVR))))
    assert ready.validation(shipped(SEEDVR)).ready
    assert set(ready.models()["models"]) == {"diffusion_models", "vae"}


def test_a_node_that_a_new_server_lacks_is_put_down_to_a_missing_library() -> None:
    from studio.workflows.manifest import RequiredNodes
    from studio.workflows.preflight import _get_nodes

    manifest: Any = SimpleNamespace(min_comfyui="0.3.60")
    pack = RequiredNodes.model_validate(
        {"pack": "ComfyUI", "url": "https://github.com/comfyanonymous/ComfyUI", "classes": ["LoadAudio"]}
    )
    assert "torchaudio" in str(_get_nodes(pack, manifest, "0.3.64"))
    assert "0.3.60 and newer" in str(_get_nodes(pack, manifest, "0.3.10"))
    assert _get_nodes(pack, manifest, "0.3.10") == _get_nodes(pack, manifest, None)
