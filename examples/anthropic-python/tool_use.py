import os

from anthropic import Anthropic

model = os.environ.get("ANTHROPIC_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Anthropic()

tools = [
    {
        "name": "get_weather",
        "description": "Get the current weather in a given location",
        "input_schema": {
            "type": "object",
            "properties": {
                # A very small model may not find the end of a text by itself.
                "location": {"type": "string", "description": "The city, such as San Francisco", "maxLength": 30},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location", "unit"],
        },
    }
]
messages = [{"role": "user", "content": "What is the weather like in San Francisco?"}]

# A very small model would rather talk than call, or call without end: it has to call once.
tool_choice = {"type": "any", "disable_parallel_tool_use": True}
first = client.messages.create(model=model, max_tokens=200, tools=tools, tool_choice=tool_choice, messages=messages)
assert first.stop_reason == "tool_use"
uses = [block for block in first.content if block.type == "tool_use"]
for use in uses:
    print(f"{use.name}({use.input})")
    assert use.name == "get_weather"
    assert use.input["unit"] in ("celsius", "fahrenheit")

messages.append({"role": "assistant", "content": first.content})
results = [{"type": "tool_result", "tool_use_id": use.id, "content": "15 degrees"} for use in uses]
messages.append({"role": "user", "content": results})

second = client.messages.create(model=model, max_tokens=20, tools=tools, tool_choice={"type": "none"}, messages=messages)
print(second.content)
assert second.content[0].text
