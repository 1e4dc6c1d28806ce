"""The launcher of llama.cpp's server: its flags without the module, and one real start, which needs the module and BONFIRE_TEST_MODEL."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bonfire_python.llama_server_flags import FLAGS, SWITCHES, apply, parse

LAUNCHER = Path(__file__).parent.parent / "bonfire_python" / "llama_server.py"
START_SECONDS = 60


def test_unknown_flag_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        parse(["--model", "m.gguf", "--no-such-flag"], {})
    assert exit_info.value.code == 2
    assert "--no-such-flag" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--mod", "m.gguf"], ["--model", "m.gguf", "--api-key", "secret"], []])
def test_no_abbreviation_no_key_in_argv_and_a_model_is_required(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments, {})


def test_bad_value_is_named_with_its_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--model", "m.gguf", "--ctx-size", "many"], {})
    assert "--ctx-size" in capsys.readouterr().err


def test_defaults_leave_the_module_alone_except_for_the_port() -> None:
    settings = parse(["--model", "m.gguf"], {})
    assert [(setting.field, setting.value) for setting in settings.fields] == [("model.path", "m.gguf"), ("port", 8080)]
    assert settings.api_keys == ()


def test_batch_threads_follow_threads_unless_given() -> None:
    assert parse(["--model", "m", "--threads", "3"], {}).get("cpuparams_batch.n_threads") == 3
    assert parse(["--model", "m", "--threads", "3", "--threads-batch", "5"], {}).get("cpuparams_batch.n_threads") == 5


def test_keys_come_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("three\n\nfour\n")
    assert parse(["--model", "m", "--api-key-file", str(file)], {"LLAMA_API_KEY": "one,two"}).api_keys == ("one", "two", "three", "four")


def test_missing_key_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--model", "m", "--api-key-file", "/nowhere/keys"], {})
    assert "/nowhere/keys" in capsys.readouterr().err


def test_settings_land_in_their_fields_and_the_later_switch_counts() -> None:
    params = SimpleNamespace(
        model=SimpleNamespace(path=""),
        model_alias=set(),
        hostnames=[],
        port=0,
        kv_unified=True,
        cache_ram_mib=8192,
        use_jinja=True,
        api_keys=[],
    )
    line = "--model m.gguf --alias a,b --host /run/x.sock --no-kv-unified --cache-ram 0 --no-jinja --jinja"
    apply(parse(line.split(), {"LLAMA_API_KEY": "secret"}), params, SimpleNamespace())
    assert params == SimpleNamespace(
        model=SimpleNamespace(path="m.gguf"),
        model_alias={"a", "b"},
        hostnames=["/run/x.sock"],
        port=8080,
        kv_unified=False,
        cache_ram_mib=0,
        use_jinja=True,
        api_keys=["secret"],
    )


def test_every_flag_fits_the_real_module(tmp_path: Path) -> None:
    import xllamacpp

    template = tmp_path / "template.jinja"
    template.write_text("{{ messages }}")
    values = {"--chat-template-file": str(template), "--cache-type-k": "q8_0", "--cache-type-v": "q8_0", "--fit": "off"}
    arguments: list[str] = []
    for flag in FLAGS:
        name = flag.names[0]
        arguments += [name, values.get(name, flag.choices[0] if flag.choices else "1")]
    arguments += [switch.names[0] for switch in SWITCHES]
    params = xllamacpp.CommonParams()
    apply(parse(arguments, {"LLAMA_API_KEY": "secret"}), params, xllamacpp)
    assert params.lora_adapters[0].path == "1"
    assert params.cache_type_k == xllamacpp.ggml_type.GGML_TYPE_Q8_0
    assert params.pooling_type == xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    assert params.cpuparams.n_threads == 1
    assert params.api_keys == ["secret"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    address = tmp_path / "replica.sock"
    # A crashed server leaves its socket file behind.
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(address))
    flags = f"--parallel 2 --ctx-size 8192 --threads 2 --threads-http 6 --batch-size 2048 --ubatch-size 2048 --host {address}"
    child = subprocess.Popen(
        [sys.executable, str(LAUNCHER), "--model", os.environ["BONFIRE_TEST_MODEL"], "--alias", "test", *flags.split()],
        env={"LLAMA_API_KEY": "secret"},
        stderr=subprocess.DEVNULL,
    )
    yield child, address
    child.kill()
    child.wait()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def ask(address: Path, method: str, path: str, key: str = "secret", body: object = None) -> tuple[int, bytes]:
    connection = UnixConnection(address)
    connection.request(method, path, None if body is None else json.dumps(body), {"authorization": f"Bearer {key}"})
    response = connection.getresponse()
    return response.status, response.read()


def wait_until_ready(child: subprocess.Popen[bytes] | subprocess.Popen[str], address: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert child.poll() is None, f"the server ended with status {child.returncode}"
        try:
            if ask(address, "GET", "/health")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(f"not ready within {START_SECONDS} s")


def test_serves_on_a_private_socket_and_stops_in_a_long_prefill(server: tuple[subprocess.Popen[bytes], Path]) -> None:
    child, address = server
    wait_until_ready(child, address)
    assert address.stat().st_mode & 0o077 == 0
    assert ask(address, "GET", "/v1/models", key="wrong")[0] == 401
    status, body = ask(address, "POST", "/v1/completions", body={"prompt": "The sky is", "max_tokens": 2})
    assert status == 200
    assert json.loads(body)["usage"]["completion_tokens"] == 2

    busy = UnixConnection(address)
    busy.request("POST", "/v1/completions", json.dumps({"prompt": "word " * 3500, "max_tokens": 1}), {"authorization": "Bearer secret"})
    deadline = time.monotonic() + START_SECONDS
    while not any(slot["is_processing"] for slot in json.loads(ask(address, "GET", "/slots")[1])):
        assert time.monotonic() < deadline
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=5) == 0
    assert not address.exists()


def test_missing_model_is_status_1(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(LAUNCHER), "--model", str(tmp_path / "none.gguf"), "--host", str(tmp_path / "x.sock")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "did not start" in ended.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a process with its parent")
def test_dies_with_its_parent(tmp_path: Path) -> None:
    model = os.environ["BONFIRE_TEST_MODEL"]
    address = tmp_path / "replica.sock"
    script = "import subprocess, sys; child = subprocess.Popen(sys.argv[1:]); print(child.pid, flush=True); child.wait()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, sys.executable, str(LAUNCHER), "--model", model, "--host", str(address), "--threads", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        wait_until_ready(parent, address)
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 5
    while is_running(child):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """A zombie that nobody has waited for yet has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
