import os

from fireworks.client import Fireworks

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()

response = client.completions.create(model=model, prompt="1, 2, 3, 4, 5,", max_tokens=10, temperature=0)

print(response.choices[0].text)
assert "6" in response.choices[0].text
