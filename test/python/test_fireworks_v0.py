"""Fireworks' first Python client, `fireworks.client`, on a real platform with a real model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fireworks.client
import pytest
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example
from fireworks.client import Fireworks
from fireworks.client.error import AuthenticationError, InvalidRequestError

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]


def chat(client: Fireworks, **fields: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("fireworks-python-v0")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    assert chat(Fireworks(base_url=platform.origin + form), max_tokens=1).choices


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"The base URL of this API is {platform.base_url}"):
        chat(Fireworks(base_url=platform.origin + form), max_tokens=1)


def test_models_are_listed() -> None:
    listed = fireworks.client.Model.list()
    assert MODEL in [model.id for model in listed.data]


def test_a_stream_ends_with_its_usage() -> None:
    chunks = list(chat(Fireworks(), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].usage.completion_tokens == 6


@pytest.mark.parametrize("logprobs", [True, 2])
def test_logprobs_have_the_types_that_the_client_declares(logprobs: bool | int) -> None:
    choice = chat(Fireworks(), logprobs=logprobs).choices[0]
    tokens = choice.logprobs.tokens if logprobs is not True else [entry.token for entry in choice.logprobs.content]
    assert "".join(tokens) == choice.message.content


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(AuthenticationError):
        chat(Fireworks(api_key="bf-wrong"))


def test_an_unknown_model_is_an_invalid_request_error() -> None:
    with pytest.raises(InvalidRequestError, match="Model not found"):
        chat(Fireworks(), model="no/such-model")
