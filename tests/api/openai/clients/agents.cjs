// The RealtimeSession of @openai/agents against a studio, its address alone changed. Prints what came of it as one JSON object.
"use strict";

const { readFileSync } = require("node:fs");
const { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } = require("@openai/agents/realtime");

const [url, pcm] = process.argv.slice(2);
const PATIENCE = 90_000;
const told = { errors: [], called: [], sound: 0, interrupted: 0, events: [] };

const tide = tool({
  name: "tide",
  description: "When the tide is high.",
  strict: false,
  parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"], additionalProperties: true },
  execute: async ({ place }) => {
    told.called.push(place);
    return "It is high at noon.";
  },
});

function until(wanted, what) {
  return new Promise((resolve, reject) => {
    const end = setTimeout(() => reject(new Error(`${what} did not come`)), PATIENCE);
    const look = setInterval(() => {
      if (!wanted()) return;
      clearTimeout(end);
      clearInterval(look);
      resolve();
    }, 10);
  });
}

async function main() {
  const agent = new RealtimeAgent({ name: "Harbour", instructions: "You know the sea.", tools: [tide] });
  const transport = new OpenAIRealtimeWebSocket({ url });
  const turns = { type: "server_vad", silenceDurationMs: 1500 };
  const session = new RealtimeSession(agent, { transport, model: "greenroom", config: { audio: { input: { turnDetection: turns } } } });
  const done = () => told.events.filter((kind) => kind === "response.done").length;
  session.on("error", (problem) => told.errors.push(JSON.stringify(problem)));
  session.on("audio", (event) => (told.sound += event.data.byteLength));
  session.on("audio_interrupted", () => (told.interrupted += 1));
  session.on("transport_event", (event) => told.events.push(event.type));
  await session.connect({ apiKey: "none" });

  session.sendMessage("When is high water?");
  await until(() => done() >= 1, "The first answer");
  told.written = told.sound;

  session.sendMessage("And in Oban?"); // the model asks for the function, is told, and answers
  await until(() => done() >= 3 && told.called.length, "The answer with a function");

  const before = told.sound;
  session.sendMessage("Tell me a long story.");
  await until(() => told.sound > before, "The story");
  session.interrupt();
  await until(() => done() >= 4, "The end of the story");

  const spoken = readFileSync(pcm);
  for (let at = 0; at < spoken.length; at += 4_800) {
    const piece = spoken.subarray(at, at + 4_800);
    session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length));
    await new Promise((resolve) => setTimeout(resolve, 100)); // as a microphone does
  }
  await until(() => done() >= 5, "The answer to what was said");
  await until(() => session.history.some((item) => item.type === "message" && item.content[0]?.transcript && item.role === "user"), "The words");

  told.usage = session.usage;
  told.history = session.history.map((item) => ({
    type: item.type, role: item.role, status: item.status, text: item.content?.map((part) => part.text ?? part.transcript ?? "").join(""),
  }));
  session.close();
  console.log(JSON.stringify(told));
  process.exit(0);
}

main().catch((problem) => {
  console.log(JSON.stringify({ ...told, failed: String(problem.stack ?? problem) }));
  process.exit(1);
});
