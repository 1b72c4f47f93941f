"""The examples of docs/webhooks.md tell a delivery of ours from one that is not, in each language that is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scrubjay.webhooks.registry import signed

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"event_details": {"id": "m", "data": {"memory": "Wohnt in Köln"}, "event": "ADD"}}'.encode()


def example(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(code)


def deliveries() -> list[tuple[bool, Mapping[str, str], bytes]]:
    """Whether it is ours, its headers and its body."""
    now = datetime.now(UTC)
    headers = signed(SECRET, "w-1", now, BODY)
    two = {**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}
    others = {**headers, "webhook-signature": signed("whsec_AAAA", "w-1", now, BODY)["webhook-signature"]}
    old = signed(SECRET, "w-1", now - timedelta(minutes=6), BODY)
    return [
        (True, headers, BODY),
        (True, two, BODY),
        (False, headers, BODY + b" "),
        (False, {**headers, "webhook-id": "w-2"}, BODY),
        (False, others, BODY),
        (False, old, BODY),
    ]


def said(command: list[str], program: str, folder: Path, name: str) -> list[bool]:
    """What a program says of each delivery; it is given the secret and a file that holds the headers and the body."""
    path = folder / name
    path.write_text(program, "utf-8")
    verdicts = []
    for _, headers, body in deliveries():
        delivery_file = folder / "delivery.json"
        delivery_file.write_text(json.dumps({"headers": headers, "body": body.decode()}), "utf-8")
        done = subprocess.run(
            [*command, str(path), SECRET, str(delivery_file)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        verdicts.append({"yes": True, "no": False}[done.stdout])
    return verdicts


WANTED = [ours for ours, _, _ in deliveries()]


def test_the_example_in_python_verifies(tmp_path: Path) -> None:
    program = f"""{example("python")}
import json, sys
given = json.load(open(sys.argv[2], encoding="utf-8"))
sys.stdout.write("yes" if verify(sys.argv[1], given["headers"], given["body"].encode()) else "no")
"""
    assert said([sys.executable, "-W", "ignore"], program, tmp_path, "verify.py") == WANTED


def test_the_example_in_php_verifies(tmp_path: Path) -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("php is not installed (Debian: apt install php-cli)")
    program = f"""<?php
{example("php")}
$given = json_decode(file_get_contents($argv[2]), true);
echo verify($argv[1], $given['headers'], $given['body']) ? 'yes' : 'no';
"""
    assert said([php], program, tmp_path, "verify.php") == WANTED


def test_the_example_in_typescript_verifies(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    expression = "process.features.typescript ? 'strip' : ''"
    strips = subprocess.run([node, "-p", expression], capture_output=True, text=True, timeout=60).stdout.strip()
    if not strips:
        pytest.skip("this node does not read TypeScript by itself: it is older than 22.18")
    program = f"""{example("typescript")}
import {{ readFileSync }} from "node:fs";
const given = JSON.parse(readFileSync(process.argv[3], "utf-8"));
process.stdout.write(verify(process.argv[2], given.headers, Buffer.from(given.body)) ? "yes" : "no");
"""
    assert said([node, "--no-warnings"], program, tmp_path, "verify.mts") == WANTED
