"""Together's own Python client on a real platform with a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import together
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example
from together import Together

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[Together]:
    """It refuses what is not as its types say."""
    with Together(max_retries=0, _strict_response_validation=True) as client:
        yield client


def chat(client: Together, **fields: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("together-python")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    with Together(base_url=platform.origin + form, max_retries=0) as client:
        assert chat(client, max_tokens=1).choices


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with Together(base_url=platform.origin + form, max_retries=0) as client:
        with pytest.raises(together.NotFoundError, match=f"The base URL of this API is {platform.base_url}"):
            chat(client, max_tokens=1)


def test_an_answer_has_the_types_that_the_client_declares(client: Together) -> None:
    answer = chat(client, seed=42)
    assert answer.choices[0].seed == 42
    assert answer.usage.completion_tokens == 6


def test_a_stream_has_the_types_that_the_client_declares(client: Together) -> None:
    chunks = list(chat(client, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [6]


def test_a_streamed_tool_call_can_be_put_together(platform: Platform) -> None:
    city = {"type": "object", "properties": {"city": {"enum": ["Bern", "Oslo"]}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": city}}]
    with Together(max_retries=0) as client:
        chunks = list(chat(client, tools=tools, tool_choice={"type": "function", "function": {"name": "weather"}}, max_tokens=100, stream=True))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert calls[0].function.name == "weather"
    assert "city" in "".join(call.function.arguments or "" for call in calls if call.index == 0)


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(together.AuthenticationError), Together(api_key="bf-wrong", max_retries=0) as client:
        chat(client)


def test_an_unknown_model_is_a_not_found_error(client: Together) -> None:
    with pytest.raises(together.NotFoundError, match="no/such-model"):
        chat(client, model="no/such-model")


def test_a_bad_request_is_not_tried_again() -> None:
    with pytest.raises(together.BadRequestError) as caught, Together(max_retries=3) as client:
        chat(client, min_p=1.1)
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
