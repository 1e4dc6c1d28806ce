"""Flags of llama.cpp's `llama-server` as data, and how each lands in the `CommonParams` of the `xllamacpp` module.

Names and meanings follow llama.cpp's `tools/server/README.md`. A flag that is not given leaves the module's own default alone. What
differs from `llama-server`: one slot by default, and keys come only from `LLAMA_API_KEY` or `--api-key-file`, since argv is public.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_PORT = 8080

Convert = Callable[[Any, Any], object]


def _same(_module: Any, value: Any) -> object:
    return value


@dataclass(frozen=True)
class Flag:
    """A flag with a value: its text is parsed by `parse`, then `convert` makes of it what the field holds."""

    names: tuple[str, ...]
    field: str
    parse: Callable[[str], object] = str
    choices: tuple[str, ...] | None = None
    convert: Convert = _same


@dataclass(frozen=True)
class Switch:
    """A flag without a value. Several fields may follow from one switch."""

    names: tuple[str, ...]
    fields: Mapping[str, Convert]


def _on(*names: str, field: str) -> Switch:
    return Switch(names, {field: lambda _module, _given: True})


def _off(*names: str, field: str) -> Switch:
    return Switch(names, {field: lambda _module, _given: False})


def _member(enum: str, prefix: str) -> Convert:
    return lambda module, value: getattr(getattr(module, enum), f"{prefix}{value.upper()}")


def _flash_attn(module: Any, value: str) -> object:
    name = {"on": "ENABLED", "off": "DISABLED", "auto": "AUTO"}[value]
    return getattr(module.llama_flash_attn_type, f"LLAMA_FLASH_ATTN_TYPE_{name}")


def _layers(text: str) -> int:
    """`auto` and `all` as llama-server takes them: -1 and -2 in the module."""
    return {"auto": -1, "all": -2}[text] if text in ("auto", "all") else int(text)


def _switched(text: str) -> bool:
    if text not in ("on", "off"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither on nor off")
    return text == "on"


def _lora(scale: float) -> Convert:
    def adapters(module: Any, paths: str) -> object:
        made = []
        for path in paths.split(","):
            adapter = module.CommonAdapterLoraInfo()
            adapter.path = path
            adapter.scale = scale
            made.append(adapter)
        return made

    return adapters


FLAGS: tuple[Flag, ...] = (
    Flag(("--model", "-m"), "model.path"),
    Flag(("--alias", "-a"), "model_alias", convert=lambda _module, names: set(names.split(","))),
    # A path that ends in .sock makes the server listen on a unix socket.
    Flag(("--host",), "hostnames", convert=lambda _module, host: [host]),
    Flag(("--port",), "port", int),
    # Tokens over all slots together: a slot has ctx-size / parallel.
    Flag(("--ctx-size", "-c"), "n_ctx", int),
    Flag(("--parallel", "-np"), "n_parallel", int),
    Flag(("--threads", "-t"), "cpuparams.n_threads", int),
    Flag(("--threads-batch", "-tb"), "cpuparams_batch.n_threads", int),
    Flag(("--threads-http",), "n_threads_http", int),
    Flag(("--poll",), "cpuparams.poll", int),
    Flag(("--batch-size", "-b"), "n_batch", int),
    Flag(("--ubatch-size", "-ub"), "n_ubatch", int),
    Flag(("--n-gpu-layers", "--gpu-layers", "-ngl"), "n_gpu_layers", _layers),
    Flag(("--main-gpu", "-mg"), "main_gpu", int),
    Flag(("--flash-attn", "-fa"), "flash_attn_type", choices=("on", "off", "auto"), convert=_flash_attn),
    Flag(("--fit",), "fit_params", _switched),
    Flag(("--cache-type-k", "-ctk"), "cache_type_k", convert=_member("ggml_type", "GGML_TYPE_")),
    Flag(("--cache-type-v", "-ctv"), "cache_type_v", convert=_member("ggml_type", "GGML_TYPE_")),
    # MiB of RAM for states of finished prompts; 0 turns it off, -1 is without limit.
    Flag(("--cache-ram", "-cram"), "cache_ram_mib", int),
    Flag(("--cache-reuse",), "n_cache_reuse", int),
    Flag(("--slot-prompt-similarity", "-sps"), "slot_prompt_similarity", float),
    Flag(("--slot-save-path",), "slot_save_path"),
    Flag(("--mmproj", "-mm"), "mmproj.path"),
    # Several paths with commas between them.
    Flag(("--lora",), "lora_adapters", convert=_lora(1.0)),
    Flag(("--chat-template",), "chat_template"),
    Flag(("--chat-template-file",), "chat_template", lambda path: Path(path).read_text(encoding="utf-8")),
    Flag(
        ("--reasoning-format",),
        "reasoning_format",
        choices=("none", "auto", "deepseek", "deepseek-legacy"),
        convert=lambda module, value: _member("common_reasoning_format", "COMMON_REASONING_FORMAT_")(module, value.replace("-", "_")),
    ),
    Flag(
        ("--pooling",),
        "pooling_type",
        choices=("none", "mean", "cls", "last", "rank"),
        convert=_member("llama_pooling_type", "LLAMA_POOLING_TYPE_"),
    ),
    Flag(("--embd-normalize",), "embd_normalize", int),
    # Seconds.
    Flag(("--timeout", "-to"), "timeout_read", int),
    Flag(("--sse-ping-interval",), "sse_ping_interval", int),
    Flag(("--log-verbosity", "-lv"), "verbosity", int),
)

SWITCHES: tuple[Switch, ...] = (
    _on("--kv-unified", "-kvu", field="kv_unified"),
    _off("--no-kv-unified", "-no-kvu", field="kv_unified"),
    _on("--slots", field="endpoint_slots"),
    _off("--no-slots", field="endpoint_slots"),
    _on("--metrics", field="endpoint_metrics"),
    _on("--props", field="endpoint_props"),
    _on("--webui", "--ui", field="ui"),
    _off("--no-webui", "--no-ui", field="ui"),
    _on("--jinja", field="use_jinja"),
    _off("--no-jinja", field="use_jinja"),
    _on("--warmup", field="warmup"),
    _off("--no-warmup", field="warmup"),
    _on("--context-shift", field="ctx_shift"),
    _off("--no-context-shift", field="ctx_shift"),
    _on("--cont-batching", "-cb", field="cont_batching"),
    _off("--no-cont-batching", "-nocb", field="cont_batching"),
    _on("--lora-init-without-apply", field="lora_init_without_apply"),
    _on("--embeddings", "--embedding", field="embedding"),
    Switch(
        ("--reranking", "--rerank"),
        {
            "embedding": lambda _module, _given: True,
            "pooling_type": lambda module, _given: module.llama_pooling_type.LLAMA_POOLING_TYPE_RANK,
        },
    ),
)


@dataclass(frozen=True)
class Setting:
    """One field to set, and what to set it to once the module is there."""

    field: str
    value: object
    convert: Convert


@dataclass(frozen=True)
class Settings:
    fields: tuple[Setting, ...]
    api_keys: tuple[str, ...]

    def get(self, field: str) -> object | None:
        """The value as it was parsed; the last one counts, None where no flag sets the field."""
        return next((setting.value for setting in reversed(self.fields) if setting.field == field), None)


class _Collect(argparse.Action):
    """Keeps the order of the command line, so that the later of `--jinja --no-jinja` counts, as with llama-server."""

    def __init__(self, *args: Any, fields: Mapping[str, Convert], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = fields

    def __call__(self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None) -> None:
        value = True if self.nargs == 0 else values
        namespace.settings += tuple(Setting(field, value, convert) for field, convert in self.fields.items())


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Reads a command line of llama-server. An unknown flag or a bad value ends the process with status 2 and a message that names it."""
    parser = argparse.ArgumentParser(
        prog="llama_server", allow_abbrev=False, description="llama.cpp's HTTP server out of the xllamacpp module"
    )
    for flag in FLAGS:
        parser.add_argument(
            *flag.names,
            action=_Collect,
            dest=flag.field,
            default=argparse.SUPPRESS,
            fields={flag.field: flag.convert},
            type=flag.parse,
            choices=flag.choices,
            required=flag.field == "model.path",
        )
    for switch in SWITCHES:
        parser.add_argument(*switch.names, action=_Collect, nargs=0, dest=switch.names[0], default=argparse.SUPPRESS, fields=switch.fields)
    parser.add_argument("--api-key-file", type=Path, metavar="FILE", help="one key in each line")
    namespace = parser.parse_args(arguments, argparse.Namespace(settings=()))

    fields: tuple[Setting, ...] = namespace.settings
    given = {setting.field for setting in fields}
    if "port" not in given:
        fields += (Setting("port", DEFAULT_PORT, _same),)
    if "cpuparams.n_threads" in given and "cpuparams_batch.n_threads" not in given:
        threads = next(setting for setting in reversed(fields) if setting.field == "cpuparams.n_threads")
        fields += (Setting("cpuparams_batch.n_threads", threads.value, _same),)
    return Settings(fields, _api_keys(environment.get("LLAMA_API_KEY", ""), namespace.api_key_file, parser))


def _api_keys(from_environment: str, file: Path | None, parser: argparse.ArgumentParser) -> tuple[str, ...]:
    keys = [key for key in from_environment.split(",") if key]
    if file is not None:
        try:
            keys += [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        except OSError as error:
            parser.error(f"argument --api-key-file: {error}")
    return tuple(keys)


def apply(settings: Settings, params: Any, module: Any) -> None:
    """Puts the settings into the module's `CommonParams`."""
    for setting in settings.fields:
        *path, name = setting.field.split(".")
        target = params
        for part in path:
            target = getattr(target, part)
        # Setting an attribute that a newer module has renamed must not pass in silence.
        if not hasattr(target, name):
            raise AttributeError(f"this xllamacpp has no {setting.field}")
        setattr(target, name, setting.convert(module, setting.value))
    if settings.api_keys:
        params.api_keys = list(settings.api_keys)
