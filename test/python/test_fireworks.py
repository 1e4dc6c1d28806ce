"""Fireworks' own Python client on a real platform with a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fireworks
import pytest
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example
from fireworks import Fireworks

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[Fireworks]:
    """It refuses what is not as its types say."""
    with Fireworks(max_retries=0, _strict_response_validation=True) as client:
        yield client


def chat(client: Fireworks, **fields: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("fireworks-python")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    with Fireworks(base_url=platform.origin + form, max_retries=0) as client:
        assert chat(client, max_tokens=1).choices


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with Fireworks(base_url=platform.origin + form, max_retries=0) as client:
        with pytest.raises(fireworks.NotFoundError, match=f"The base URL of this API is {platform.base_url}"):
            chat(client, max_tokens=1)


def test_an_answer_has_the_types_that_the_client_declares(client: Fireworks) -> None:
    answer = chat(client, perf_metrics_in_response=True, raw_output=True, return_token_ids=True)
    assert answer.usage.completion_tokens == 6
    assert answer.perf_metrics
    assert len(answer.choices[0].token_ids) == 6
    assert answer.choices[0].raw_output.completion == answer.choices[0].message.content
    assert answer.choices[0].raw_output.prompt_token_ids == answer.prompt_token_ids


def test_a_stream_has_the_types_that_the_client_declares(client: Fireworks) -> None:
    chunks = list(chat(client, stream=True))
    assert (chunks[0].choices[0].delta.role, chunks[0].choices[0].delta.content) == ("assistant", None)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [6]


@pytest.mark.parametrize("logprobs", [True, 2])
def test_logprobs_have_the_types_that_the_client_declares(client: Fireworks, logprobs: bool | int) -> None:
    choice = chat(client, logprobs=logprobs).choices[0]
    tokens = choice.logprobs.tokens if logprobs is not True else [entry.token for entry in choice.logprobs.content]
    assert "".join(tokens) == choice.message.content


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(fireworks.AuthenticationError), Fireworks(api_key="bf-wrong", max_retries=0) as client:
        chat(client)


def test_an_unknown_model_is_a_not_found_error(client: Fireworks) -> None:
    with pytest.raises(fireworks.NotFoundError, match="Model not found") as caught:
        chat(client, model="no/such-model")
    assert isinstance(caught.value.body, dict)
    assert isinstance(caught.value.body["error"], str)


def test_a_bad_request_is_not_tried_again() -> None:
    with pytest.raises(fireworks.BadRequestError) as caught, Fireworks(max_retries=3) as client:
        chat(client, min_p=1.1)
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
