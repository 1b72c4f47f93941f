// Mem0's TypeScript client, unmodified, against a running server: node drive.mjs HOST KEY TENANT USER STEP...
// Prints a line `ok STEP` for each step that came out as it should, and ends with 1 at the first that did not.

import assert from "node:assert/strict";
import { MemoryClient } from "mem0ai";

const [host, apiKey, tenant, user, ...steps] = process.argv.slice(2);
const client = new MemoryClient({ apiKey, host });
const filters = { user_id: user };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function remembered(text, more = {}) {
  const added = await client.add([{ role: "user", content: text }], { userId: user, infer: false, ...more });
  assert.equal(added.status, "SUCCEEDED");
  return added.results[0].id;
}

async function untilSettled(eventId) {
  for (;;) {
    const headers = { Authorization: `Token ${apiKey}` };
    const event = await (await fetch(`${host}/v1/event/${eventId}/`, { headers })).json();
    if (event.status === "SUCCEEDED") return event.results;
    assert.ok(["PENDING", "RUNNING"].includes(event.status), JSON.stringify(event));
  }
}

async function refused(call, name, message) {
  await assert.rejects(call, (error) => {
    assert.equal(error.name, name);
    assert.deepEqual(JSON.parse(error.message), { detail: message, error: message });
    return true;
  });
}

const plays = {
  async ping() {
    await client.ping();
    assert.equal(client.organizationId, tenant);
    assert.equal(client.projectId, tenant);
  },
  async add() {
    const added = await client.add([{ role: "user", content: "I live in Lisbon" }], { userId: user, metadata: { aB: 1 } });
    assert.equal(added.status, "PENDING");
    assert.match(added.eventId, UUID);
    const [result] = await untilSettled(added.eventId);
    assert.equal(result.data.memory, "I live in Lisbon");
  },
  async search() {
    await remembered("I live in Lisbon", { metadata: { aB: 1 } });
    const found = await client.search("Where does she live?", { filters, topK: 3, threshold: 0 });
    assert.equal(found.results[0].memory, "I live in Lisbon");
    assert.equal(found.results[0].userId, user);
    assert.deepEqual(found.results[0].metadata, { aB: 1 });
    assert.ok(found.results[0].score > 0);
  },
  async getAll() {
    for (const text of ["I live in Lisbon", "I love tea"]) await remembered(text);
    const page = await client.getAll({ filters, page: 1, pageSize: 1 });
    assert.equal(page.count, 2);
    assert.equal(page.results.length, 1);
    assert.ok(page.next.includes("page=2"));
    assert.ok(page.results[0].createdAt);
  },
  async get() {
    const id = await remembered("I live in Lisbon");
    const found = await client.get(id);
    assert.deepEqual([found.id, found.memory, found.userId], [id, "I live in Lisbon", user]);
    await refused(() => client.get("a/b"), "ValidationError", "memory_id should be a valid UUID");
  },
  async update() {
    const id = await remembered("I live in Lisbon");
    const changed = await client.update(id, { text: "I live in Porto", metadata: { k: 1 }, expirationDate: "2999-12-31" });
    assert.deepEqual([changed.memory, changed.metadata, changed.expirationDate], ["I live in Porto", { k: 1 }, "2999-12-31"]);
  },
  async delete() {
    const id = await remembered("I live in Lisbon");
    assert.equal((await client.delete(id)).message, "Memory deleted successfully!");
    await refused(() => client.get(id), "MemoryNotFoundError", "Memory not found!");
  },
  async history() {
    const id = await remembered("I live in Lisbon");
    await client.update(id, { text: "I live in Porto" });
    const told = (await client.history(id)).map((one) => [one.event, one.oldMemory, one.newMemory, one.memoryId]);
    assert.deepEqual(told, [
      ["ADD", null, "I live in Lisbon", id],
      ["UPDATE", "I live in Lisbon", "I live in Porto", id],
    ]);
  },
  async users() {
    await remembered("I live in Lisbon");
    const found = await client.users({ page: 1, pageSize: 200 });
    assert.ok(found.results.some((one) => one.type === "user" && one.name === user && one.totalMemories === 1));
  },
  async batchUpdate() {
    const ids = [await remembered("I live in Lisbon"), await remembered("I love tea")];
    const answer = await client.batchUpdate(ids.map((memoryId, number) => ({ memoryId, text: `new ${number}` })));
    assert.equal(answer.message, "Successfully updated 2 memories");
    assert.equal((await client.get(ids[1])).memory, "new 1");
  },
  async batchDelete() {
    const ids = [await remembered("I live in Lisbon"), await remembered("I love tea")];
    assert.equal((await client.batchDelete(ids)).message, "Successfully deleted 2 memories");
    assert.equal((await client.getAll({ filters })).count, 0);
  },
  async deleteAll() {
    await remembered("I live in Lisbon");
    assert.match((await client.deleteAll({ userId: user })).eventId, UUID);
    assert.equal((await client.getAll({ filters })).count, 0);
  },
};

for (const step of steps) {
  await client.deleteAll({ userId: user });
  await plays[step]();
  console.log(`ok ${step}`);
}
