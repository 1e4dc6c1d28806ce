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


completion = client.chat.completions.parse(
    model=model,
    messages=[
        {"role": "system", "content": "Extract the event information."},
        {"role": "user", "content": "Alice and Bob are going to a science fair on Friday."},
    ],
    response_format=CalendarEvent,
)

event = completion.choices[0].message.parsed
print(event)
assert isinstance(event, CalendarEvent)
