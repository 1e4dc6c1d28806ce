import json
import os

from fireworks.client import Fireworks

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_financial_data",
            "description": "Get financial data for a company given the metric and year.",
            "parameters": {
                "type": "object",
                "properties": {
                    # A very small model may not find the end of a text by itself.
                    "company": {"type": "string", "description": "Name of the company", "maxLength": 30},
                    "metric": {"type": "string", "enum": ["net_income", "revenue", "ebdita"]},
                    "financial_year": {"type": "integer", "minimum": 1993, "maximum": 2033},
                },
                "required": ["company", "metric", "financial_year"],
            },
        },
    }
]
messages = [{"role": "user", "content": "What are Nike's net income in 2022?"}]

# A very small model would rather talk than call, or call without end: it has to call once.
first = client.chat.completions.create(
    model=model, messages=messages, tools=tools, tool_choice="any", parallel_tool_calls=False
)
assert first.choices[0].finish_reason == "tool_calls"
calls = first.choices[0].message.tool_calls
assert calls
messages.append({"role": "assistant", "content": "", "tool_calls": [call.model_dump() for call in calls]})
for call in calls:
    arguments = json.loads(call.function.arguments)
    print(f"{call.function.name}({arguments})")
    assert call.function.name == "get_financial_data"
    assert arguments["metric"] in ("net_income", "revenue", "ebdita")
    messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps({"net_income": 6_046_000_000})})

second = client.chat.completions.create(model=model, messages=messages, tools=tools, tool_choice="none", max_tokens=20)
print(second.choices[0].message.content)
assert second.choices[0].message.content
