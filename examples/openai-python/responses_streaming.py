import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

with client.responses.stream(
    model=model, input="Say 'double bubble bath' ten times fast.", max_output_tokens=20
) as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            print(event.delta, end="", flush=True)
    print()
    # The helper waits for an answer that was not cut off.
    assert event.type in ("response.completed", "response.incomplete")
    assert event.response.output_text
