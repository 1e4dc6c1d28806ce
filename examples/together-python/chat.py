import os

from together import Together

model = os.environ.get("TOGETHER_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Together()

response = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "What are some fun things to do in New York?"}],
    max_tokens=20,
)

print(response.choices[0].message.content)
assert response.choices[0].message.content
