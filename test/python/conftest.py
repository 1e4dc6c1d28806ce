"""The platform that the tests talk to. It runs already: `npm test` starts it, and whoever has one names it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Platform:
    """`http://HOST:PORT`, an admin key, and a model that takes images (the one that every platform serves does not)."""

    origin: str
    api_key: str
    vision_model: str

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    def environment(self) -> dict[str, str]:
        """What users set for each SDK, each base URL in the form that the vendor's own has."""
        variables = {
            "OPENAI_BASE_URL": f"{self.origin}/v1",
            "TOGETHER_BASE_URL": f"{self.origin}/together/v1",
            "FIREWORKS_BASE_URL": f"{self.origin}/inference/v1",
            "FIREWORKS_API_BASE": f"{self.origin}/inference/v1",
            "ANTHROPIC_BASE_URL": self.origin,
            "TOGETHER_NO_BANNER": "1",
        }
        for vendor in ("OPENAI", "TOGETHER", "FIREWORKS", "ANTHROPIC"):
            variables |= {f"{vendor}_API_KEY": self.api_key, f"{vendor}_VISION_MODEL": self.vision_model}
        return variables


def platform_of_environment() -> Platform:
    names = ("BONFIRE_TEST_BASE_URL", "BONFIRE_TEST_API_KEY", "BONFIRE_TEST_VISION_MODEL")
    base_url, api_key, vision_model = (os.environ.get(name, "") for name in names)
    if not (base_url and api_key):
        pytest.exit(f"Name a platform that runs, its admin key and a model that sees: {', '.join(names)}.")
    return Platform(base_url.removesuffix("/v1"), api_key, vision_model)


PLATFORM = platform_of_environment()
# Before any SDK is imported: Fireworks' first one reads them then.
os.environ |= PLATFORM.environment()


@pytest.fixture(scope="session")
def platform() -> Platform:
    return PLATFORM
