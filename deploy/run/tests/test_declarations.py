"""compose, systemd, image, Makefile and CI agree with the programs they start."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.run.programs import Site, site_programs
from feedforward import broker

BASE_DIR = Path(__file__).resolve().parents[3]


def names(tmp_path: Path) -> set[str]:
    site = Site(
        base_dir=BASE_DIR,
        data_dir=tmp_path,
        host="0.0.0.0",
        port=8000,
        environ={},
        broker=broker.resolve(tmp_path, {"REDIS_URL": "redis://redis"}),
        demo=False,
    )
    return {program.name for program in site_programs(site)} | {"prepare"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())


def test_compose_starts_every_program_and_nothing_unknown(compose, tmp_path):
    started = {s["command"][1] for s in compose["services"].values() if s.get("command", [""])[0] == "program"}
    assert started == names(tmp_path)


def test_compose_services_wait_for_servers_and_preparation(compose):
    services = compose["services"]
    for name in ("web", "worker-runs", "worker-main", "beat"):
        assert services[name]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}
        assert services[name]["read_only"] is True and services[name]["cap_drop"] == ["ALL"]
    for name in ("redis", "postgres", "web"):
        assert "healthcheck" in services[name]
    for service in services.values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]


def test_compose_never_evicts_messages_and_publishes_on_loopback_only(compose):
    command = compose["services"]["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert compose["services"]["web"]["ports"] == ["${PUBLISH:-127.0.0.1:8000}:8000"]
    assert "ports" not in compose["services"]["redis"] and "ports" not in compose["services"]["postgres"]


def test_every_variable_compose_asks_for_is_in_the_example():
    text = (BASE_DIR / "docker-compose.yml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    given = set(re.findall(r"^([A-Z_]+)=", (BASE_DIR / "deploy" / "compose" / "env.example").read_text(), re.M))
    assert asked == given


@pytest.mark.skipif(
    not shutil.which("docker")
    or subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=20).returncode != 0,
    reason="needs docker with its compose plugin, to ask docker itself",
)
def test_docker_itself_reads_the_compose_file():
    given = dict.fromkeys(("SECRET_KEY", "SALT_KEY", "SITE_URL", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"), "x")
    command = ["docker", "compose", "config", "--quiet"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env={**os.environ, **given}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["feedforward@.service", "feedforward-prepare.service", "feedforward.target"])
def test_systemd_units_start_known_programs(name, tmp_path):
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(BASE_DIR / "deploy" / "systemd" / name)
    if name.endswith(".target"):
        wanted = re.findall(r"feedforward@(\w+)\.service", unit["Unit"]["Wants"])
        assert set(wanted) | {"prepare"} == names(tmp_path)
        return
    program = unit["Service"]["ExecStart"].split("deploy.run program ")[1]
    assert program == "%i" or program in names(tmp_path)
    assert unit["Service"]["User"] == "feedforward"


def test_image_runs_without_root_and_installs_with_hashes():
    text = (BASE_DIR / "Dockerfile").read_text()
    assert text.index("\nUSER feedforward") < text.index("\nENTRYPOINT")
    assert "--require-hashes -r /tmp/requirements.txt" in text
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.M):
        assert (BASE_DIR / source).exists()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-saml.txt", "requirements-s3.txt"]
)
def test_requirements_are_pinned_with_hashes_and_name_no_index(name):
    text = (BASE_DIR / name).read_text()
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", text) if re.match(r"[a-z0-9]", block)]
    assert len(blocks) > 5
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", text, re.M)
    assert " @ " not in text


@pytest.mark.parametrize(
    "name", ["requirements.in", "requirements-dev.in", "requirements-saml.in", "requirements-s3.in"]
)
def test_every_direct_requirement_is_exact_and_says_why(name):
    lines = (BASE_DIR / name).read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert packages
    for line in packages:
        assert re.match(r"[A-Za-z0-9-]+(\[[a-z,0-9]+\])?==[0-9][\w.]*\s+# \S.{4,}", line), line


def test_makefile_targets_exist_and_name_real_modules():
    text = (BASE_DIR / "Makefile").read_text()
    daily = "run test test-browser lint format types contracts e2e shell css bench cases docs clean"
    for target in daily.split():
        assert re.search(rf"^([a-z0-9 -]* )?{target}( [a-z0-9 -]*)?:", text, re.M), target
    for module in re.findall(r"\$\(PY\) -m (deploy[\w.]+|feedforward[\w.]+)", text):
        place = BASE_DIR / module.replace(".", "/")
        assert place.is_dir() or place.with_suffix(".py").exists(), module


@pytest.mark.parametrize("script", [".ci/run", "deploy/run/setup.sh"])
def test_shell_scripts_parse(script):
    shell = "bash" if script == ".ci/run" else "sh"
    done = subprocess.run([shell, "-n", str(BASE_DIR / script)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
