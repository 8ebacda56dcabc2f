// The official OpenAI client for Node against a running gateway. See ../README.md for what it needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';

const { WEIR_TEST_BASE_URL, WEIR_TEST_KEY, WEIR_TEST_BAD_KEY } = process.env;
for (const [name, value] of Object.entries({ WEIR_TEST_BASE_URL, WEIR_TEST_KEY, WEIR_TEST_BAD_KEY })) {
  assert.ok(value, `${name} is not set`);
}

const PROMPT = [{ role: 'user', content: 'What does a weir do?' }];
const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

function connect(options = {}) {
  return new OpenAI({
    baseURL: WEIR_TEST_BASE_URL,
    apiKey: WEIR_TEST_KEY,
    maxRetries: 0,
    timeout: 30_000,
    ...options,
  });
}

const client = connect();
const ask = (model, options = {}) =>
  client.chat.completions.create({ model, messages: PROMPT, ...options });
const textOf = async (model) => (await ask(model)).choices[0].message.content;

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const contentOf = (choices) => choices.map((choice) => choice.delta.content ?? '').join('');
const finishesOf = (choices) => choices.map((choice) => choice.finish_reason).filter(Boolean);

async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
}

async function checkError(expected, status, type, code, promise) {
  const error = await failureOf(promise);
  assert.ok(error instanceof expected, `${error.constructor.name}: ${error.message}`);
  assert.deepEqual([error.status, error.type, error.code], [status, type, code]);
  assert.deepEqual(Object.keys(error.error).sort(), ['code', 'message', 'param', 'type']);
  assert.ok(error.requestID);
  return error;
}

test('a whole answer has text, finish reason, usage and the alias', async () => {
  const answer = await ask('auto');
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.model, 'auto');
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.ok(answer.choices[0].message.content);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
  assert.ok(prompt_tokens > 0);
  assert.equal(total_tokens, prompt_tokens + completion_tokens);
});

async function checkStream(chunks) {
  for (const [field, value] of [['object', 'chat.completion.chunk'], ['model', 'auto']]) {
    assert.deepEqual([...new Set(chunks.map((chunk) => chunk[field]))], [value]);
  }
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  assert.equal(new Set(chunks.map((chunk) => chunk.created)).size, 1);
  const choices = chunks.map((chunk) => chunk.choices[0]);
  assert.equal(choices[0].delta.role, 'assistant');
  assert.deepEqual(finishesOf(choices), ['stop']);
  assert.equal(contentOf(choices), await textOf('auto'));
}

test('a stream without usage says the same and never has an empty chunk', async () => {
  const chunks = await collect(await ask('auto', { stream: true }));
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
  await checkStream(chunks);
});

test('a stream with usage has it once and last', async () => {
  const chunks = await collect(await ask('auto', { stream: true, stream_options: { include_usage: true } }));
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
  assert.ok(chunks.every((chunk) => !chunk.usage));
  await checkStream(chunks);
});

test('a stream is relayed as it comes', async () => {
  const start = Date.now();
  for await (const chunk of await ask('slow', { stream: true })) {
    if (chunk.choices[0].delta.content) break;
  }
  assert.ok(Date.now() - start < 10_000);
});

test('the stream accumulator comes to the same answer', async () => {
  const answer = await client.chat.completions.stream({ model: 'auto', messages: PROMPT }).finalChatCompletion();
  assert.equal(answer.choices[0].message.content, await textOf('auto'));
});

test('a whole answer has the tool call', async () => {
  const [choice] = (await ask('tools', { tools: TOOLS })).choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.content, null);
  assert.equal(choice.message.tool_calls.length, 1);
  const [call] = choice.message.tool_calls;
  assert.equal(call.type, 'function');
  assert.ok(call.id && call.function.name);
  assert.equal(typeof JSON.parse(call.function.arguments), 'object');
});

test('a stream has the tool call in fragments', async () => {
  const chunks = await collect(await ask('tools', { tools: TOOLS, stream: true }));
  const choices = chunks.map((chunk) => chunk.choices[0]);
  const [first, ...rest] = choices.flatMap((choice) => choice.delta.tool_calls ?? []);
  assert.deepEqual([first.index, first.type, first.function.arguments], [0, 'function', '']);
  assert.ok(rest.length > 0);
  assert.ok(rest.every((part) => part.index === 0 && !('id' in part) && !('name' in part.function)));
  const [whole] = (await ask('tools', { tools: TOOLS })).choices[0].message.tool_calls;
  assert.deepEqual([first.id, first.function.name], [whole.id, whole.function.name]);
  assert.equal(rest.map((part) => part.function.arguments).join(''), whole.function.arguments);
  assert.deepEqual(finishesOf(choices), ['tool_calls']);
});

test('the result of a tool call goes back', async () => {
  const { message } = (await ask('tools', { tools: TOOLS })).choices[0];
  const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: '{"sky":"clear"}' };
  const answer = await ask('auto', { messages: [...PROMPT, message, result], tools: TOOLS });
  assert.ok(answer.choices[0].message.content);
});

