import os

from fireworks.client import Fireworks

model = os.environ.get("FIREWORKS_MODEL", "HuggingFaceTB/SmolLM2-135M-Instruct")
client = Fireworks()

diagnosis_grammar = """
root ::= diagnosis
diagnosis ::= "arthritis" | "dengue" | "urinary tract infection" | "impetigo" | "cervical spondylosis"
"""
response = client.chat.completions.create(
    model=model,
    messages=[
        {"role": "system", "content": "Given the symptoms try to guess the possible diagnosis."},
        {"role": "user", "content": "I have a fever, and joints that ache after a mosquito bite."},
    ],
    response_format={"type": "grammar", "grammar": diagnosis_grammar},
)

print(response.choices[0].message.content)
assert response.choices[0].message.content in diagnosis_grammar
