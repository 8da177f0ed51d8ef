"""The certificate and the names, by themselves."""

from __future__ import annotations

import datetime
import io
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from api.security.exposure import announce, is_loopback, listening_hosts, plan_exposure
from studio.access import certificate_for, lan_address, load_or_create_keys, own_names
from studio.settings import Settings, load_settings

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)


def names_of(path: Path) -> set[str]:
    found = x509.load_pem_x509_certificate(path.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def test_a_certificate_covers_what_the_studio_is_called_and_is_kept(tmp_path: Path) -> None:
    made = certificate_for(tmp_path, ("192.168.1.7", "[fd00::2]", "studio", "studio.local"), NOW)
    assert names_of(made.certificate) == {
        "192.168.1.7", "fd00::2", "studio", "studio.local", "localhost", "127.0.0.1", "::1"
    }  # fmt: skip
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert certificate_for(tmp_path, ("192.168.1.7",), NOW) == made, "the browser's warning comes once"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)


def test_it_is_made_anew_when_the_address_changed_or_it_runs_out(tmp_path: Path) -> None:
    first = certificate_for(tmp_path, ("192.168.1.7",), NOW)
    moved = certificate_for(tmp_path, ("192.168.1.8",), NOW)
    assert moved.fingerprint != first.fingerprint and "192.168.1.8" in names_of(moved.certificate)
    later = NOW + datetime.timedelta(days=390)
    renewed = certificate_for(tmp_path, ("192.168.1.8",), later)
    assert renewed.fingerprint != moved.fingerprint
    assert x509.load_pem_x509_certificate(renewed.certificate.read_bytes()).not_valid_after_utc > later


@pytest.mark.parametrize("damaged", ["certificate", "key"])
def test_a_damaged_pair_is_made_anew(tmp_path: Path, damaged: str) -> None:
    first = certificate_for(tmp_path, (), NOW)
    getattr(first, damaged).write_text("nonsense")
    again = certificate_for(tmp_path, (), NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(again.certificate, again.key)


def test_the_machine_s_names_are_its_own() -> None:
    address = lan_address()
    if address:
        assert not ipaddress.ip_address(address).is_loopback
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.bind((address, 0))  # it is an address of this machine
    assert own_names("192.168.1.7")[0] == "192.168.1.7" and own_names("fd00::2")[0] == "[fd00::2]"
    assert all(name == name.lower() and "*" not in name for name in own_names("0.0.0.0"))
    assert "0.0.0.0" not in own_names("0.0.0.0")


def test_where_it_listens() -> None:
    assert listening_hosts("127.0.0.1") == ("127.0.0.1",) and listening_hosts("0.0.0.0") == ("0.0.0.0",)
    assert listening_hosts("192.168.1.7") == ("192.168.1.7", "127.0.0.1")
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1")] == [
        True, True, True, True, False, False, False
    ]  # fmt: skip


def settings_for(data: Path, **server: object) -> Settings:
    return load_settings(server=server, data={"folder": data})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "fd00::2", "studio.example"])
def test_beyond_this_machine_there_is_always_a_door(tmp_path: Path, host: str) -> None:
    opening = plan_exposure(settings_for(tmp_path, host=host))
    assert opening.keys is not None and opening.keys == load_or_create_keys(tmp_path)
    assert "0.0.0.0" not in opening.address


def test_on_this_machine_there_is_one_when_it_is_asked_for(tmp_path: Path) -> None:
    assert plan_exposure(settings_for(tmp_path)).keys is None
    assert plan_exposure(settings_for(tmp_path)).link == "http://127.0.0.1:7860"
    own = plan_exposure(settings_for(tmp_path, token="a-token-of-my-own+&"))
    assert own.link == "http://127.0.0.1:7860/?token=a-token-of-my-own%2B%26"


def test_a_new_token_is_new_and_stays(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, host="192.168.1.7")
    first, again, renewed = plan_exposure(settings), plan_exposure(settings), plan_exposure(settings, new_token=True)
    assert first.keys and renewed.keys
    assert first.keys == again.keys and first.keys.token != renewed.keys.token
    assert plan_exposure(settings).keys == renewed.keys


def test_a_terminal_that_cannot_draw_gets_the_link_alone(tmp_path: Path) -> None:
    opening, buffer = plan_exposure(settings_for(tmp_path, host="192.168.1.7", https=True)), io.BytesIO()
    with io.TextIOWrapper(buffer, encoding="ascii") as terminal:
        announce(opening, beyond=True, out=terminal)
        said = buffer.getvalue().decode()
    assert opening.link in said and opening.certificate and opening.certificate.fingerprint in said
