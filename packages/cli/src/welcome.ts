import type { Platform } from "@bonfire/platform/main";

/** What a person sees when the platform is ready: where it is, the key, and three ways to try it. */
export function welcome({ baseUrl, models, firstKey }: Platform, seconds: number): string {
  const model = models[0]?.id ?? "MODEL";
  const key = firstKey?.key ?? "$BONFIRE_API_KEY";
  const pythonKey = firstKey === undefined ? 'os.environ["BONFIRE_API_KEY"]' : `"${firstKey.key}"`;
  const nodeKey = firstKey === undefined ? "process.env.BONFIRE_API_KEY" : `"${firstKey.key}"`;
  const aboutKey =
    firstKey === undefined
      ? "Key        one of yours; a new one: npx --no bonfire keys create NAME"
      : `Key        ${firstKey.key}\n           It may manage the platform too, and it is shown only this once: keep it.\n           One for each application: npx --no bonfire keys create NAME`;
  return `
Bonfire is ready after ${seconds.toFixed(1)} s. Ctrl-C stops it.

Base URL   ${baseUrl}
${aboutKey}
Models     ${models.map(({ id }) => id).join(", ")}

curl:
  curl ${baseUrl}/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "What is a bonfire?"}]}'

Python (pip install openai):
  ${firstKey === undefined ? "import os; " : ""}from openai import OpenAI
  client = OpenAI(base_url="${baseUrl}", api_key=${pythonKey})
  messages = [{"role": "user", "content": "What is a bonfire?"}]
  answer = client.chat.completions.create(model="${model}", messages=messages)
  print(answer.choices[0].message.content)

TypeScript (npm install openai):
  import OpenAI from "openai";
  const client = new OpenAI({ baseURL: "${baseUrl}", apiKey: ${nodeKey} });
  const messages = [{ role: "user" as const, content: "What is a bonfire?" }];
  const answer = await client.chat.completions.create({ model: "${model}", messages });
  console.log(answer.choices[0]?.message.content);

`;
}
