import base64
import os
from pathlib import Path

from anthropic import Anthropic

# A model that sees: the default model of Bonfire does not.
model = os.environ.get("ANTHROPIC_VISION_MODEL", "")
client = Anthropic()

image = base64.standard_b64encode((Path(__file__).parents[1] / "images" / "flame.png").read_bytes()).decode()
message = client.messages.create(
    model=model,
    max_tokens=20,
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}},
                {"type": "text", "text": "Describe this image."},
            ],
        }
    ],
)

print(message.content)
assert message.content[0].text
