"""The official OpenAI client for Python against a running gateway. See ../README.md for what it needs."""

import json
import os
import time
import unittest

import openai
from openai import AsyncOpenAI, DefaultHttpxClient, OpenAI

BASE_URL = os.environ["WEIR_TEST_BASE_URL"]
KEY = os.environ["WEIR_TEST_KEY"]
BAD_KEY = os.environ["WEIR_TEST_BAD_KEY"]

PROMPT = [{"role": "user", "content": "What does a weir do?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
# One byte more than the gateway's limit of 32 MiB with the rest of the body.
TOO_LONG = "a" * (32 * 1024 * 1024)


class Case(unittest.TestCase):
    def setUp(self):
        self.client = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30)
        self.addCleanup(self.client.close)

    def ask(self, model, **options):
        return self.client.chat.completions.create(model=model, messages=PROMPT, **options)

    def text_of(self, model):
        return self.ask(model).choices[0].message.content


class Answers(Case):
    def test_a_whole_answer_has_text_finish_reason_usage_and_the_alias(self):
        answer = self.ask("auto")
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(answer.model, "auto")
        self.assertEqual(len(answer.choices), 1)
        self.assertEqual(answer.choices[0].message.role, "assistant")
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        usage = answer.usage
        self.assertGreater(usage.prompt_tokens, 0)
        self.assertEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)

    def test_a_stream_without_usage_says_the_same_and_never_has_an_empty_chunk(self):
        chunks = list(self.ask("auto", stream=True))
        self.assertTrue(all(len(chunk.choices) == 1 for chunk in chunks))
        self.assertTrue(all(chunk.usage is None for chunk in chunks))
        self.check_stream(chunks)

    def test_a_stream_with_usage_has_it_once_and_last(self):
        chunks = list(self.ask("auto", stream=True, stream_options={"include_usage": True}))
        *chunks, last = chunks
        self.assertEqual(last.choices, [])
        self.assertEqual(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens)
        self.assertTrue(all(chunk.usage is None for chunk in chunks))
        self.check_stream(chunks)

    def check_stream(self, chunks):
        self.assertEqual({chunk.object for chunk in chunks}, {"chat.completion.chunk"})
        self.assertEqual({chunk.model for chunk in chunks}, {"auto"})
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertEqual(len({chunk.created for chunk in chunks}), 1)
        choices = [chunk.choices[0] for chunk in chunks]
        self.assertEqual(choices[0].delta.role, "assistant")
        self.assertEqual([choice.finish_reason for choice in choices if choice.finish_reason], ["stop"])
        self.assertEqual("".join(choice.delta.content or "" for choice in choices), self.text_of("auto"))

    def test_a_stream_is_relayed_as_it_comes(self):
        start, stream = time.monotonic(), self.ask("slow", stream=True)
        self.addCleanup(stream.close)
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
        self.assertLess(time.monotonic() - start, 10)

    def test_the_stream_accumulator_comes_to_the_same_answer(self):
        with self.client.chat.completions.stream(model="auto", messages=PROMPT) as stream:
            answer = stream.get_final_completion()
        self.assertEqual(answer.choices[0].message.content, self.text_of("auto"))

    def test_content_may_be_parts(self):
        messages = [{"role": "user", "content": [{"type": "text", "text": "What does a weir do?"}]}]
        answer = self.client.chat.completions.create(model="auto", messages=messages)
        self.assertTrue(answer.choices[0].message.content)


class AsyncAnswers(unittest.IsolatedAsyncioTestCase):
    async def test_whole_and_streamed_answers_are_the_same(self):
        async with AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30) as client:
            whole = await client.chat.completions.create(model="auto", messages=PROMPT)
            stream = await client.chat.completions.create(model="auto", messages=PROMPT, stream=True)
            streamed = [chunk.choices[0].delta.content or "" async for chunk in stream]
        self.assertEqual("".join(streamed), whole.choices[0].message.content)


