import base64
import os
from pathlib import Path

from openai import OpenAI

# A model that sees: the default model of Bonfire does not.
model = os.environ.get("OPENAI_VISION_MODEL", "")
client = OpenAI()

image = base64.b64encode((Path(__file__).parents[1] / "images" / "flame.png").read_bytes()).decode()
completion = client.chat.completions.create(
    model=model,
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is in this image?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}},
            ],
        }
    ],
    max_tokens=20,
)

print(completion.choices[0].message.content)
assert completion.choices[0].message.content
