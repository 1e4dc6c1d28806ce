"""Together's first Python client, which many applications still have, on a real platform with a real model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import together
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example
from together import Together

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]


def chat(client: Together, **fields: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("together-python-v1")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    assert chat(Together(base_url=platform.origin + form, max_retries=0), max_tokens=1).choices


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with pytest.raises(together.error.InvalidRequestError, match=f"The base URL of this API is {platform.base_url}"):
        chat(Together(base_url=platform.origin + form, max_retries=0), max_tokens=1)


def test_models_are_listed() -> None:
    assert MODEL in [model.id for model in Together(max_retries=0).models.list()]


@pytest.mark.parametrize("stop", [["zzz"], None])
def test_the_reasons_to_finish_are_ones_that_it_knows(stop: list[str] | None) -> None:
    client = Together(max_retries=0)
    assert chat(client, stop=stop).choices[0].finish_reason == "length"
    assert [chunk.choices[0].finish_reason for chunk in chat(client, stop=stop, stream=True)][-1] == "length"


def test_logprobs_are_lists_in_an_answer_and_numbers_in_a_stream() -> None:
    client = Together(max_retries=0)
    choice = chat(client, logprobs=1).choices[0]
    assert "".join(choice.logprobs.tokens) == choice.message.content
    assert all(isinstance(logprob, float) for logprob in choice.logprobs.token_logprobs)
    chunks = list(chat(client, logprobs=1, stream=True))
    assert any(isinstance(chunk.choices[0].logprobs, float) for chunk in chunks)


def test_an_echo_is_a_prompt_of_its_own() -> None:
    answer = Together(max_retries=0).completions.create(model=MODEL, prompt="1, 2, 3,", max_tokens=4, temperature=0, echo=True)
    assert answer.prompt[0].text == "1, 2, 3,"
    assert answer.choices[0].text.strip().startswith("4")


def test_a_streamed_completion_has_its_text_in_the_delta() -> None:
    stream = Together(max_retries=0).completions.create(
        model=MODEL, prompt="1, 2, 3,", max_tokens=4, temperature=0, stream=True
    )
    assert "4" in "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(together.error.AuthenticationError):
        chat(Together(api_key="bf-wrong", max_retries=0))


def test_an_unknown_model_is_an_invalid_request_error_with_status_404() -> None:
    with pytest.raises(together.error.InvalidRequestError, match="no/such-model") as caught:
        chat(Together(max_retries=0), model="no/such-model")
    assert caught.value.http_status == 404
