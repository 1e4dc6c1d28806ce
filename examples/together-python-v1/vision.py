import base64
import os
from pathlib import Path

from together import Together

# A model that sees: the default model of Bonfire does not.
model = os.environ.get("TOGETHER_VISION_MODEL", "")
client = Together()

image = base64.b64encode((Path(__file__).parents[1] / "images" / "flame.png").read_bytes()).decode()
response = client.chat.completions.create(
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

print(response.choices[0].message.content)
assert response.choices[0].message.content
