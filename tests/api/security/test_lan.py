"""./launch.sh --lan as a program: what it prints, where it listens, and that the token is nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import psutil
import pytest

from studio.access import lan_address
from tests.servers import RunningStudio, running_studio


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    if not lan_address():
        pytest.skip("this machine is on no network")
    data = tmp_path_factory.mktemp("lan") / "data"
    with running_studio(data, arguments=["--lan", "--https"], PYTHONIOENCODING="utf-8") as studio:
        yield studio


@pytest.fixture(scope="module")
def link(lan: RunningStudio) -> str:
    """Printed after the address; it must be there once the studio answers."""
    with httpx.Client(verify=False) as web:
        assert web.get(f"https://127.0.0.1:{lan.port}/healthz").json()["ok"]
    found = re.search(r"https://\S+/\?token=(\S+)", lan.output)
    assert found
    return found[0]


@pytest.mark.slow
def test_it_prints_a_link_that_opens_it_from_another_machine(lan: RunningStudio, link: str) -> None:
    address = lan_address()
    assert link.startswith(f"https://{address if ':' not in address else f'[{address}]'}:{lan.port}/?token=")
    with httpx.Client(verify=str(lan.data / "certificate" / "certificate.pem"), follow_redirects=True) as browser:
        answer = browser.get(link)
        assert answer.status_code == 200 and "token" not in str(answer.url)
        assert browser.get(f"https://{address}:{lan.port}/config").status_code == 200


@pytest.mark.slow
def test_the_code_beside_it_is_the_link(lan: RunningStudio, link: str) -> None:
    import io

    import segno

    drawn = io.StringIO()
    segno.make(link, error="l", micro=False).terminal(drawn, border=2, compact=True)
    assert drawn.getvalue() in lan.output


@pytest.mark.slow
def test_it_listens_on_the_network_and_on_this_machine(lan: RunningStudio, link: str) -> None:
    listening = [one for one in psutil.Process(lan.process.pid).net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert {one.laddr.ip for one in listening} == {"127.0.0.1", lan_address()}


@pytest.mark.slow
def test_it_answers_by_its_own_names_alone_and_to_nobody_without_the_token(lan: RunningStudio, link: str) -> None:
    with httpx.Client(verify=False, base_url=f"https://{lan_address()}:{lan.port}") as web:
        assert web.get("/config").status_code == 401
        assert web.get("/config", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.slow
def test_the_token_stands_in_the_terminal_and_in_its_file_alone(lan: RunningStudio, link: str) -> None:
    token = link.partition("token=")[2]
    with httpx.Client(verify=False, headers={"Authorization": f"Bearer {token}"}) as web:
        for path in ("/", "/config", "/gradio_api/info", "/readyz", "/memory"):
            assert token not in web.get(f"https://127.0.0.1:{lan.port}{path}").text, path
    holding = [path for path in lan.data.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert [path.name for path in holding] == ["door.json"]
    assert json.loads(holding[0].read_text())["token"] == token
