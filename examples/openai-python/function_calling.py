import json
import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the current temperature of a city in degrees Celsius.",
            "parameters": {
                "type": "object",
                "properties": {
                    # A very small model may not find the end of a text by itself.
                    "city": {"type": "string", "description": "City, such as Paris", "maxLength": 30},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city", "unit"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
]
messages = [{"role": "user", "content": "What is the weather like in Paris today?"}]

# A very small model would rather talk than call, or call without end: it has to call once.
first = client.chat.completions.create(
    model=model, messages=messages, tools=tools, tool_choice="required", parallel_tool_calls=False
)
assert first.choices[0].finish_reason == "tool_calls"
call = first.choices[0].message.tool_calls[0]
arguments = json.loads(call.function.arguments)
print(f"{call.function.name}({arguments})")
assert call.function.name == "get_weather"
assert arguments["unit"] in ("celsius", "fahrenheit")

messages.append(first.choices[0].message)
messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps({"temperature": 14, "unit": arguments["unit"]})})

second = client.chat.completions.create(model=model, messages=messages, tools=tools, tool_choice="none", max_tokens=20)
print(second.choices[0].message.content)
assert second.choices[0].message.content
