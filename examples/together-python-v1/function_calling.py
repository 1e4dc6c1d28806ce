import json
import os

from together import Together

model = os.environ.get("TOGETHER_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Together()

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {
                "type": "object",
                "properties": {
                    # A very small model may not find the end of a text by itself.
                    "location": {"type": "string", "description": "The city, such as San Francisco", "maxLength": 30},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["location", "unit"],
            },
        },
    }
]
messages = [{"role": "user", "content": "What is the current temperature of New York?"}]

# A very small model would rather talk than call, or call without end: a function that is named is called once.
tool_choice = {"type": "function", "function": {"name": "get_current_weather"}}
first = client.chat.completions.create(model=model, messages=messages, tools=tools, tool_choice=tool_choice)
assert first.choices[0].finish_reason == "tool_calls"
calls = first.choices[0].message.tool_calls
assert calls
messages.append({"role": "assistant", "content": "", "tool_calls": [call.model_dump() for call in calls]})
for call in calls:
    arguments = json.loads(call.function.arguments)
    print(f"{call.function.name}({arguments})")
    assert call.function.name == "get_current_weather"
    assert arguments["unit"] in ("celsius", "fahrenheit")
    content = json.dumps({"location": arguments["location"], "temperature": "11", "unit": arguments["unit"]})
    messages.append({"tool_call_id": call.id, "role": "tool", "name": call.function.name, "content": content})

second = client.chat.completions.create(model=model, messages=messages, max_tokens=20)
print(second.choices[0].message.content)
assert second.choices[0].message.content