class Tools(Case):
    def test_a_whole_answer_has_the_tool_call(self):
        choice = self.ask("tools", tools=[WEATHER]).choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        self.assertIsNone(choice.message.content)
        [call] = choice.message.tool_calls
        self.assertEqual(call.type, "function")
        self.assertTrue(call.id)
        self.assertTrue(call.function.name)
        self.assertIsInstance(json.loads(call.function.arguments), dict)

    def test_a_stream_has_the_tool_call_in_fragments(self):
        choices = [chunk.choices[0] for chunk in self.ask("tools", tools=[WEATHER], stream=True)]
        parts = [part for choice in choices for part in choice.delta.tool_calls or []]
        first, *rest = parts
        self.assertEqual({part.index for part in parts}, {0})
        self.assertEqual((first.type, first.function.arguments), ("function", ""))
        self.assertTrue(rest)
        self.assertTrue(all(part.id is None and part.function.name is None for part in rest))
        [whole] = self.ask("tools", tools=[WEATHER]).choices[0].message.tool_calls
        self.assertEqual((first.id, first.function.name), (whole.id, whole.function.name))
        self.assertEqual("".join(part.function.arguments for part in rest), whole.function.arguments)
        self.assertEqual([choice.finish_reason for choice in choices if choice.finish_reason], ["tool_calls"])

    def test_the_result_of_a_tool_call_goes_back(self):
        message = self.ask("tools", tools=[WEATHER]).choices[0].message
        result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"sky": "clear"}'}
        answer = self.client.chat.completions.create(
            model="auto", messages=[*PROMPT, message, result], tools=[WEATHER]
        )
        self.assertTrue(answer.choices[0].message.content)


class Models(Case):
    def test_the_list_has_the_aliases(self):
        models = list(self.client.models.list())
        self.assertEqual({model.object for model in models}, {"model"})
        self.assertLessEqual({"auto", "tools", "slow"}, {model.id for model in models})

    def test_one_model_is_found(self):
        self.assertEqual(self.client.models.retrieve("auto").id, "auto")

    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.models.retrieve("no-such-model")
        self.assertEqual(caught.exception.code, "model_not_found")


class Errors(Case):
    def check_error(self, expected, status, kind, code, **request):
        request = {"messages": PROMPT, **request}
        with self.assertRaises(expected) as caught:
            self.client.chat.completions.create(**request)
        error = caught.exception
        self.assertEqual((error.status_code, error.type, error.code), (status, kind, code))
        self.assertEqual(set(error.body), {"message", "type", "param", "code"})
        self.assertTrue(error.request_id)
        return error

    def test_an_unknown_key_is_an_authentication_error(self):
        self.client = self.client.with_options(api_key=BAD_KEY)
        error = self.check_error(
            openai.AuthenticationError, 401, "invalid_request_error", "invalid_api_key", model="auto"
        )
        self.assertNotIn(BAD_KEY, str(error))
        with self.assertRaises(openai.AuthenticationError):
            self.client.models.list()

    def test_an_unknown_model_is_a_not_found_error(self):
        for stream in (False, True):
            self.check_error(
                openai.NotFoundError,
                404,
                "invalid_request_error",
                "model_not_found",
                model="no-such-model",
                stream=stream,
            )

    def test_messages_that_are_no_list_are_a_bad_request(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model="auto", messages=PROMPT, extra_body={"messages": "text"})
        self.assertEqual((caught.exception.status_code, caught.exception.type), (400, "invalid_request_error"))
        self.assertTrue(caught.exception.code)

    def test_a_body_over_the_limit_is_too_large(self):
        messages = [{"role": "user", "content": TOO_LONG}]
        error = self.check_error(
            openai.APIStatusError, 413, "invalid_request_error", "request_too_large", model="auto", messages=messages
        )
        self.assertIs(type(error), openai.APIStatusError)

    def test_a_rate_limit_is_a_rate_limit_error(self):
        error = self.limit()
        self.assertEqual(error.status_code, 429)
        self.assertTrue(0 <= int(error.response.headers["retry-after"]) <= 60)
        self.assertTrue(error.request_id)

    def limit(self):
        # A backend that has just said so is left alone for a while, which is told in another way.
        for _ in range(30):
            try:
                self.ask("limited")
            except openai.RateLimitError as error:
                return error
            except openai.InternalServerError as error:
                self.assertEqual(error.status_code, 503)
                time.sleep(0.2)
        self.fail("the limit of the backend is never told")

    def test_no_capacity_is_503(self):
        for stream in (False, True):
            error = self.check_error(
                openai.InternalServerError, 503, "server_error", "overloaded", model="full", stream=stream
            )
            self.assertTrue(0 <= int(error.response.headers["retry-after"]) <= 60)

    def test_a_backend_that_is_down_is_502_whole_or_streamed(self):
        for stream in (False, True):
            self.check_error(
                openai.InternalServerError, 502, "server_error", "bad_gateway", model="broken", stream=stream
            )

    def test_a_whole_answer_that_breaks_off_is_502(self):
        self.check_error(openai.InternalServerError, 502, "server_error", "bad_gateway", model="cut")


