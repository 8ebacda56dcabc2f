// Vercel's AI SDK, with each of its providers that speaks what the gateway speaks, against backends of every provider.
// See ../README.md for what it needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';

const { WEIR_TEST_BASE_URL, WEIR_TEST_KEY, WEIR_TEST_BAD_KEY } = process.env;
globalThis.AI_SDK_LOG_WARNINGS = false;

const TEXT = 'A weir keeps the water level.';
const WEATHER = { city: 'Ghent', rain: true };
const CITIES = [{ city: 'Ghent' }, { city: 'Bruges' }];
// A white dot.
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==';
const prompt = 'What does a weir do?';
const weather = z.object({ city: z.string(), rain: z.boolean() });

/** The models of one alias, one for each API that the SDK speaks. */
function models(alias, apiKey = WEIR_TEST_KEY) {
  const openai = createOpenAI({ baseURL: WEIR_TEST_BASE_URL, apiKey });
  const compatible = { name: 'weir', baseURL: WEIR_TEST_BASE_URL, apiKey, includeUsage: true };
  return {
    responses: openai(alias),
    chat: openai.chat(alias),
    compatible: createOpenAICompatible({ ...compatible, supportsStructuredOutputs: true })(alias),
    messages: createAnthropic({ baseURL: WEIR_TEST_BASE_URL, apiKey })(alias),
  };
}

/** Asks without retries, in words. */
const asking = (model, more) => ({ model, maxRetries: 0, prompt, ...more });

/** Asks with the tool, and goes on until there is an answer in words. */
function agent(model, heard) {
  const execute = ({ city }) => {
    heard.push({ city });
    return 'It rains all day.';
  };
  const inputSchema = z.object({ city: z.string() });
  const tools = { get_weather: tool({ description: 'The weather in a city.', inputSchema, execute }) };
  return asking(model, { tools, stopWhen: isStepCount(3) });
}

for (const provider of ['auto', 'anthropic', 'gemini', 'bedrock', 'ollama', 'cohere', 'azure']) {
  const does = (what) => models(provider === 'auto' ? what : `${provider}-${what}`);

  for (const api of Object.keys(models(provider))) {
    test(`${provider} by ${api}: words are the same whole and streamed, and are counted`, async () => {
      const model = models(provider)[api];
      const whole = await generateText(asking(model));
      assert.deepEqual([whole.text, whole.finishReason], [TEXT, 'stop']);
      assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);
      const streamed = streamText(asking(model));
      const pieces = [];
      for await (const piece of streamed.textStream) pieces.push(piece);
      assert.ok(pieces.length > 1);
      assert.deepEqual([pieces.join(''), await streamed.finishReason], [TEXT, 'stop']);
      assert.deepEqual((await streamed.usage).outputTokens, whole.usage.outputTokens);
    });

    test(`${provider} by ${api}: tools are called, in parallel too, and their results are heard`, async () => {
      for (const what of ['tools', 'both']) {
        const cities = what === 'both' ? CITIES : CITIES.slice(0, 1);
        const heard = [];
        const whole = await generateText(agent(does(what)[api], heard));
        assert.equal(whole.text, TEXT);
        const streamed = streamText(agent(does(what)[api], heard));
        assert.equal(await streamed.text, TEXT);
        assert.equal((await streamed.steps).length, 2);
        assert.deepEqual(heard, [...cities, ...cities]);
      }
    });

    test(`${provider} by ${api}: answers have the form that is asked for`, async () => {
      const model = does('json')[api];
      const output = Output.object({ schema: weather });
      // Of a model that it does not know, the SDK does not think that it keeps to a schema.
      const providerOptions = { anthropic: { structuredOutputMode: 'outputFormat' } };
      assert.deepEqual((await generateText(asking(model, { output, providerOptions }))).output, WEATHER);
      assert.deepEqual(await streamText(asking(model, { output, providerOptions })).output, WEATHER);
    });

    test(`${provider} by ${api}: a tool is called that must be`, async () => {
      // Ollama's own API cannot be told so.
      const isRefused = provider === 'ollama';
      const tools = { Weather: tool({ description: 'Tells the weather.', inputSchema: weather }) };
      for (const toolChoice of ['required', { type: 'tool', toolName: 'Weather' }]) {
        const asked = generateText(asking(does('form')[api], { tools, toolChoice }));
        if (isRefused) {
          await assert.rejects(asked, (error) => error.statusCode === 400 && /tool_choice/.test(error.message));
          continue;
        }
        const answer = await asked;
        assert.deepEqual(answer.toolCalls.map((call) => call.input), [WEATHER]);
        assert.equal(answer.finishReason, 'tool-calls');
      }
    });

    test(`${provider} by ${api}: pictures are seen`, async () => {
      const content = [
        { type: 'text', text: prompt },
        { type: 'file', mediaType: 'image/png', data: PIXEL },
      ];
      const asked = { model: does('sees')[api], maxRetries: 0, messages: [{ role: 'user', content }] };
      assert.equal((await generateText(asked)).text, TEXT);
    });
  }
}

for (const provider of ['auto', 'anthropic', 'bedrock']) {
  test(`${provider}: answers are JSON where no schema is given`, async () => {
    const { chat, responses } = models(provider === 'auto' ? 'json' : `${provider}-json`);
    for (const model of [chat, responses]) {
      const answer = await generateText(asking(model, { output: Output.json(), prompt: `As JSON: ${prompt}` }));
      assert.deepEqual(answer.output, WEATHER);
    }
  });
}

test('errors have their status, and say whether to try again', async () => {
  const cases = [
    ['no-such-model', WEIR_TEST_KEY, 404, false],
    ['auto', WEIR_TEST_BAD_KEY, 401, false],
    ['down', WEIR_TEST_KEY, 50, true],
    ['full', WEIR_TEST_KEY, 503, true],
  ];
  for (const [alias, key, status, isRetryable] of cases) {
    for (const [api, model] of Object.entries(models(alias, key))) {
      await assert.rejects(generateText(asking(model)), (error) => {
        assert.ok(APICallError.isInstance(error), `${api}: ${error}`);
        // A server that is known to be down is told of in another way than one that has just been found out.
        const told = alias === 'down' ? Math.floor(error.statusCode / 10) : error.statusCode;
        assert.deepEqual([told, error.isRetryable], [status, isRetryable], `${alias} by ${api}`);
        assert.ok(error.message.length > 10, `${alias} by ${api}: ${error.message}`);
        return true;
      });
    }
  }
});

test('a stream that breaks off ends in an error, and never in a finish', async () => {
  for (const [api, model] of Object.entries(models('torn'))) {
    const errors = [];
    const parts = [];
    const streamed = streamText(asking(model, { onError: ({ error }) => errors.push(error) }));
    for await (const part of streamed.fullStream) parts.push(part.type);
    assert.ok(errors.length > 0, `${api}: ${parts}`);
    assert.ok(parts.includes('text-delta') && parts.includes('error'), `${api}: ${parts}`);
    const reason = await streamed.finishReason.catch(() => 'error');
    assert.ok(['error', 'other', 'unknown'].includes(reason), `${api}: ${reason}`);
  }
});

test('a client that closes a stream lets go of it', async () => {
  for (const model of Object.values(models('slow'))) {
    const control = new AbortController();
    const streamed = streamText(asking(model, { abortSignal: control.signal, onError: () => {} }));
    for await (const part of streamed.fullStream) if (part.type === 'text-delta') control.abort();
  }
});
