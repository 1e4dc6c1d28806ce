import os

from together import Together

model = os.environ.get("TOGETHER_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Together()

response = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "system", "content": "You are an expert in sentiment analysis. Answer only positive, neutral or negative."},
        {"role": "user", "content": "Wow. I loved the movie!"},
    ],
    response_format={"type": "regex", "pattern": "(positive|neutral|negative)"},
)

print(response.choices[0].message.content)
assert response.choices[0].message.content in ("positive", "neutral", "negative")