class Interruptions(Case):
    def test_a_stream_that_breaks_off_raises(self):
        received = []
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.ask("cut", stream=True):
                received.append(chunk.choices[0])
        self.assertTrue("".join(choice.delta.content or "" for choice in received))
        self.assertEqual([choice.finish_reason for choice in received if choice.finish_reason], [])
        # Told by an event, not guessed from a closed connection.
        self.assertIs(type(caught.exception), openai.APIError)
        self.assertEqual(caught.exception.type, "server_error")
        self.assertTrue(caught.exception.code)

    def test_a_client_that_closes_a_stream_can_go_on(self):
        stream = self.ask("slow", stream=True)
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
        start = time.monotonic()
        stream.close()
        self.assertTrue(self.text_of("auto"))
        self.assertLess(time.monotonic() - start, 10)


class Headers(Case):
    def test_every_answer_has_a_request_id_of_its_own(self):
        ids = [self.ask("auto")._request_id, self.ask("auto")._request_id, self.client.models.list()._request_id]
        with self.client.chat.completions.with_streaming_response.create(
            model="auto", messages=PROMPT, stream=True
        ) as response:
            ids.append(response.request_id)
        self.assertTrue(all(ids), ids)
        self.assertEqual(len(set(ids)), len(ids))

    def test_nothing_of_the_backends_own_headers_comes_through(self):
        for model in ("auto", "slow"):
            with self.client.chat.completions.with_streaming_response.create(
                model=model, messages=PROMPT, stream=model == "slow"
            ) as response:
                headers = response.headers
                for name in ("set-cookie", "via", "openai-organization", "cf-ray", "alt-svc"):
                    self.assertNotIn(name, headers)
                self.assertNotIn("backend", headers.get("server", ""))
                self.assertNotIn("backend", headers["x-request-id"])

    def test_a_stream_says_that_it_is_one(self):
        with self.client.chat.completions.with_streaming_response.create(
            model="auto", messages=PROMPT, stream=True
        ) as response:
            self.assertEqual(response.headers["content-type"], "text/event-stream; charset=utf-8")
            self.assertEqual(response.headers["cache-control"], "no-cache")
            self.assertNotIn("content-length", response.headers)


class Retries(unittest.TestCase):
    def attempts(self, model, expected):
        sent = []
        http_client = DefaultHttpxClient(event_hooks={"request": [sent.append]})
        with OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=1, timeout=30, http_client=http_client) as client:
            with self.assertRaises(expected):
                client.chat.completions.create(model=model, messages=PROMPT)
        return len(sent)

    def test_a_backend_that_is_down_is_tried_again_and_an_unknown_model_is_not(self):
        self.assertEqual(self.attempts("broken", openai.InternalServerError), 2)
        self.assertEqual(self.attempts("no-such-model", openai.NotFoundError), 1)


if __name__ == "__main__":
    unittest.main()
