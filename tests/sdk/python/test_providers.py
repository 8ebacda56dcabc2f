"""The official clients against backends of every provider: no client can tell. See ../README.md for what it needs."""

import json
import os
import unittest

from anthropic import Anthropic
from openai import OpenAI

BASE_URL = os.environ["WEIR_TEST_BASE_URL"]
KEY = os.environ["WEIR_TEST_KEY"]

PROVIDERS = ["auto", "anthropic", "gemini", "bedrock", "ollama", "cohere", "azure"]
PROMPT = [{"role": "user", "content": "What does a weir do?"}]
TEXT = "A weir keeps the water level."
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CITY = {"city": "Ghent"}


def tools_of(provider):
    return "tools" if provider == "auto" else f"{provider}-tools"


class Providers(unittest.TestCase):
    def setUp(self):
        self.openai = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30)
        self.anthropic = Anthropic(
            base_url=BASE_URL.removesuffix("/v1"), api_key=KEY, max_retries=0, timeout=30
        )
        self.addCleanup(self.openai.close)
        self.addCleanup(self.anthropic.close)

    def each(self, check):
        for provider in PROVIDERS:
            with self.subTest(provider):
                check(provider)

    def test_chat_completions_say_the_same_whole_and_streamed(self):
        def check(provider):
            chat = self.openai.chat.completions
            whole = chat.create(model=provider, messages=PROMPT)
            self.assertEqual(whole.choices[0].message.content, TEXT)
            self.assertEqual(whole.choices[0].finish_reason, "stop")
            self.assertGreater(whole.usage.prompt_tokens, 0)
            with chat.stream(model=provider, messages=PROMPT) as stream:
                streamed = stream.until_done().get_final_completion()
            self.assertEqual(streamed.choices[0].message.content, TEXT)
            self.assertEqual(streamed.choices[0].finish_reason, "stop")

        self.each(check)

    def test_chat_completions_call_tools_and_hear_of_their_results(self):
        function = {"name": "get_weather", "description": "The weather.", "parameters": PARAMETERS}
        tools = [{"type": "function", "function": function}]

        def check(provider):
            chat = self.openai.chat.completions
            with chat.stream(model=tools_of(provider), messages=PROMPT, tools=tools) as stream:
                message = stream.until_done().get_final_completion().choices[0].message
            (call,) = message.tool_calls
            self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("get_weather", CITY))
            result = {"role": "tool", "tool_call_id": call.id, "content": "It rains all day."}
            turn = [*PROMPT, message.model_dump(exclude_none=True, exclude={"parsed"}), result]
            answer = chat.create(model=provider, messages=turn, tools=tools)
            self.assertEqual(answer.choices[0].message.content, TEXT)

        self.each(check)

    def test_responses_say_the_same_whole_and_streamed_and_call_tools(self):
        tools = [{"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": False}]

        def check(provider):
            self.assertEqual(self.openai.responses.create(model=provider, input="Why?").output_text, TEXT)
            with self.openai.responses.stream(model=provider, input="Why?") as stream:
                self.assertEqual(stream.get_final_response().output_text, TEXT)
            asked = self.openai.responses.create(model=tools_of(provider), input="Why?", tools=tools)
            (call,) = [item for item in asked.output if item.type == "function_call"]
            self.assertEqual(json.loads(call.arguments), CITY)
            result = {"type": "function_call_output", "call_id": call.call_id, "output": "It rains all day."}
            turn = [{"role": "user", "content": "Why?"}, *asked.output, result]
            answer = self.openai.responses.create(model=provider, input=turn, tools=tools)
            self.assertEqual(answer.output_text, TEXT)

        self.each(check)

    def test_messages_say_the_same_whole_and_streamed_and_call_tools(self):
        tools = [{"name": "get_weather", "description": "The weather.", "input_schema": PARAMETERS}]

        def check(provider):
            messages = self.anthropic.messages
            whole = messages.create(model=provider, max_tokens=99, messages=PROMPT)
            self.assertEqual((whole.content[0].text, whole.stop_reason), (TEXT, "end_turn"))
            with messages.stream(model=provider, max_tokens=99, messages=PROMPT) as stream:
                self.assertEqual(stream.get_final_message().content[0].text, TEXT)
            asking = {"max_tokens": 99, "messages": PROMPT, "tools": tools}
            with messages.stream(model=tools_of(provider), **asking) as stream:
                asked = stream.get_final_message()
            (call,) = [block for block in asked.content if block.type == "tool_use"]
            self.assertEqual((call.name, call.input, asked.stop_reason), ("get_weather", CITY, "tool_use"))
            result = {"type": "tool_result", "tool_use_id": call.id, "content": "It rains all day."}
            called = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in asked.content]}
            turn = [*PROMPT, called, {"role": "user", "content": [result]}]
            answer = messages.create(model=provider, max_tokens=99, messages=turn, tools=tools)
            self.assertEqual(answer.content[0].text, TEXT)

        self.each(check)


if __name__ == "__main__":
    unittest.main()
