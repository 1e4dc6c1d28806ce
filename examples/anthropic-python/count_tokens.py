import os

from anthropic import Anthropic

model = os.environ.get("ANTHROPIC_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Anthropic()

count = client.messages.count_tokens(
    model=model,
    system="You are a scientist.",
    messages=[{"role": "user", "content": "Hello!"}],
)

print(count)
assert count.input_tokens > 0
