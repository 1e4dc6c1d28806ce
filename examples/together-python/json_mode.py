import os
from typing import Annotated

from pydantic import BaseModel, Field
from together import Together

model = os.environ.get("TOGETHER_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Together()


# Lengths are bounded for very small models, which may not find the end of a text or of a list by themselves.
class VoiceNote(BaseModel):
    title: str = Field(description="A title for the voice note", max_length=40)
    summary: str = Field(description="A short one sentence summary of the voice note.", max_length=80)
    actionItems: list[Annotated[str, Field(max_length=30)]] = Field(description="A list of action items", max_length=3)


response = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "system", "content": "The following is a voice message transcript. Only answer in JSON."},
        {"role": "user", "content": "Good morning! I wake up at seven, then I water the plants and cook breakfast."},
    ],
    response_format={
        "type": "json_schema",
        "json_schema": {"name": "voice_note", "schema": VoiceNote.model_json_schema()},
    },
)

note = VoiceNote.model_validate_json(response.choices[0].message.content)
print(note)