test('models are listed and looked up', async () => {
  const models = await collect(client.models.list());
  assert.ok(models.every((model) => model.object === 'model'));
  const ids = models.map((model) => model.id);
  for (const alias of ['auto', 'tools', 'slow']) assert.ok(ids.includes(alias), alias);
  assert.equal((await client.models.retrieve('auto')).id, 'auto');
  const error = await failureOf(client.models.retrieve('no-such-model'));
  assert.ok(error instanceof NotFoundError);
  assert.equal(error.code, 'model_not_found');
});

test('an unknown key is an authentication error', async () => {
  const stranger = connect({ apiKey: WEIR_TEST_BAD_KEY });
  const answer = stranger.chat.completions.create({ model: 'auto', messages: PROMPT });
  const error = await checkError(AuthenticationError, 401, 'invalid_request_error', 'invalid_api_key', answer);
  assert.ok(!error.message.includes(WEIR_TEST_BAD_KEY));
  assert.ok((await failureOf(stranger.models.list())) instanceof AuthenticationError);
});

test('an unknown model is a not-found error, whole or streamed', async () => {
  for (const stream of [false, true]) {
    const answer = ask('no-such-model', { stream });
    await checkError(NotFoundError, 404, 'invalid_request_error', 'model_not_found', answer);
  }
});

test('messages that are no list, and half of a surrogate pair, are a bad request', async () => {
  for (const messages of ['text', [{ role: 'user', content: 'half: \ud83d' }]]) {
    const error = await failureOf(ask('auto', { messages }));
    assert.ok(error instanceof BadRequestError, error.message);
    assert.deepEqual([error.status, error.type], [400, 'invalid_request_error']);
    assert.ok(error.code);
  }
});

test('a body over the limit is too large', async () => {
  const messages = [{ role: 'user', content: 'a'.repeat(32 * 1024 * 1024) }];
  await checkError(APIError, 413, 'invalid_request_error', 'request_too_large', ask('auto', { messages }));
});

const retryAfterOf = (error) => Number(error.headers.get('retry-after') ?? NaN);

test('a rate limit is a rate limit error', async () => {
  // A backend that has just said so is left alone for a while, which is told in another way.
  let error = await failureOf(ask('limited'));
  for (let tries = 0; tries < 30 && error.status === 503; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    error = await failureOf(ask('limited'));
  }
  assert.ok(error instanceof RateLimitError, error.message);
  assert.ok(retryAfterOf(error) >= 0 && retryAfterOf(error) <= 60);
  assert.ok(error.requestID);
});

test('no capacity is 503, whole or streamed', async () => {
  for (const stream of [false, true]) {
    const answer = ask('full', { stream });
    const error = await checkError(InternalServerError, 503, 'server_error', 'overloaded', answer);
    assert.ok(retryAfterOf(error) >= 0 && retryAfterOf(error) <= 60);
  }
});

test('a backend that is down, or whose whole answer breaks off, is 502', async () => {
  for (const [model, stream] of [['broken', false], ['broken', true], ['cut', false]]) {
    await checkError(InternalServerError, 502, 'server_error', 'bad_gateway', ask(model, { stream }));
  }
});

test('a stream that breaks off throws', async () => {
  const received = [];
  const error = await failureOf(
    (async () => {
      for await (const chunk of await ask('cut', { stream: true })) received.push(chunk.choices[0]);
    })(),
  );
  assert.ok(contentOf(received));
  assert.deepEqual(finishesOf(received), []);
  // Told by an event, not guessed from a closed connection.
  assert.equal(error.constructor, APIError);
  assert.equal(error.type, 'server_error');
  assert.ok(error.code);
});

test('a client that closes a stream can go on', async () => {
  const stream = await ask('slow', { stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) break;
  }
  assert.ok(stream.controller.signal.aborted);
  const start = Date.now();
  assert.ok(await textOf('auto'));
  assert.ok(Date.now() - start < 10_000);
});

test('every answer has a request id of its own', async () => {
  const { response } = await ask('auto', { stream: true }).withResponse();
  await response.body.cancel();
  const ids = [
    (await ask('auto'))._request_id,
    (await ask('auto'))._request_id,
    (await client.models.retrieve('auto'))._request_id,
    response.headers.get('x-request-id'),
  ];
  assert.ok(ids.every(Boolean), ids);
  assert.equal(new Set(ids).size, ids.length);
});

test("nothing of the backend's own headers comes through", async () => {
  for (const stream of [false, true]) {
    const { headers } = await ask('auto', { stream }).asResponse();
    for (const name of ['set-cookie', 'via', 'openai-organization', 'cf-ray', 'alt-svc']) {
      assert.equal(headers.get(name), null);
    }
    assert.doesNotMatch(headers.get('server') ?? '', /backend/);
    assert.doesNotMatch(headers.get('x-request-id'), /backend/);
  }
});

test('a backend that is down is tried again, and an unknown model is not', async () => {
  for (const [model, expected, attempts] of [
    ['broken', InternalServerError, 2],
    ['no-such-model', NotFoundError, 1],
  ]) {
    let sent = 0;
    const counting = (...request) => {
      sent += 1;
      return fetch(...request);
    };
    const patient = connect({ maxRetries: 1, fetch: counting });
    const error = await failureOf(patient.chat.completions.create({ model, messages: PROMPT }));
    assert.ok(error instanceof expected);
    assert.equal(sent, attempts);
  }
});
