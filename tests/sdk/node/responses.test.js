// The responses API of the official OpenAI client for Node. See ../README.md for what it needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

const { WEIR_TEST_BASE_URL, WEIR_TEST_KEY } = process.env;
const client = new OpenAI({
  baseURL: WEIR_TEST_BASE_URL,
  apiKey: WEIR_TEST_KEY,
  maxRetries: 0,
  timeout: 30_000,
});
const TOOLS = [
  {
    type: 'function',
    name: 'get_weather',
    strict: false,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
];

const ask = (model, options = {}) =>
  client.responses.create({ model, input: 'What does a weir do?', store: false, ...options });

async function eventsOf(model, options = {}) {
  const events = [];
  for await (const event of await ask(model, { stream: true, ...options })) events.push(event);
  return events;
}

test('a stream is numbered and comes to the same answer as a whole one', async () => {
  const [whole, events] = [await ask('auto'), await eventsOf('auto')];
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, index) => index),
  );
  const last = events.at(-1);
  assert.equal(last.type, 'response.completed');
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  assert.equal(deltas.map((event) => event.delta).join(''), whole.output_text);
  assert.ok(last.response.usage.total_tokens > 0);
});

test('a whole answer and a stream have the tool call', async () => {
  const streamed = (await eventsOf('tools', { tools: TOOLS })).at(-1).response;
  for (const answer of [await ask('tools', { tools: TOOLS }), streamed]) {
    const call = answer.output.find((item) => item.type === 'function_call');
    assert.deepEqual([call.name, JSON.parse(call.arguments)], ['get_weather', { city: 'Ghent' }]);
  }
});

test('a stream that breaks off has failed', async () => {
  const last = (await eventsOf('cut')).at(-1);
  assert.equal(last.type, 'response.failed');
  assert.ok(last.response.error.message);
});
