import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

completion = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "developer", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Why do we sit around a fire?"},
    ],
    max_tokens=20,
)

print(completion.choices[0].message.content)
assert completion.choices[0].message.content
