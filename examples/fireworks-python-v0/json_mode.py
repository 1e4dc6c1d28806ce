import os

from fireworks.client import Fireworks
from pydantic import BaseModel, Field

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()


class Result(BaseModel):
    # A very small model may not find the end of a text by itself.
    winner: str = Field(max_length=40)


response = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Who won the US presidential election in 2012? Reply just in one JSON."}],
    response_format={"type": "json_object", "schema": Result.model_json_schema()},
)

result = Result.model_validate_json(response.choices[0].message.content)
print(result)
