// The official Anthropic client for Node against a running gateway. See ../README.md for what it needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';

const { WEIR_TEST_BASE_URL, WEIR_TEST_KEY, WEIR_TEST_BAD_KEY } = process.env;

const PROMPT = [{ role: 'user', content: 'What does a weir do?' }];
const TOOLS = [
  {
    name: 'get_weather',
    description: 'The weather in a city.',
    input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
];

function connect(options = {}) {
  return new Anthropic({
    baseURL: WEIR_TEST_BASE_URL.replace(/\/v1$/, ''),
    apiKey: WEIR_TEST_KEY,
    maxRetries: 0,
    timeout: 30_000,
    ...options,
  });
}

const client = connect();
const ask = (model, options = {}) =>
  client.messages.create({ model, max_tokens: 200, messages: PROMPT, ...options });
const finalOf = (model, options = {}) =>
  client.messages.stream({ model, max_tokens: 200, messages: PROMPT, ...options }).finalMessage();

test('a whole answer and a stream say the same', async () => {
  const [whole, streamed] = [await ask('auto'), await finalOf('auto')];
  for (const answer of [whole, streamed]) {
    assert.equal(answer.model, 'auto');
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(answer.usage.input_tokens > 0 && answer.usage.output_tokens > 0);
  }
  assert.equal(streamed.content[0].text, whole.content[0].text);
});

test('a whole answer and a stream have the same tool call', async () => {
  for (const answer of [await ask('tools', { tools: TOOLS }), await finalOf('tools', { tools: TOOLS })]) {
    assert.equal(answer.stop_reason, 'tool_use');
    const call = answer.content.find((block) => block.type === 'tool_use');
    assert.deepEqual([call.name, call.input], ['get_weather', { city: 'Ghent' }]);
  }
});

test('tokens of a prompt are counted', async () => {
  const count = await client.messages.countTokens({ model: 'auto', messages: PROMPT });
  assert.ok(count.input_tokens >= 3 && count.input_tokens < 30);
});

test('each class of errors is known to the client', async () => {
  await assert.rejects(ask('no-such-model'), Anthropic.NotFoundError);
  await assert.rejects(ask('broken'), Anthropic.InternalServerError);
  const stranger = connect({ apiKey: WEIR_TEST_BAD_KEY });
  const asked = stranger.messages.create({ model: 'auto', max_tokens: 9, messages: PROMPT });
  await assert.rejects(asked, Anthropic.AuthenticationError);
});

test('a stream that breaks off is no answer', async () => {
  await assert.rejects(finalOf('cut'));
});
