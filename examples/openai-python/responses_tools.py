import json
import os

from openai import OpenAI

model = os.environ.get("OPENAI_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = OpenAI()

tools = [
    {
        "type": "function",
        "name": "get_horoscope",
        "description": "Get today's horoscope for an astrological sign.",
        "parameters": {
            "type": "object",
            "properties": {"sign": {"type": "string", "enum": ["Aquarius", "Aries", "Leo", "Taurus"]}},
            "required": ["sign"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]
input_list = [{"role": "user", "content": "What is my horoscope? I am an Aquarius."}]

# A very small model would rather talk than call, or call without end: it has to call once.
first = client.responses.create(
    model=model, input=input_list, tools=tools, tool_choice="required", parallel_tool_calls=False
)
input_list += first.output
call = next(item for item in first.output if item.type == "function_call")
sign = json.loads(call.arguments)["sign"]
print(f"{call.name}({sign})")
assert call.name == "get_horoscope"

output = json.dumps({"horoscope": f"{sign}: next Tuesday you will befriend a baby otter."})
input_list.append({"type": "function_call_output", "call_id": call.call_id, "output": output})

second = client.responses.create(model=model, input=input_list, tools=tools, tool_choice="none", max_output_tokens=20)
print(second.output_text)
assert second.output_text
