"""The official Anthropic client for Python against a running gateway. See ../README.md for what it needs.

Behind the aliases are backends that speak chat completions: no client can tell."""

import os
import time
import unittest

import anthropic
from anthropic import Anthropic

BASE_URL = os.environ["WEIR_TEST_BASE_URL"].removesuffix("/v1")
KEY = os.environ["WEIR_TEST_KEY"]
BAD_KEY = os.environ["WEIR_TEST_BAD_KEY"]

PROMPT = [{"role": "user", "content": "What does a weir do?"}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


class Case(unittest.TestCase):
    def setUp(self):
        # Whatever the client does not expect in an answer is an error.
        self.client = Anthropic(
            base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30, _strict_response_validation=True
        )
        self.addCleanup(self.client.close)

    def ask(self, model, messages=PROMPT, **options):
        return self.client.messages.create(model=model, max_tokens=200, messages=messages, **options)

    def stream(self, model, **options):
        return self.client.messages.stream(model=model, max_tokens=200, messages=PROMPT, **options)


class Answers(Case):
    def test_a_whole_answer_has_text_stop_reason_usage_and_the_alias(self):
        answer = self.ask("auto")
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", "auto"))
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertTrue(answer.content[0].text)
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertGreater(answer.usage.input_tokens, 0)
        self.assertGreater(answer.usage.output_tokens, 0)

    def test_a_stream_comes_to_the_same_answer(self):
        with self.stream("auto") as stream:
            events = [event.type for event in stream]
            answer = stream.get_final_message()
        self.assertEqual(answer.content[0].text, self.ask("auto").content[0].text)
        self.assertEqual((answer.stop_reason, answer.model), ("end_turn", "auto"))
        self.assertGreater(answer.usage.output_tokens, 0)
        self.assertEqual((events[0], events[-1]), ("message_start", "message_stop"))

    def test_system_blocks_and_parts_are_understood(self):
        system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
        messages = [{"role": "user", "content": [{"type": "text", "text": "What does a weir do?"}]}]
        self.assertTrue(self.ask("auto", messages, system=system).content[0].text)

    def test_tokens_of_a_prompt_are_counted(self):
        count = self.client.messages.count_tokens(model="auto", messages=PROMPT)
        self.assertIn(count.input_tokens, range(3, 30))


class Tools(Case):
    def test_a_whole_answer_has_the_tool_call(self):
        answer = self.ask("tools", tools=[WEATHER])
        self.assertEqual(answer.stop_reason, "tool_use")
        [call] = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual((call.name, call.input), ("get_weather", {"city": "Ghent"}))
        self.assertRegex(call.id, "^[A-Za-z0-9_-]{1,64}$")

    def test_a_stream_has_the_same_tool_call(self):
        with self.stream("tools", tools=[WEATHER]) as stream:
            answer = stream.get_final_message()
        [call] = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual((call.name, call.input, answer.stop_reason), ("get_weather", {"city": "Ghent"}, "tool_use"))

    def test_a_result_can_be_given(self):
        call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Ghent"}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "rain"}]}
        messages = [*PROMPT, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        self.assertEqual(self.ask("auto", messages, tools=[WEATHER]).stop_reason, "end_turn")


class Errors(Case):
    def failure(self, kind, model, **options):
        with self.assertRaises(kind) as caught:
            self.ask(model, **options)
        body = caught.exception.body
        self.assertEqual(body["type"], "error")
        self.assertTrue(body["request_id"])
        self.assertTrue(body["error"]["message"])
        return body["error"]["type"]

    def test_each_class_of_errors_is_known_to_the_client(self):
        self.assertEqual(self.failure(anthropic.NotFoundError, "no-such-model"), "not_found_error")
        self.assertEqual(self.failure(anthropic.InternalServerError, "broken"), "api_error")

    def test_a_limit_is_one(self):
        # A backend that has just said so is left alone for a while, which is told in another way.
        for _ in range(30):
            try:
                self.ask("limited")
            except anthropic.RateLimitError as error:
                return self.assertEqual(error.body["error"]["type"], "rate_limit_error")
            except anthropic.APIStatusError as error:
                self.assertEqual(error.status_code, 503)
                time.sleep(0.2)
        self.fail("the limit of the backend is never told")

    def test_a_strangers_key_is_refused(self):
        self.client = self.client.copy(api_key=BAD_KEY)
        self.assertEqual(self.failure(anthropic.AuthenticationError, "auto"), "authentication_error")

    def test_a_bad_request_is_refused(self):
        with self.assertRaises(anthropic.BadRequestError):
            self.client.messages.create(model="auto", max_tokens=9, messages=[{"role": "alien", "content": "x"}])

    def test_a_stream_that_breaks_off_is_no_answer(self):
        with self.assertRaises(anthropic.APIError), self.stream("cut") as stream:
            stream.get_final_message()


if __name__ == "__main__":
    unittest.main()
