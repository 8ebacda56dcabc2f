// The official clients against backends of every provider: no client can tell. See ../README.md for what it needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const { WEIR_TEST_BASE_URL, WEIR_TEST_KEY } = process.env;
const options = { apiKey: WEIR_TEST_KEY, maxRetries: 0, timeout: 30_000 };
const openai = new OpenAI({ baseURL: WEIR_TEST_BASE_URL, ...options });
const anthropic = new Anthropic({ baseURL: WEIR_TEST_BASE_URL.replace(/\/v1$/, ''), ...options });

const TEXT = 'A weir keeps the water level.';
const messages = [{ role: 'user', content: 'What does a weir do?' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

for (const provider of ['auto', 'anthropic', 'gemini', 'bedrock', 'ollama', 'cohere', 'azure']) {
  const calling = provider === 'auto' ? 'tools' : `${provider}-tools`;

  test(`${provider}: chat completions say the same whole and streamed, and call tools`, async () => {
    const whole = await openai.chat.completions.create({ model: provider, messages });
    assert.equal(whole.choices[0].message.content, TEXT);
    const streamed = openai.chat.completions.stream({ model: provider, messages });
    assert.equal(await streamed.finalContent(), TEXT);
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
    const asked = await openai.chat.completions.stream({ model: calling, messages, tools }).finalMessage();
    assert.deepEqual(JSON.parse(asked.tool_calls[0].function.arguments), { city: 'Ghent' });
  });

  test(`${provider}: responses say the same whole and streamed, and call tools`, async () => {
    const whole = await openai.responses.create({ model: provider, input: 'Why?' });
    assert.equal(whole.output_text, TEXT);
    const streamed = openai.responses.stream({ model: provider, input: 'Why?' });
    assert.equal((await streamed.finalResponse()).output_text, TEXT);
    const tools = [{ type: 'function', name: 'get_weather', parameters, strict: false }];
    const asked = await openai.responses.create({ model: calling, input: 'Why?', tools });
    const call = asked.output.find((item) => item.type === 'function_call');
    assert.deepEqual(JSON.parse(call.arguments), { city: 'Ghent' });
  });

  test(`${provider}: messages say the same whole and streamed, and call tools`, async () => {
    const asking = { max_tokens: 99, messages };
    const whole = await anthropic.messages.create({ model: provider, ...asking });
    assert.equal(whole.content[0].text, TEXT);
    const streamed = anthropic.messages.stream({ model: provider, ...asking });
    assert.equal(await streamed.finalText(), TEXT);
    const tools = [{ name: 'get_weather', input_schema: parameters }];
    const asked = await anthropic.messages.stream({ model: calling, ...asking, tools }).finalMessage();
    assert.deepEqual(asked.content.find((block) => block.type === 'tool_use').input, { city: 'Ghent' });
  });
}
