"""What keeps the site from starting is told in a sentence."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from deploy.run import preflight, prepare
from deploy.run.kept_keys import keep_keys
from deploy.run.manager import main, wants_demo
from deploy.run.preflight import CannotStart
from deploy.run.prepare import Refused
from feedforward import broker, env


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_port_in_use_names_the_port_and_a_free_one(taken_port):
    with pytest.raises(CannotStart, match=rf"Port {taken_port} is already in use.*make run PORT=\d+"):
        preflight.check_port("127.0.0.1", taken_port)
    assert not preflight.port_is_free("127.0.0.1", taken_port)


def test_make_run_on_a_port_in_use_ends_with_a_sentence(taken_port, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PORT", str(taken_port))
    monkeypatch.setenv("FEEDFORWARD_DATA_DIR", str(tmp_path / "data"))
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"FeedForward cannot start: Port {taken_port} is already in use")
    assert "Traceback" not in said
    assert not (tmp_path / "data" / "broker").exists(), "nothing may be started before the port is known to be free"


@pytest.mark.parametrize("value", ["http", "0", "70000", "-1", "8000.5"])
def test_port_must_be_a_port(value):
    with pytest.raises(CannotStart, match="PORT must be a number"):
        preflight.port_number({"PORT": value})


def test_port_defaults_to_8000():
    assert preflight.port_number({}) == preflight.port_number({"PORT": " "}) == 8000


def test_free_port_keeps_the_wanted_one_while_it_is_free(taken_port):
    assert preflight.free_port("127.0.0.1", taken_port) != taken_port
    free = preflight.free_port("127.0.0.1", 0)
    assert preflight.free_port("127.0.0.1", free) == free


def test_data_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"The data folder .* cannot be written .*FEEDFORWARD_DATA_DIR="):
        preflight.prepare_data_dir(tmp_path / "file" / "data")


def test_data_folder_is_made_private(tmp_path):
    preflight.prepare_data_dir(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_two_managers_on_one_data_folder(tmp_path):
    with preflight.hold_data_dir(tmp_path), pytest.raises(CannotStart, match=rf"already running.*{os.getpid()}"):
        preflight.hold_data_dir(tmp_path)
    preflight.hold_data_dir(tmp_path).close()


def test_full_disk(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 150_000_000})
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(CannotStart, match="only 150 MB left"):
        preflight.free_disk_warning(tmp_path)
    usage.free = 700_000_000
    assert "700 MB" in (preflight.free_disk_warning(tmp_path) or "")
    usage.free = 5_000_000_000
    assert preflight.free_disk_warning(tmp_path) is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must start with"),
        ({"EMAIL_URL": "http://x"}, "EMAIL_URL must start with"),
    ],
)
def test_unreadable_variables(environ, words, tmp_path):
    with pytest.raises(CannotStart, match=words):
        preflight.check_settings(environ, tmp_path)


def test_redis_url_that_does_not_answer(tmp_path):
    with pytest.raises(Refused, match="named by REDIS_URL does not answer"):
        prepare._ask_broker(f"unix://{tmp_path}/none.sock")


def test_no_server_found(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "_bundled_program", lambda: None)
    with pytest.raises(CannotStart, match="Install redis-server or valkey-server, or set REDIS_URL"):
        preflight.check_broker(broker.resolve(tmp_path, {"PATH": ""}))


def test_socket_folder_is_private_and_never_a_link(tmp_path):
    found = broker.resolve(tmp_path / "d", {"PATH": ""})
    preflight.check_broker(found)
    found.socket.parent.chmod(0o755)
    preflight.check_broker(found)
    assert stat.S_IMODE(found.socket.parent.stat().st_mode) == 0o700
    moved = tmp_path / "elsewhere"
    found.socket.parent.rename(moved)
    found.socket.parent.symlink_to(moved)
    with pytest.raises(CannotStart, match="belongs to somebody else"):
        preflight.check_broker(found)


def keys(folder):
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_keys_are_made_once_and_kept_private(tmp_path):
    keep_keys(tmp_path, {})
    first = keys(tmp_path)
    keep_keys(tmp_path, {})
    assert keys(tmp_path) == first
    assert len(first["secret_key"]) >= 50 and first["secret_key"] != first["salt_key"]
    for name in ("secret_key", "salt_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert env.kept(tmp_path / name) == first[name]


@pytest.mark.parametrize(
    ("environ", "made"),
    [
        ({"SECRET_KEY": "mine"}, set()),
        ({"SECRET_KEY_FILE": "/run/secret", "SALT_KEY": "salt"}, set()),
        ({"SALT_KEY": "salt"}, {"secret_key"}),
        ({"SECRET_KEY": " "}, {"secret_key", "salt_key"}),
    ],
)
def test_given_keys_are_left_alone(environ, made, tmp_path):
    keep_keys(tmp_path, environ)
    assert set(keys(tmp_path)) == made


def test_an_emptied_key_file_is_not_silently_replaced(tmp_path):
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(CannotStart, match="Put the key back from a backup"):
        keep_keys(tmp_path, {})


@pytest.mark.parametrize(
    ("environ", "demo"),
    [
        ({}, True),
        ({"DEMO": "1"}, True),
        ({"DEMO": "0"}, False),
        ({"DEMO": "no"}, False),
        ({"FEEDFORWARD_PRODUCTION": "1"}, False),
        ({"FEEDFORWARD_PRODUCTION": "0"}, True),
    ],
)
def test_demo_is_on_unless_told_or_in_production(environ, demo, monkeypatch):
    monkeypatch.delenv("FEEDFORWARD_PRODUCTION", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert wants_demo(environ) is demo


def test_demo_must_be_yes_or_no():
    with pytest.raises(CannotStart, match="DEMO must be 1 or 0"):
        wants_demo({"DEMO": "maybe"})
