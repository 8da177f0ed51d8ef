"""Weights through the real huggingface_hub from a hub on loopback: whole and checked, or not there."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engines.common.shards import indexed_paths
from engines.common.weights import find_file, find_weights, weights_folder, weights_readiness
from engines.contract import EnginePaths, HubFile
from engines.contract.errors import EngineNotReady
from studio.errors import Cancelled, GreenroomError, NotFound, StorageError
from studio.settings import HOME
from studio.weights import WeightsError, WeightsState, WeightStore
from tests.studio.weights.conftest import BIG, REPO, SMALL, card_of
from tests.studio.weights.hub import Hub

MODEL, CONFIG = "sub/model.safetensors", "config.json"
Make = Callable[..., WeightStore]


def get(weights: WeightStore, engine: str = "tiny") -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    weights.download(engine, lambda fraction, note: told.append((fraction, note)), lambda: False)
    return told


def test_a_download_is_whole_checked_and_found_by_engines(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    weights = make_weights()
    card = weights.status("tiny").card
    assert weights.status("tiny").state is WeightsState.MISSING
    missing = weights_readiness(card, site)
    assert not missing.ready and "3 MB" in missing.sentence and "System tab" in missing.next_step
    with pytest.raises(EngineNotReady, match=REPO):
        weights_folder(site, REPO)
    told = get(weights)
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told) and told[-1][0] == 1.0
    status = weights.status("tiny")
    assert (status.state, status.here_bytes) == (WeightsState.PRESENT, len(BIG) + len(SMALL))
    folder = weights_folder(site, REPO, (MODEL, CONFIG))
    assert folder == site.weights[0] / "greenroom--tiny"
    assert (folder / MODEL).read_bytes() == BIG and (folder / CONFIG).read_bytes() == SMALL
    assert weights_readiness(card, site).ready
    sent = len(hub.ranges)
    get(weights)
    assert len(hub.ranges) == sent  # what is here is checked, not fetched


def test_a_broken_connection_goes_on_where_it_broke(hub: Hub, make_weights: Make) -> None:
    hub.break_after = [1_000_000, 500_000]
    get(make_weights())
    starts = [first for path, first in hub.ranges if path.endswith(MODEL)]
    assert starts == [0, 1_000_000, 1_500_000]


def test_a_cancelled_download_goes_on_the_next_time(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    hub.slow = 0.05
    weights, stop = make_weights(), threading.Event()

    def say(fraction: float, note: str) -> None:
        if fraction > 0.4:
            stop.set()

    with pytest.raises(Cancelled):
        weights.download("tiny", say, stop.is_set)
    status = weights.status("tiny")
    assert status.state is WeightsState.PARTIAL and 1_000_000 < status.here_bytes < len(BIG)
    assert find_file(site, status.card.hub_files[0]) is None  # an engine never sees a part
    hub.slow, before = 0.0, len(hub.ranges)
    get(weights)
    assert weights.status("tiny").state is WeightsState.PRESENT
    assert hub.ranges[before][1] > 1_000_000


def test_a_file_that_arrives_damaged_is_caught(hub: Hub, make_weights: Make) -> None:
    hub.corrupt = {f"{REPO}/{MODEL}"}
    weights = make_weights()
    with pytest.raises(WeightsError, match=r"model\.safetensors arrived damaged") as damaged:
        get(weights)
    assert damaged.value.retryable and weights.status("tiny").state is WeightsState.MISSING
    hub.corrupt.clear()
    get(weights)
    assert weights.status("tiny").state is WeightsState.PRESENT


def test_a_file_that_a_card_knows_by_its_bytes_is_taken_from_nobody_else(hub: Hub, make_weights: Make) -> None:
    """Large ones are refused before a byte is sent, for the hub tells what they are; of small ones it tells less."""
    card = card_of("tiny", MODEL, CONFIG)
    known = {MODEL: hashlib.sha256(BIG).hexdigest(), CONFIG: hashlib.sha256(SMALL).hexdigest()}
    card = replace(card, hub_files=tuple(replace(file, sha256=known[file.path]) for file in card.hub_files))
    weights = make_weights(card)
    hub.files[f"{REPO}/{MODEL}"] = BIG[::-1]
    with pytest.raises(WeightsError, match=rf"{REPO} holds another {MODEL}"):
        get(weights)
    assert not hub.ranges
    hub.files |= {f"{REPO}/{MODEL}": BIG, f"{REPO}/{CONFIG}": SMALL[::-1]}
    with pytest.raises(WeightsError, match=r"config\.json arrived damaged"):
        get(weights)
    hub.files[f"{REPO}/{CONFIG}"] = SMALL
    get(weights)
    assert weights.status("tiny").state is WeightsState.PRESENT


def test_the_shards_are_those_that_the_index_names(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    """A card's two are the makers' three, one of which has the same name; nothing else is asked for, and engines find all."""
    paths = ("sub/model.safetensors.index.json", "sub/model-00001-of-00002.safetensors", "sub/model-00002-of-00002.safetensors")
    card = card_of("tiny", *paths)
    names = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    index = json.dumps({"weight_map": {f"layer.{number}": name for number, name in enumerate(names * 2)}}).encode()
    hub.files = {f"{REPO}/{paths[0]}": index, **{f"{REPO}/sub/{name}": BIG[:5000] for name in names}}
    weights = make_weights(card)
    get(weights)
    status = weights.status("tiny")
    assert status.state is WeightsState.PRESENT and weights_readiness(card, site).ready
    assert {file.file.path for file in status.files} == {paths[0], *(f"sub/{name}" for name in names)}
    assert find_weights(site, REPO, paths) is not None
    (site.weights[0] / "greenroom--tiny" / "sub" / names[1]).unlink()
    assert find_weights(site, REPO, paths) is None and not weights_readiness(card, site).ready


@pytest.mark.parametrize("told", ["{", "[]", '{"weight_map": {"a": "../other.safetensors"}}', '{"weight_map": {"a": 3}}'])
def test_an_index_that_names_no_files_beside_it_changes_nothing(tmp_path: Path, told: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(told)
    shards = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    assert indexed_paths(shards, tmp_path) == shards


def test_files_that_rot_are_caught_and_fetched_again(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    weights = make_weights()
    get(weights)
    files = {site.weights[0] / "greenroom--tiny" / path: right for path, right in ((MODEL, BIG), (CONFIG, SMALL))}
    for file, right in files.items():
        file.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    told = get(weights)
    assert sum("damaged" in note for _, note in told) == 2
    assert all(file.read_bytes() == right for file, right in files.items())
    file.write_bytes(right[:-2])
    assert weights.status("tiny").state is WeightsState.PARTIAL  # a wrong length is seen without reading it


def test_gated_weights_ask_for_the_licence_then_the_token(
    hub: Hub, make_weights: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub.gated = {REPO}
    card = card_of("tiny", MODEL, gated=True)
    with pytest.raises(WeightsError, match="accepted its licence") as asked:
        get(make_weights(card))
    assert f"https://huggingface.co/{REPO}" in asked.value.hint and "HF_TOKEN" in asked.value.hint
    monkeypatch.setenv("HF_TOKEN", "hf_wrongwrongwrong")
    with pytest.raises(WeightsError, match="does not give") as refused:
        get(make_weights(card))
    assert "hf_wrong" not in str(refused.value)
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(f"{hub.token}\n")
    weights = make_weights(card, token_file=tmp_path / "token")
    get(weights)
    assert weights.status("tiny").state is WeightsState.PRESENT


def test_a_token_inside_the_studio_is_refused(hub: Hub, make_weights: Make) -> None:
    with pytest.raises(WeightsError, match="inside the studio's folder"):
        get(make_weights(token_file=HOME / "token"))
    with pytest.raises(WeightsError, match="cannot be read"):
        get(make_weights(token_file=Path("/nonexistent/token")))


def test_too_little_room_is_refused_before_a_byte(hub: Hub, make_weights: Make) -> None:
    with pytest.raises(StorageError, match="still to come") as refused:
        get(make_weights(reserve=10**18))
    assert refused.value.retryable and not hub.ranges


def test_a_disk_that_fills_up_is_told_and_loses_nothing(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    folder = site.weights[0] / "greenroom--tiny" / "sub"
    folder.mkdir(parents=True)
    part = folder / "model.safetensors.part"
    part.symlink_to("/dev/full")  # every write to it fails as on a full disk
    weights = make_weights()
    with pytest.raises(GreenroomError, match="disk became full"):
        get(weights)
    part.unlink()
    get(weights)
    assert weights.status("tiny").state is WeightsState.PRESENT


def test_offline_is_honoured_and_said(hub: Hub, make_weights: Make) -> None:
    with pytest.raises(WeightsError, match="stay offline"):
        get(make_weights(offline=True))
    assert not hub.ranges


def test_what_the_hub_lacks_and_a_hub_out_of_reach(hub: Hub, make_weights: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=r"The hub has no greenroom/tiny/gone\.bin"):
        get(make_weights(card_of("tiny", "gone.bin")))
    with pytest.raises(WeightsError, match="The hub has no greenroom/none"):
        get(make_weights(card_of("tiny", MODEL, repo="greenroom/none")))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="cannot be reached") as away:
        get(make_weights())
    assert away.value.retryable


def put(root: Path, path: str, content: bytes = b"x" * 10) -> Path:
    file = root / "greenroom--tiny" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_deleting_keeps_what_another_engine_needs(make_weights: Make, site: EnginePaths) -> None:
    model, config = put(site.weights[0], MODEL), put(site.weights[0], CONFIG)
    weights = make_weights(card_of("tiny", MODEL, CONFIG), card_of("other", CONFIG))
    assert weights.delete("tiny") == 10
    assert not model.parent.exists() and config.exists()
    assert weights.delete("other") == 0  # "tiny" wants it too
    assert make_weights(card_of("other", CONFIG)).delete("other") == 10
    assert not config.parent.exists()


def test_one_repository_of_several(hub: Hub, make_weights: Make, site: EnginePaths) -> None:
    hub.files["datasets/greenroom/large/model.bin"] = BIG
    both = card_of("tiny", CONFIG)
    both = replace(both, hub_files=(*both.hub_files, HubFile("datasets/greenroom/large", "model.bin", len(BIG))))
    weights = make_weights(both)
    weights.download("tiny", lambda fraction, note: None, lambda: False, REPO)
    assert weights.status("tiny").state is WeightsState.PARTIAL
    assert weights.status("tiny", REPO).state is WeightsState.PRESENT
    assert weights.status("tiny", "datasets/greenroom/large").state is WeightsState.MISSING
    get(weights)
    assert find_file(site, both.hub_files[1]) == site.weights[0] / "datasets--greenroom--large" / "model.bin"
    assert weights.delete("tiny", REPO) == len(SMALL)
    with pytest.raises(NotFound, match="There are: greenroom/tiny, datasets/greenroom/large"):
        weights.status("tiny", "greenroom/huge")


def test_moving_to_another_root(make_weights: Make, site: EnginePaths) -> None:
    put(site.weights[0], MODEL, BIG)
    put(site.weights[0], CONFIG)
    weights, told = make_weights(), []
    weights.move("tiny", site.weights[1], lambda fraction, note: told.append(fraction), lambda: False)
    assert weights_folder(site, REPO, (MODEL, CONFIG)) == site.weights[1] / "greenroom--tiny"
    assert not (site.weights[0] / "greenroom--tiny").exists() and told[-1] == 1.0
    with pytest.raises(WeightsError, match="nothing to move"):
        weights.move("tiny", site.weights[1], lambda fraction, note: None, lambda: False)
    with pytest.raises(WeightsError, match="not among"):
        weights.move("tiny", Path("/elsewhere"), lambda fraction, note: None, lambda: False)


def test_a_hugging_face_cache_is_read_and_left_alone(make_weights: Make, site: EnginePaths) -> None:
    cached = site.weights[1] / "models--greenroom--tiny"
    for commit in ("aaaa", "bbbb"):
        snapshot = cached / "snapshots" / commit
        (snapshot / "sub").mkdir(parents=True)
        (snapshot / MODEL).write_text(commit)
        (snapshot / CONFIG).write_text(commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("bbbb")
    weights = make_weights()
    assert weights.status("tiny").state is WeightsState.PRESENT
    assert weights_folder(site, REPO, (MODEL,)).name == "bbbb"
    with pytest.raises(WeightsError, match="cache of another program"):
        weights.delete("tiny")
    assert (cached / "snapshots" / "bbbb" / MODEL).exists()


def test_an_engine_without_weights_is_refused_by_name(make_weights: Make) -> None:
    with pytest.raises(NotFound, match="Engines with weights: tiny"):
        make_weights().status("hibari")
