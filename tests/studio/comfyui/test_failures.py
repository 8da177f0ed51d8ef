"""Every way in which a server is known to fail, provoked on the stand-in: each ends in a result or in words."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.http import HttpTransport
from studio.comfyui.client.read_inventory import read_inventory
from studio.comfyui.client.status import Finished, Running
from studio.comfyui.errors import ComfyUIUnreachable, ConnectionRefused, GraphRefused, JobLost, RunFailed, UnexpectedAnswer
from studio.comfyui.run import GraphRun
from studio.errors import Cancelled
from tests.servers import free_port, wait_until
from tests.studio.comfyui import graphs
from tests.studio.comfyui.conftest import QUICK, Listening
from tests.studio.comfyui.servers import StandInServer, client_of

Runs = Callable[..., GraphRun]


@pytest.fixture
def own_stand_in(tmp_path: Path) -> Iterator[StandInServer]:
    """One that a test may kill."""
    server = StandInServer(tmp_path / "base")
    yield server
    server.kill()


def once(stand_in: StandInServer, run: GraphRun, graph: graphs.Graph) -> Finished:
    """The run's end, which took one submission's work on the server."""
    before = len(stand_in.runs)
    done = run.finish(graph)
    assert len(stand_in.runs) == before + 1, "it ran once"
    return done


# The websocket


@pytest.mark.parametrize("fault", ["deaf_sockets", "drop_sockets"])
def test_a_dead_socket_does_not_touch_the_job(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, fault: str
) -> None:
    stand_in.faults(**{fault: True, "seconds": 0.2})
    assert once(stand_in, run(client), graphs.picture(at_stand_in)).files


def test_a_preview_over_a_mebibyte_neither_closes_the_socket_nor_reaches_the_page_so_large(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, listening: Listening
) -> None:
    stand_in.faults(big_preview=True, seconds=0.1)
    assert once(stand_in, run(client), graphs.slow(at_stand_in, blurs=2, sigma=1.1)).files
    assert len(listening.previews) >= 3, "the socket went on after the first one"
    assert all(picture[:2] == b"\xff\xd8" and len(picture) < 2**20 for picture in listening.previews)
    assert any("step" in note for note in listening.notes)


# Replies and restarts


def test_a_lost_reply_is_looked_up_and_nothing_runs_twice(
    stand_in: StandInServer, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    stand_in.faults(lose_reply=1.5, seconds=0.2)
    impatient = client_of(stand_in.url, read_seconds=0.4)
    assert once(stand_in, run(impatient), graphs.picture(at_stand_in)).files
    assert stand_in.runs[-1] == json.loads((tmp_path / "ticket.json").read_text())["prompt_id"]


def test_a_request_that_never_arrived_is_sent_again_under_its_own_id(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    run(client).finish(graphs.picture(at_stand_in))  # so that the server can be known again
    (tmp_path / "ticket.json").unlink()
    stand_in.faults(lose_request=1.5)
    posts = stand_in.told["posts"]
    assert once(stand_in, run(client_of(stand_in.url, read_seconds=0.4)), graphs.picture(at_stand_in)).files
    assert stand_in.told["posts"] == posts + 2


def test_a_restart_in_mid_job_is_told_and_nothing_is_sent_again(
    own_stand_in: StandInServer, picture_file: Path, run: Runs, listening: Listening
) -> None:
    client = client_of(own_stand_in.url)
    name = client.upload(picture_file, "studio/x", client.max_upload_bytes())
    own_stand_in.faults(seconds=5.0)
    restarted = threading.Thread(target=_restart_when, args=(own_stand_in, listening))
    restarted.start()
    with pytest.raises(JobLost, match="restarted") as told:
        run(client).finish(graphs.picture(name))
    restarted.join()
    assert told.value.retryable and len(own_stand_in.runs) == 1
    assert listening.silences, "meanwhile the job said that it waits for an answer"


def _restart_when(server: StandInServer, listening: Listening) -> None:
    """Kill it in mid-job, and start it again once the job has noticed."""
    wait_until(lambda: listening.fractions)
    server.kill()
    wait_until(lambda: listening.silences)
    server.start()


def test_a_server_that_does_not_come_back_is_given_up_in_words(
    own_stand_in: StandInServer, picture_file: Path, run: Runs, listening: Listening
) -> None:
    client = client_of(own_stand_in.url)
    name = client.upload(picture_file, "studio/x", client.max_upload_bytes())
    own_stand_in.faults(seconds=5.0)
    killer = threading.Thread(target=lambda: (wait_until(lambda: bool(listening.fractions)), own_stand_in.kill()))
    killer.start()
    with pytest.raises(ComfyUIUnreachable, match="stopped answering"):
        run(client, patience=replace(QUICK, silence=1.0)).finish(graphs.picture(name))
    killer.join()


def test_a_process_that_is_known_to_have_died_is_not_waited_for(
    own_stand_in: StandInServer, picture_file: Path, run: Runs, listening: Listening
) -> None:
    client = client_of(own_stand_in.url)
    name = client.upload(picture_file, "studio/x", client.max_upload_bytes())
    own_stand_in.faults(seconds=5.0)

    def dead() -> str:
        lives = own_stand_in.process is not None and own_stand_in.process.is_alive()
        if listening.fractions and lives:
            own_stand_in.kill()
        gone = not lives or bool(listening.fractions)
        return "ComfyUI was killed by the system because memory ran out." if gone else ""

    threading.Thread(target=lambda: (wait_until(lambda: bool(listening.fractions)), dead())).start()
    with pytest.raises(JobLost, match="memory ran out"):
        run(client, dead=dead).finish(graphs.picture(name))


def test_a_server_that_stands_still_while_it_loads_is_waited_for(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, listening: Listening
) -> None:
    stand_in.faults(seconds=0.3)

    def stand_still() -> None:
        wait_until(lambda: bool(listening.fractions))
        stand_in.faults(stall=0.6)
        wait_until(lambda: len(listening.silences) > 1)
        stand_in.faults(stall=0.0)

    loading = threading.Thread(target=stand_still)
    loading.start()
    assert once(stand_in, run(client_of(stand_in.url, read_seconds=0.3)), graphs.slow(at_stand_in, blurs=4, sigma=1.7)).files
    loading.join()


# The studio itself ends


def test_after_a_kill_of_the_studio_a_running_job_is_taken_up_again(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, listening: Listening
) -> None:
    stand_in.faults(seconds=0.25)
    listening.stop_when = lambda: len(listening.fractions) > 1
    before, interrupts = len(stand_in.runs), stand_in.told["interrupts"]
    with pytest.raises(Cancelled):
        run(client, leaving=lambda: True).finish(graphs.slow(at_stand_in, blurs=3, sigma=1.2))
    assert stand_in.told["interrupts"] == interrupts and client.queue().running, "it was left alone"
    listening.stop_when = lambda: False
    assert run(client).finish({}).files, "the ticket knows what was sent"
    assert len(stand_in.runs) == before + 1


def test_a_job_that_ended_while_the_studio_was_down_is_found_in_the_history(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs
) -> None:
    first = run(client).finish(graphs.picture(at_stand_in))
    before = len(stand_in.runs)
    assert run(client).resumed() == first and len(stand_in.runs) == before


def test_a_ticket_of_a_server_that_was_restarted_is_a_lost_job(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs
) -> None:
    run(client).finish(graphs.picture(at_stand_in))
    stand_in.faults(forget=True)
    with pytest.raises(JobLost, match="forgotten"):
        run(client).resumed()


def test_a_ticket_written_just_before_a_kill_is_used_only_on_the_same_server(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    run(client).finish(graphs.picture(at_stand_in))
    path = tmp_path / "ticket.json"
    ticket = json.loads(path.read_text()) | {"phase": "asked", "prompt_id": str(uuid.uuid4())}
    path.write_text(json.dumps(ticket))
    assert run(client).resumed() is None and not path.exists(), "this server never saw it: it may be sent"
    path.write_text(json.dumps(ticket | {"mark": {"process": "1@1.00", "ended": ""}}))
    with pytest.raises(JobLost):
        run(client).resumed()
    path.write_text("{")
    with pytest.raises(JobLost, match="cannot be read"):
        run(client).resumed()


# Results


def test_an_old_result_from_the_cache_that_is_gone_is_told_as_gone(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    graph = graphs.picture(at_stand_in)
    first = run(client).finish(graph)
    (tmp_path / "ticket.json").unlink()
    again = run(client).finish(graph)
    assert again.files == first.files, "an identical graph is answered with the old file"
    (stand_in.base / "output" / again.files[0].subfolder / again.files[0].filename).unlink()
    with pytest.raises(UnexpectedAnswer) as told:
        client.download(again.files[0], tmp_path / "x.png", lambda: None)
    assert told.value.status == 404


def test_an_empty_result_is_refused(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    done = run(client).finish(graphs.picture(at_stand_in))
    (stand_in.base / "output" / done.files[0].subfolder / done.files[0].filename).write_bytes(b"")
    with pytest.raises(UnexpectedAnswer, match="empty"):
        client.download(done.files[0], tmp_path / "x.png", lambda: None)


def test_messages_in_another_form_are_read_all_the_same(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    stand_in.faults(plain_messages=True)
    assert run(client).finish(graphs.picture(at_stand_in)).files
    (tmp_path / "ticket.json").unlink()
    stand_in.faults(fail={"ImageBlur": ["RuntimeError", "shape mismatch"]})
    with pytest.raises(RunFailed, match="shape mismatch"):
        run(client).finish(graphs.slow(at_stand_in, sigma=1.3))


# Errors while it runs


def test_running_out_of_graphics_memory_is_told_with_a_way_out(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs
) -> None:
    words = "Allocation on device 0 would exceed allowed memory. (out of memory)\nGot an OOM, unloading all loaded models."
    stand_in.faults(fail={"ImageInvert": ["torch.OutOfMemoryError", words]})
    with pytest.raises(RunFailed, match="graphics card ran out of memory in ImageInvert") as told:
        run(client).finish(graphs.picture(at_stand_in))
    assert "fewer frames" in told.value.hint and told.value.retryable and "home" not in str(told.value)


def test_a_model_file_that_was_cut_short_fails_with_words_about_the_file(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs
) -> None:
    folder = stand_in.base / "models" / "vae" / "Wan"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cut.safetensors").write_bytes(b"")
    assert [file.size_bytes for file in read_inventory(client).models["vae"] if file.basename == "cut.safetensors"] == [0]
    saves = graphs.node("SaveImage", images=["5", 0], filename_prefix=graphs.prefix())
    graph = {"5": graphs.node("VAELoader", vae_name="Wan/cut.safetensors"), "6": saves}
    with pytest.raises(RunFailed, match="header too small") as told:
        run(client).finish(graph)
    assert "download it again" in told.value.hint


def test_a_model_in_a_subfolder_is_wanted_under_the_listed_name(
    stand_in: StandInServer, client: ComfyUIClient, run: Runs
) -> None:
    folder = stand_in.base / "models" / "diffusion_models" / "Wan"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.safetensors").write_bytes(bytes(16))
    listed = {file.basename: file for file in read_inventory(client).models["diffusion_models"]}["x.safetensors"]
    assert (listed.name, listed.size_bytes) == ("Wan/x.safetensors", 16) and listed.root
    saves = graphs.node("SaveImage", images=["1", 0], filename_prefix=graphs.prefix())
    bare = {"1": graphs.node("UNETLoader", unet_name="x.safetensors", weight_dtype="default"), "2": saves}
    with pytest.raises(GraphRefused, match=r"UNETLoader knows no unet_name called “x\.safetensors”"):
        run(client).finish(bare)


def test_newer_servers_name_the_missing_class(stand_in: StandInServer, client: ComfyUIClient, run: Runs) -> None:
    stand_in.faults(newer=True)
    with pytest.raises(GraphRefused, match="node class WanThing is not installed"):
        run(client).finish({"1": graphs.node("WanThing")})


def test_a_class_that_changed_its_inputs_is_told_by_input(
    stand_in: StandInServer, client: ComfyUIClient, clip_file: Path, run: Runs
) -> None:
    drifted = {"required": {"video": ["VIDEO"], "filename_prefix": ["STRING"], "format.codec": [["h264", "auto"]]}}
    stand_in.faults(drifted={"SaveVideo": {"input": drifted, "output_node": True}})
    name = client.upload(clip_file, "studio/drift", client.max_upload_bytes())
    with pytest.raises(GraphRefused, match=r"SaveVideo lacks its input format\.codec"):
        run(client).finish(graphs.video(name, 8))


# Cancelling


def test_an_old_server_that_stops_whatever_runs_is_not_told_to_stop_another_ones_job(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, listening: Listening
) -> None:
    stand_in.faults(old_interrupt=True, seconds=0.5)
    other = str(uuid.uuid4())
    client.submit(graphs.slow(at_stand_in, blurs=4, sigma=1.4), other, "another-client")
    wait_until(lambda: isinstance(client.status(other), Running))
    listening.stop_when = lambda: bool(listening.places)
    with pytest.raises(Cancelled):
        run(client).finish(graphs.picture(at_stand_in))
    assert other not in stand_in.told["caught"] and client.queue().running == (other,)
    client.cancel(other)
    wait_until(lambda: not client.queue().running)


def test_a_cancel_that_comes_too_late_changes_nothing(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    done = run(client).finish(graphs.picture(at_stand_in))
    prompt_id = json.loads((tmp_path / "ticket.json").read_text())["prompt_id"]
    client.cancel(prompt_id)
    assert client.status(prompt_id) == done and prompt_id not in stand_in.told["caught"]


def test_a_job_that_someone_stopped_at_the_server_says_so(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, listening: Listening
) -> None:
    stand_in.faults(seconds=0.5)
    stopper = threading.Thread(
        target=lambda: (wait_until(lambda: bool(listening.fractions)), client.cancel(client.queue().running[0]))
    )
    stopper.start()
    with pytest.raises(RunFailed, match="stopped at the ComfyUI server"):
        run(client).finish(graphs.slow(at_stand_in, sigma=1.5))
    stopper.join()


def test_a_job_that_goes_on_for_ever_is_ended_there(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs
) -> None:
    stand_in.faults(seconds=1.0)
    with pytest.raises(RunFailed, match="without coming to its end"):
        run(client, patience=replace(QUICK, running=0.5)).finish(graphs.slow(at_stand_in, sigma=1.6))
    assert client.queue().running == ()


# Transport


def test_nobody_at_the_address_is_told_with_the_address() -> None:
    client = client_of(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ConnectionRefused, match="does not answer") as told:
        client.stats()
    assert client.url in told.value.hint


class _AnotherProgram(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Something else</title>")

    def log_message(self, *told: object) -> None:
        return


def test_another_program_at_the_address_is_told_as_such() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _AnotherProgram) as program:
        threading.Thread(target=program.serve_forever, daemon=True).start()
        with pytest.raises(UnexpectedAnswer, match="not a ComfyUI server"):
            client_of(f"http://127.0.0.1:{program.server_port}").stats()
        program.shutdown()


def test_answers_that_are_not_json_are_words(stand_in: StandInServer) -> None:
    wire = HttpTransport(stand_in.url)
    with pytest.raises(UnexpectedAnswer) as told:
        wire.ask("POST", "/prompt", content=b"{")
    assert told.value.status == 500 and "Traceback" not in str(told.value)
    with pytest.raises(UnexpectedAnswer, match="status 500"):
        wire.ask("POST", "/free")


def test_no_origin_is_sent_and_no_proxy_is_asked(stand_in: StandInServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert client_of(stand_in.url).stats().version == "0.3.64"
    assert httpx.get(f"{stand_in.url}/queue", headers={"Origin": "http://elsewhere"}, trust_env=False).status_code == 403


def test_newer_servers_are_asked_for_the_job_itself(
    stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str, run: Runs, tmp_path: Path
) -> None:
    stand_in.faults(jobs_api=True)
    assert run(client).finish(graphs.picture(at_stand_in)).files
    (tmp_path / "ticket.json").unlink()
    stand_in.faults(fail={"ImageInvert": ["ValueError", "no such thing"]})
    with pytest.raises(RunFailed, match="no such thing"):
        run(client).finish(graphs.picture(at_stand_in, graphs.prefix()) | {"2": graphs.node("ImageInvert", image=["1", 0], x=1)})
