import os
from typing import Literal

from anthropic import Anthropic
from pydantic import BaseModel

model = os.environ.get("ANTHROPIC_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Anthropic()


# No free text: a very small model may not find its end, and this SDK leaves out lengths.
class Ticket(BaseModel):
    category: Literal["billing", "shipping", "other"]
    urgent: bool


message = client.messages.parse(
    model=model,
    max_tokens=200,
    messages=[{"role": "user", "content": "My parcel is three weeks late, and I need it tomorrow!"}],
    output_format=Ticket,
)

print(message.parsed_output)
assert isinstance(message.parsed_output, Ticket)
