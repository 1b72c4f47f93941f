"""The production stack as it is written down: no container engine is needed to see that it is sound."""

from __future__ import annotations

import fnmatch
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from celery.bin.celery import celery
from ruamel.yaml import YAML
from uvicorn.main import main as uvicorn

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(COMPOSE)["services"]
OURS = ("api", "worker", "beat", "flower")
PUBLISHED = ("api", "flower")

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
service_of_ours = pytest.mark.parametrize("service", [SERVICES[name] for name in OURS], ids=OURS)


def tool(name: str) -> str:
    """A program of the development environment; skips the test where its package has none for this machine."""
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    return program


def complaints(*command: str) -> str:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def test_the_compose_file_follows_the_compose_specification() -> None:
    schema = "--builtin-schema", "vendor.compose-spec"
    assert complaints(tool("check-jsonschema"), *schema, "docker-compose.yml") == ""


def test_the_dockerfile_passes_its_linter() -> None:
    assert complaints(tool("hadolint"), "Dockerfile") == ""


def test_the_stack_is_redis_qdrant_the_api_workers_beat_and_flower() -> None:
    assert set(SERVICES) == {"redis", "qdrant", *OURS}


@every_service
def test_every_service_says_how_it_is_and_comes_back_when_it_dies(service: dict[str, Any]) -> None:
    kind, *check = service["healthcheck"]["test"]
    assert kind in ("CMD", "CMD-SHELL")
    if check[:2] == ["python", "-c"]:
        compile(check[2], "the health check", "exec")
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]


@every_service
def test_every_service_runs_without_privileges_on_a_read_only_file_system(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


@pytest.mark.parametrize("name", ["redis", "qdrant"])
def test_an_image_of_others_is_taken_in_a_named_version(name: str) -> None:
    assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+[\w.-]*", SERVICES[name]["image"])


def test_our_image_stands_on_a_named_version_of_python() -> None:
    images = [line.split()[1] for line in _lines("FROM")]
    stages = [line.split()[3] for line in _lines("FROM")]
    (base,) = set(images) - set(stages)
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base)


@every_service
def test_any_number_of_a_service_can_run_side_by_side(service: dict[str, Any]) -> None:
    assert "container_name" not in service
    assert "hostname" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_only_the_api_and_flower_are_reachable_and_by_default_from_this_host_alone(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert bool(ports) == (name in PUBLISHED)
    assert all(port.startswith("${PUBLISH_ADDRESS:-127.0.0.1}:") for port in ports)


@service_of_ours
def test_ours_wait_until_redis_is_healthy_and_ask_callers_for_keys(service: dict[str, Any]) -> None:
    assert service["depends_on"]["redis"] == {"condition": "service_healthy"}
    assert service["environment"]["SCRUBJAY_AUTH"] == "keys"
    assert service["environment"]["SCRUBJAY_ADMIN_KEY"].startswith("${SCRUBJAY_ADMIN_KEY:?")


@pytest.mark.parametrize("name", ["api", "worker", "beat"])
def test_the_same_image_serves_as_api_worker_and_beat(name: str) -> None:
    assert SERVICES[name]["image"] == SERVICES["api"]["image"]
    assert SERVICES[name]["build"]["target"] == "runtime"


def test_redis_writes_every_turn_to_disk_and_evicts_none() -> None:
    arguments = SERVICES["redis"]["command"]
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("name", ["redis", "qdrant"])
def test_what_redis_and_qdrant_keep_is_on_a_volume(name: str) -> None:
    mounted = {mount.partition(":")[0] for mount in SERVICES[name]["volumes"]}
    assert mounted
    assert mounted <= set(YAML(typ="safe").load(COMPOSE)["volumes"])


def test_flower_runs_only_when_asked_for_and_not_without_a_password() -> None:
    assert SERVICES["flower"]["profiles"] == ["flower"]
    assert not any("profiles" in service for name, service in SERVICES.items() if name != "flower")
    program, flag, script = SERVICES["flower"]["command"]
    command = [program, flag, script.replace("$$", "$").replace("exec celery", "echo celery")]
    without = subprocess.run(command, env={"FLOWER_BASIC_AUTH": ""}, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "put FLOWER_BASIC_AUTH=user:password into .env" in without.stderr
    secured = subprocess.run(command, env={"FLOWER_BASIC_AUTH": "a:b"}, capture_output=True, text=True, check=True)
    assert secured.stdout.startswith("celery -A scrubjay.worker.app flower --address=0.0.0.0 --port=5555")


def test_a_command_in_the_container_of_the_api_uses_the_operators_key() -> None:
    assert SERVICES["api"]["environment"]["SCRUBJAY_KEY"] == "${SCRUBJAY_ADMIN_KEY:-}"


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_command_of_a_service_is_one_of_celery(name: str) -> None:
    program, flag, module, command, *options = SERVICES[name]["command"]
    assert (program, flag, module) == ("celery", "-A", "scrubjay.worker.app")
    known = _options(celery.commands[command])
    assert {option.partition("=")[0] for option in options if option.startswith("--")} <= known


def test_the_command_of_the_image_is_one_of_uvicorn_and_serves_the_app() -> None:
    program, app, *options = next(json.loads(line.removeprefix("CMD ")) for line in reversed(_lines("CMD")))
    module, _, factory = app.partition(":")
    known = _options(uvicorn)
    assert program == "uvicorn"
    assert callable(getattr(importlib.import_module(module), factory))
    assert {option for option in options if option.startswith("--")} <= known


def test_every_variable_of_the_compose_file_is_explained_in_the_example_of_the_environment() -> None:
    explained = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE)) <= set(explained)


def test_the_image_runs_as_nobody_in_particular() -> None:
    stages = DOCKERFILE.split("FROM ")
    assert re.search(r"^USER \d{4,}:\d{4,}$", next(it for it in stages if it.startswith("base AS user")), re.MULTILINE)
    assert [it for it in stages if it.startswith(("user AS dashboard", "user AS runtime"))] == stages[-2:]
    assert "USER" not in stages[-1] + stages[-2]


def test_everything_that_the_image_is_built_from_is_there_and_gets_past_the_ignore_file() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    copied = [path for line in _lines("COPY") if "--from" not in line for path in line.split()[1:-1]]
    assert copied
    for name in copied:
        assert (ROOT / name).exists()
        assert any(fnmatch.fnmatch(name, rule) for rule in let_in)
    assert rules[1] == "*"


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def _lines(instruction: str) -> list[str]:
    return [line for line in DOCKERFILE.splitlines() if line.startswith(f"{instruction} ")]
