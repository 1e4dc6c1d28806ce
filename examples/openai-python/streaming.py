import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Count from one to ten."}],
    max_tokens=20,
    stream=True,
)

pieces = 0
for chunk in stream:
    text = chunk.choices[0].delta.content or ""
    pieces += text != ""
    print(text, end="", flush=True)
print()
assert pieces > 1
