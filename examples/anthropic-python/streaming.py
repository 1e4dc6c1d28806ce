import os

from anthropic import Anthropic

model = os.environ.get("ANTHROPIC_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Anthropic()

with client.messages.stream(
    model=model,
    max_tokens=20,
    messages=[{"role": "user", "content": "Count from one to ten."}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
    print()
    assert stream.get_final_message().content[0].text
