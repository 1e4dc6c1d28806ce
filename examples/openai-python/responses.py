import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

response = client.responses.create(
    model=model,
    instructions="You are a storyteller.",
    input="Tell me a story about a fire that would not go out.",
    max_output_tokens=20,
)

print(response.output_text)
assert response.output_text

following = client.responses.create(
    model=model, previous_response_id=response.id, input="And then?", max_output_tokens=20
)

print(following.output_text)
assert following.output_text
