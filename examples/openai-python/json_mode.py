import json
import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

completion = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "system", "content": "You are a helpful assistant designed to output JSON."},
        {"role": "user", "content": 'Who won the world series in 2020? Answer as {"winner": ...}'},
    ],
    response_format={"type": "json_object"},
    max_tokens=200,
    temperature=0,
)

choice = completion.choices[0]
print(choice.message.content)
# What is cut off at max_tokens is no JSON.
assert choice.finish_reason == "stop"
assert isinstance(json.loads(choice.message.content), dict)
