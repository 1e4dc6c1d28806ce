import os

from fireworks import Fireworks

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()

response = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Say this is a test."}],
    max_tokens=20,
)

print(response.choices[0].message.content)
assert response.choices[0].message.content
