from together import Together

client = Together()

models = client.models.list()

for model in models:
    print(model.id, model.type, model.context_length)
assert models
