"""Anthropic's own Python client on a real platform with a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[Anthropic]:
    """It refuses what is not as its types say."""
    with Anthropic(max_retries=0, _strict_response_validation=True) as client:
        yield client


def ask(client: Anthropic, **fields: Any) -> Any:
    return client.messages.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("anthropic-python")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    with Anthropic(base_url=platform.origin + form, max_retries=0) as client:
        assert ask(client, max_tokens=1).content


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with Anthropic(base_url=platform.origin + form, max_retries=0) as client:
        with pytest.raises(anthropic.NotFoundError, match=f"The base URL of this API is {platform.base_url}"):
            ask(client, max_tokens=1)


def test_a_message_has_the_types_that_the_client_declares(client: Anthropic) -> None:
    message = ask(client)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 6)


def test_a_stream_has_the_types_that_the_client_declares(client: Anthropic) -> None:
    types = [event.type for event in ask(client, stream=True)]
    assert (types[0], types[-1]) == ("message_start", "message_stop")


def test_the_stream_helper_puts_a_tool_call_together(client: Anthropic) -> None:
    city = {"type": "object", "properties": {"city": {"enum": ["Bern", "Oslo"]}}, "required": ["city"]}
    tools: Any = [{"name": "weather", "input_schema": city}]
    choice: Any = {"type": "any", "disable_parallel_tool_use": True}
    with client.messages.stream(
        model=MODEL, messages=MESSAGES, max_tokens=100, tools=tools, tool_choice=choice
    ) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == "tool_use"
    assert message.content[-1].type == "tool_use"
    assert message.content[-1].input["city"] in ("Bern", "Oslo")


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(anthropic.AuthenticationError), Anthropic(api_key="bf-wrong", max_retries=0) as client:
        ask(client)


def test_an_unknown_model_is_a_not_found_error(client: Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="no/such-model"):
        ask(client, model="no/such-model")


def test_a_bad_request_is_not_tried_again() -> None:
    with pytest.raises(anthropic.BadRequestError) as caught, Anthropic(max_retries=3) as client:
        ask(client, max_tokens=-1)
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
