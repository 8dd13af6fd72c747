// One question by OpenAI's Node client: node ask.mjs WHAT URL -> the answer's text, and nothing else.
import OpenAI from "openai";

const [what, url] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-1", maxRetries: 0 });
const chat = { model: "rag", messages: [{ role: "user", content: "Hi" }] };

if (what === "node_chat") {
  console.log((await client.chat.completions.create(chat)).choices[0].message.content);
} else {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) {
    text += chunk.choices[0].delta.content ?? "";
  }
  console.log(text);
}
