import os

from anthropic import Anthropic

model = os.environ.get("ANTHROPIC_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Anthropic()

message = client.messages.create(
    model=model,
    max_tokens=20,
    system="You are a poet.",
    messages=[{"role": "user", "content": "Hello! Why does fire glow?"}],
)

print(message.content)
assert message.content[0].text
