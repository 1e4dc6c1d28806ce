import os
from typing import Annotated

from openai import OpenAI
from pydantic import BaseModel, Field

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()


# Lengths are bounded for very small models, which may not find the end of a text or of a list by themselves.
class CalendarEvent(BaseModel):
    name: str = Field(max_length=40)
    date: str = Field(max_length=20)
    participants: list[Annotated[str, Field(max_length=20)]] = Field(max_length=3)


response = client.responses.parse(
    model=model,
    input=[
        {"role": "system", "content": "Extract the event information."},
        {"role": "user", "content": "Alice and Bob are going to a science fair on Friday."},
    ],
    text_format=CalendarEvent,
)

print(response.output_parsed)
assert isinstance(response.output_parsed, CalendarEvent)
