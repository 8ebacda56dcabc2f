"""The responses API of the official OpenAI client for Python. See ../README.md for what it needs."""

import os
import unittest

import openai
from openai import OpenAI

BASE_URL = os.environ["WEIR_TEST_BASE_URL"]
KEY = os.environ["WEIR_TEST_KEY"]

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


class Case(unittest.TestCase):
    def setUp(self):
        self.client = OpenAI(
            base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30, _strict_response_validation=True
        )
        self.addCleanup(self.client.close)

    def ask(self, model, input="What does a weir do?", **options):
        return self.client.responses.create(model=model, input=input, store=False, **options)

    def events(self, model, **options):
        return list(self.ask(model, stream=True, **options))


class Answers(Case):
    def test_a_whole_answer_has_text_status_usage_and_the_alias(self):
        answer = self.ask("auto", instructions="Be brief.", metadata={"a": "b"})
        self.assertEqual((answer.object, answer.status, answer.model), ("response", "completed", "auto"))
        self.assertTrue(answer.output_text)
        self.assertEqual((answer.instructions, answer.metadata), ("Be brief.", {"a": "b"}))
        self.assertEqual(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens)
        self.assertGreater(answer.usage.input_tokens, 0)

    def test_a_stream_is_numbered_and_comes_to_the_same_answer(self):
        events = self.events("auto")
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual([event.type for event in events[:2]], ["response.created", "response.in_progress"])
        last = events[-1]
        self.assertEqual(last.type, "response.completed")
        self.assertEqual(last.response.output_text, self.ask("auto").output_text)
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        self.assertEqual("".join(deltas), last.response.output_text)
        self.assertGreater(last.response.usage.output_tokens, 0)

    def test_the_stream_helper_is_content(self):
        with self.client.responses.stream(model="auto", input="What does a weir do?") as stream:
            self.assertTrue(stream.get_final_response().output_text)


class Tools(Case):
    def test_a_whole_answer_and_a_stream_have_the_call(self):
        whole = self.ask("tools", tools=[WEATHER])
        streamed = self.events("tools", tools=[WEATHER])[-1].response
        for answer in (whole, streamed):
            [call] = [item for item in answer.output if item.type == "function_call"]
            self.assertEqual((call.name, call.arguments), ("get_weather", '{"city":"Ghent"}'))
            self.assertTrue(call.call_id)

    def test_what_was_answered_can_be_sent_back(self):
        output = [item.model_dump(exclude_none=True) for item in self.ask("tools", tools=[WEATHER]).output]
        call = next(item for item in output if item["type"] == "function_call")
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
        turns = [{"role": "user", "content": "Weather?"}, *output, result]
        self.assertEqual(self.ask("auto", turns, tools=[WEATHER]).status, "completed")


class Errors(Case):
    def test_each_class_of_errors_is_known_to_the_client(self):
        for model, kind in [
            ("no-such-model", openai.NotFoundError),
            ("broken", openai.InternalServerError),
        ]:
            with self.assertRaises(kind):
                self.ask(model)

    def test_a_stream_that_breaks_off_has_failed(self):
        last = self.events("cut")[-1]
        self.assertEqual((last.type, last.response.status), ("response.failed", "failed"))
        self.assertTrue(last.response.error.message)


if __name__ == "__main__":
    unittest.main()
