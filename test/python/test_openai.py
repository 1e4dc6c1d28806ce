"""OpenAI's own Python client on a real platform with a real model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from base_urls import FORMS, WRONG_FORMS
from conftest import MODEL, Platform
from example_files import examples_of, run_example
from openai import AsyncOpenAI, OpenAI

MESSAGES: Any = [{"role": "user", "content": "What is a bonfire?"}]
# With these, an answer ends at its token limit only: both of the model's end-of-text tokens are ruled out.
ENDLESS: dict[str, int] = {"0": -100, "2": -100}
# As many requests as the engine works on at once.
SLOTS = 4


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[OpenAI]:
    """As an application has it; failures come at once, because it does not try again."""
    with OpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0) as client:
        yield client


def chat(client: OpenAI, **fields: Any) -> Any:
    return client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, "max_tokens": 6, **fields})


@examples_of("openai-python")
def test_example(example: Path) -> None:
    run_example(example)


@pytest.mark.parametrize("form", FORMS)
def test_a_base_url_may_have_the_form(platform: Platform, form: str) -> None:
    with OpenAI(base_url=platform.origin + form, api_key=platform.api_key, max_retries=0) as client:
        assert chat(client, max_tokens=1).choices


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_wrong_base_url_is_told_the_right_one(platform: Platform, form: str) -> None:
    with OpenAI(base_url=platform.origin + form, api_key=platform.api_key, max_retries=0) as client:
        with pytest.raises(openai.NotFoundError, match=f"The base URL of this API is {platform.base_url}"):
            chat(client, max_tokens=1)


def test_models_are_listed(client: OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]


def test_a_model_is_described_by_an_id_with_a_slash(client: OpenAI) -> None:
    model = client.models.retrieve(MODEL)
    assert (model.id, model.owned_by) == (MODEL, "HuggingFaceTB")


def test_a_chat_completion_has_content_a_finish_reason_and_usage_that_adds_up(client: OpenAI) -> None:
    answer = chat(client)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 6
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 6


def test_a_streamed_chat_completion_sends_role_text_and_one_finish_reason(client: OpenAI) -> None:
    choices = [chunk.choices[0] for chunk in chat(client, stream=True)]
    assert choices[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in choices)
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["length"]


def test_a_stream_has_usage_in_one_more_chunk_when_it_is_asked_for(client: OpenAI) -> None:
    chunks = list(chat(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 6
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_stream_helper_of_the_client_puts_the_answer_together(client: OpenAI) -> None:
    # It takes an answer that ends at its token limit for a failure.
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES, max_tokens=40, stop=" ") as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stop", [" ", ["!?", " "]])
def test_an_answer_ends_before_a_stop_sequence(client: OpenAI, stop: str | list[str]) -> None:
    choice = chat(client, max_tokens=40, stop=stop).choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.content
    assert " " not in choice.message.content


def test_there_are_as_many_choices_as_n_says(client: OpenAI) -> None:
    answer = chat(client, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.usage.completion_tokens == 12
    streamed = [chunk.choices[0] for chunk in chat(client, n=2, stream=True)]
    assert sorted(choice.index for choice in streamed if choice.finish_reason) == [0, 1]


def test_text_completions_take_one_prompt_several_and_token_ids(client: OpenAI) -> None:
    numbers, letters = "1, 2, 3, 4, 5, 6,", "A, B, C, D, E, F,"
    both = client.completions.create(model=MODEL, prompt=[numbers, letters], max_tokens=4, temperature=0)
    assert [choice.index for choice in both.choices] == [0, 1]
    assert "7" in both.choices[0].text
    assert "G" in both.choices[1].text
    tokens = client.completions.create(model=MODEL, prompt=[33, 28, 216, 34, 28], max_tokens=2)
    assert tokens.usage is not None
    assert tokens.usage.prompt_tokens == 5
    streamed = client.completions.create(model=MODEL, prompt=numbers, max_tokens=4, temperature=0, stream=True)
    assert "7" in "".join(chunk.choices[0].text for chunk in streamed)


def test_a_stream_that_is_closed_frees_the_engine(client: OpenAI) -> None:
    # All places are taken by answers that would take minutes.
    streams = [chat(client, max_tokens=4_000, logit_bias=ENDLESS, stream=True) for _ in range(SLOTS)]
    for stream in streams:
        next(iter(stream))
        stream.close()
    assert len(chat(client, n=SLOTS, timeout=30).choices) == SLOTS


def test_the_asynchronous_client_runs_requests_at_once(platform: Platform) -> None:
    async def ask_at_once() -> list[Any]:
        async with AsyncOpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0) as client:
            whole = [client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=6) for _ in range(3)]
            answers = await asyncio.gather(*whole)
            stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=6, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            return [text, *(answer.choices[0].message.content for answer in answers)]

    assert all(asyncio.run(ask_at_once()))


def test_a_wrong_key_is_an_authentication_error(platform: Platform) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        OpenAI(base_url=platform.base_url, api_key="bf-wrong", max_retries=0).models.list()
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model_is_a_not_found_error(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        chat(client, model="no/such-model")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no/such-model")


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"extra_body": {"no_such_field": 1}}, "unknown_parameter", "no_such_field"),
        ({"max_tokens": "many"}, "invalid_type", "max_tokens"),
        ({"temperature": 3}, "invalid_value", "temperature"),
        ({"messages": [{"role": "user", "content": "word " * 9_000}]}, "context_length_exceeded", "messages"),
        ({"messages": [{"role": "user", "content": "word " * 9_000}], "stream": True}, "context_length_exceeded", "messages"),
    ],
)
def test_a_bad_request_names_the_field(client: OpenAI, fields: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, **fields)
    assert (caught.value.code, caught.value.param) == (code, param)
