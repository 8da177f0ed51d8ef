"""What the System page can do, over the API."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.servers import RunningStudio, long_script, wait_until


def state(client: Client, job: str) -> str:
    return str(client.predict(job, api_name="/job")["state"])


def refused(call: Any) -> str:
    with pytest.raises(AppError) as told:
        call()
    return str(told.value)


def test_a_job_is_moved_stopped_tried_again_told_of_and_removed(client: Client) -> None:
    def submit(number: int) -> str:
        spec = {"script": long_script(), "title": f"Moved {number}"}
        return str(client.predict("voiceover", spec, api_name="/submit")["id"])

    jobs = [submit(number) for number in range(4)]
    try:
        wait_until(lambda: state(client, jobs[1]) != "queued", step=0.2)  # the lane works on two
        assert client.predict(jobs[3], 1, api_name="/move_job")["state"] == "queued"
        ahead = [client.predict(job, api_name="/job_history")["ahead"] for job in jobs[2:]]
        assert ahead[1] < ahead[0]
        assert "queued" in refused(lambda: client.predict(jobs[0], 1, api_name="/move_job"))
        found = client.predict("", 50, "voiceover", "moved 3", api_name="/jobs")
        assert [one["id"] for one in found] == [jobs[3]]
    finally:
        for job in jobs:
            client.predict(job, api_name="/cancel")
    wait_until(lambda: all(state(client, job) == "cancelled" for job in jobs), step=0.2)
    again = client.predict(jobs[3], api_name="/retry")
    client.predict(again["id"], api_name="/cancel")
    wait_until(lambda: state(client, again["id"]) == "cancelled", step=0.2)
    told = client.predict(jobs[0], api_name="/job_history")
    assert told["work_seconds"] > 0 and told["events"][0]["kind"] == "state"
    for job in (*jobs, again["id"]):
        client.predict(job, api_name="/remove_job")
    assert "no job" in refused(lambda: client.predict(jobs[0], api_name="/job"))


def test_the_machine_is_told(client: Client) -> None:
    assert all({"at", "used", "available"} <= set(one) for one in client.predict(api_name="/memory_history"))
    assert all({"at", "kind", "sentence"} == set(one) for one in client.predict(10, api_name="/machine_events"))
    assert {one["name"] for one in client.predict(api_name="/environments")} >= {"models"}
    weights = client.predict(api_name="/weights")
    assert weights and all(one["size_bytes"] > 0 and one["licence"] for one in weights)
    report = client.predict(api_name="/memory")
    assert report["swap_total"] >= 0 and report["heat"]["paused"] == ""


def test_idle_times_are_set_and_taken_back(client: Client) -> None:
    usual = client.predict("hibari", api_name="/set_idle")
    assert client.predict("hibari", 60, api_name="/set_idle") == {"engine": "hibari", "idle_seconds": 60, "chosen": True}
    assert client.predict("hibari", -1, api_name="/set_idle") == usual | {"chosen": False}
    assert "no engine" in refused(lambda: client.predict("hibare", 60, api_name="/set_idle"))


def test_disk_log_and_bundle(client: Client, server: RunningStudio) -> None:
    disk = client.predict(True, api_name="/disk")
    assert {"outputs", "weights", "logs"} <= {one["name"] for one in disk["rooms"]}
    assert client.predict("logs", api_name="/free_disk")["freed_bytes"] >= 0
    assert "voices" in refused(lambda: client.predict("voices", api_name="/free_disk"))
    records = client.predict("greenroom", "INFO", "opened in", 5, api_name="/log")
    assert records and str(server.data) not in str(records)
    assert "level" in refused(lambda: client.predict("greenroom", "LOUD", "", 5, api_name="/log"))
    bundle = client.predict(api_name="/support_bundle")
    names = zipfile.ZipFile(Path(bundle["path"] if isinstance(bundle, dict) else bundle)).namelist()
    assert {"log.txt", "settings.json", "jobs.json"} <= set(names)
    assert all({"engine", "seconds", "off"} <= set(one) for one in client.predict(api_name="/run_times"))
