"""The platform that the tests talk to: one that runs already, or one of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from running_platform import Platform, run_platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    base_url, api_key = os.environ.get("BONFIRE_TEST_BASE_URL"), os.environ.get("BONFIRE_TEST_API_KEY")
    if base_url and api_key:
        yield Platform(base_url, api_key)
        return
    with tempfile.TemporaryDirectory(prefix="bonfire-home-") as folder:
        yield from run_platform(Path(folder))


@pytest.fixture(scope="session")
def client(platform: Platform) -> Iterator[OpenAI]:
    """As an application has it; failures come at once, because it does not try again."""
    with OpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0) as client:
        yield client
