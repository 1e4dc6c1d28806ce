import os

from together import Together

model = os.environ.get("TOGETHER_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Together()

response = client.completions.create(model=model, prompt="1, 2, 3, 4, 5,", max_tokens=10, temperature=0)

print(response.choices[0].text)
assert "6" in response.choices[0].text
