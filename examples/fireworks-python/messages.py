import os

from fireworks import Fireworks

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()

message = client.messages.create(
    model=model,
    max_tokens=20,
    messages=[{"role": "user", "content": "Hello, world"}],
)

print(message.content)
assert message.content[0].text
