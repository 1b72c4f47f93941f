// Mem0's own npm client against Scrubjay: only the host is another one.
//
//     npm install mem0ai
//     SCRUBJAY_URL=http://127.0.0.1:8000 SCRUBJAY_KEY=... node remember.mjs
//
// It is as good TypeScript as JavaScript. Mem0's client always sends a key; without one on the server, any text will do.

import { MemoryClient } from "mem0ai";

const memory = new MemoryClient({
  apiKey: process.env.SCRUBJAY_KEY ?? "none",
  host: process.env.SCRUBJAY_URL ?? "http://127.0.0.1:8000",
});
const userId = `typescript-${process.pid}`;

await memory.add(
  [
    { role: "user", content: "I am building a SaaS product in Laravel, and I live in Lisbon." },
    { role: "assistant", content: "Nice! How can I help?" },
  ],
  { userId },
);

// It is remembered in the background.
let found = { results: [] };
while (found.results.length === 0) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  found = await memory.search("Where does the user live?", { filters: { user_id: userId } });
}
for (const one of found.results) console.log(`${one.score.toFixed(2)} ${one.memory}`);

await memory.update(found.results[0].id, { text: "Lives in Porto" });
for (const step of await memory.history(found.results[0].id)) console.log(`${step.event}: ${step.newMemory}`);

await memory.deleteAll({ userId });
console.log("forgotten");
