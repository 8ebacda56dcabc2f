"""LangChain and LiteLLM as clients, against backends of every provider. See ../README.md for what it needs."""

import asyncio
import json
import os
import unittest

# LiteLLM fetches a list of prices unless it is told to take the one it brings.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LANGSMITH_TRACING"] = "false"

import anthropic
import litellm
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

BASE_URL = os.environ["WEIR_TEST_BASE_URL"]
ROOT = BASE_URL.removesuffix("/v1")
KEY = os.environ["WEIR_TEST_KEY"]
BAD_KEY = os.environ["WEIR_TEST_BAD_KEY"]

PROVIDERS = ["auto", "anthropic", "gemini", "bedrock", "ollama", "cohere", "azure"]
PROMPT = "What does a weir do?"
MESSAGES = [{"role": "user", "content": PROMPT}]
# Ollama's own API cannot be told that a tool must be called.
FORCING = [provider for provider in PROVIDERS if provider != "ollama"]
TEXT = "A weir keeps the water level."
CITY = {"city": "Ghent"}
CITIES = [CITY, {"city": "Bruges"}]
# A white dot.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
)

litellm.suppress_debug_info = True
litellm.telemetry = False


def does(provider, what):
    """The alias that does something else than answer in words."""
    return what if provider == "auto" else f"{provider}-{what}"


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return "It rains all day."


class Weather(BaseModel):
    """The weather in a city."""

    city: str
    rain: bool


class Case(unittest.TestCase):
    def each(self, check, providers=PROVIDERS):
        for provider in providers:
            with self.subTest(provider):
                check(provider)


class LangChain(Case):
    """`ChatOpenAI` over chat completions and over responses, `ChatAnthropic` over messages."""

    def models(self, alias):
        options = {"model": alias, "api_key": KEY, "max_retries": 0, "timeout": 30}
        # Of what is not OpenAI, it does not ask for the usage of a stream by itself.
        yield ChatOpenAI(base_url=BASE_URL, stream_usage=True, **options)
        yield ChatOpenAI(base_url=BASE_URL, use_responses_api=True, **options)
        yield ChatAnthropic(base_url=ROOT, max_tokens=99, **options)

    def test_words_are_the_same_whole_and_streamed_and_are_counted(self):
        def check(provider):
            for model in self.models(provider):
                whole = model.invoke(PROMPT)
                self.assertEqual(whole.text, TEXT)
                self.assertGreater(whole.usage_metadata["input_tokens"], 0)
                self.assertGreater(whole.usage_metadata["output_tokens"], 0)
                chunks = list(model.stream(PROMPT))
                self.assertGreater(len(chunks), 1)
                streamed = sum(chunks[1:], chunks[0])
                self.assertEqual(streamed.text, TEXT)
                self.assertEqual(streamed.usage_metadata, whole.usage_metadata)

        self.each(check)

    def test_tools_are_called_and_their_results_are_heard(self):
        def check(provider):
            for model in self.models(does(provider, "tools")):
                model = model.bind_tools([get_weather])
                asked = model.invoke(PROMPT)
                chunks = list(model.stream(PROMPT))
                for message in (asked, sum(chunks[1:], chunks[0])):
                    (call,) = message.tool_calls
                    self.assertEqual((call["name"], call["args"]), ("get_weather", CITY))
                turn = [HumanMessage(PROMPT), asked, get_weather.invoke(asked.tool_calls[0])]
                self.assertEqual(model.invoke(turn).text, TEXT)
                self.assertEqual("".join(chunk.text for chunk in model.stream(turn)), TEXT)

        self.each(check)

    def test_parallel_calls_come_apart(self):
        def check(provider):
            for model in self.models(does(provider, "both")):
                model = model.bind_tools([get_weather])
                asked = model.invoke(PROMPT)
                chunks = list(model.stream(PROMPT))
                for message in (asked, sum(chunks[1:], chunks[0])):
                    self.assertEqual([call["args"] for call in message.tool_calls], CITIES)
                    self.assertEqual(len({call["id"] for call in message.tool_calls}), 2)
                results = [ToolMessage("It rains.", tool_call_id=call["id"]) for call in asked.tool_calls]
                self.assertEqual(model.invoke([HumanMessage(PROMPT), asked, *results]).text, TEXT)

        self.each(check)

    def test_answers_have_the_form_that_is_asked_for(self):
        def check(provider):
            for model in self.models(does(provider, "json")):
                weather = model.with_structured_output(Weather, method="json_schema").invoke(PROMPT)
                self.assertEqual(weather, Weather(city="Ghent", rain=True))

        self.each(check)

    def test_answers_are_json_where_no_schema_is_given(self):
        def check(provider):
            for model in list(self.models(does(provider, "json")))[:2]:
                weather = model.with_structured_output(Weather, method="json_mode").invoke(f"As JSON: {PROMPT}")
                self.assertEqual(weather, Weather(city="Ghent", rain=True))

        self.each(check)

    def test_a_forced_tool_gives_the_form_too(self):
        def check(provider):
            options = {"model": does(provider, "form"), "api_key": KEY, "max_retries": 0, "timeout": 30}
            model = ChatOpenAI(base_url=BASE_URL, **options)
            weather = model.with_structured_output(Weather, method="function_calling").invoke(PROMPT)
            self.assertEqual(weather, Weather(city="Ghent", rain=True))
            model = ChatAnthropic(base_url=ROOT, max_tokens=99, **options)
            self.assertEqual(model.with_structured_output(Weather).invoke(PROMPT), Weather(city="Ghent", rain=True))

        self.each(check, FORCING)
        with self.assertRaises(openai.BadRequestError) as caught:
            check("ollama")
        self.assertEqual((caught.exception.code, caught.exception.param), ("unsupported_parameter", "tool_choice"))

    def test_pictures_are_seen(self):
        picture = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
        message = HumanMessage([{"type": "text", "text": PROMPT}, picture])

        def check(provider):
            for model in self.models(does(provider, "sees")):
                self.assertEqual(model.invoke([message]).text, TEXT)

        self.each(check)

    def test_many_are_asked_at_a_time(self):
        async def ask():
            for provider in ["auto", "anthropic"]:
                for model in self.models(provider):
                    answers = await model.abatch([PROMPT] * 3)
                    self.assertEqual([answer.text for answer in answers], [TEXT] * 3)

        # All in one loop: the clients are shared.
        asyncio.run(ask())

    def test_errors_are_those_of_the_clients(self):
        for model in self.models("no-such-model"):
            with self.assertRaises((openai.NotFoundError, anthropic.NotFoundError)):
                model.invoke(PROMPT)
        for model in self.models("down"):
            with self.assertRaises((openai.InternalServerError, anthropic.InternalServerError)):
                model.invoke(PROMPT)
        for model in self.models("torn"):
            # Of a response that failed, LangChain itself tells.
            with self.assertRaises((openai.APIError, anthropic.APIError, ValueError)) as caught:
                list(model.stream(PROMPT))
            self.assertIn("broke off", str(caught.exception))


class LiteLlm(Case):
    """LiteLLM, speaking to the gateway as if it were OpenAI, and as if it were Anthropic."""

    def forms(self, alias):
        options = {"api_key": KEY, "max_retries": 0, "timeout": 30}
        yield {"model": f"openai/{alias}", "api_base": BASE_URL, **options}
        yield {"model": f"anthropic/{alias}", "api_base": ROOT, "max_tokens": 99, **options}

    def whole_of(self, **request):
        """The answer that a stream comes to."""
        chunks = list(litellm.completion(stream=True, **request))
        return litellm.stream_chunk_builder(chunks, messages=request["messages"]).choices[0]

    def test_words_are_the_same_whole_and_streamed(self):
        def check(provider):
            for form in self.forms(provider):
                answer = litellm.completion(messages=MESSAGES, **form)
                self.assertEqual(answer.choices[0].message.content, TEXT)
                self.assertEqual(answer.choices[0].finish_reason, "stop")
                self.assertGreater(answer.usage.prompt_tokens, 0)
                streamed = self.whole_of(messages=MESSAGES, **form)
                self.assertEqual((streamed.message.content, streamed.finish_reason), (TEXT, "stop"))

        self.each(check)

    def test_tools_are_called_and_their_results_are_heard(self):
        parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        function = {"name": "get_weather", "description": "The weather.", "parameters": parameters}
        tools = [{"type": "function", "function": function}]

        def check(provider):
            for form in self.forms(does(provider, "both")):
                request = {"messages": MESSAGES, "tools": tools, **form}
                asked = litellm.completion(**request).choices[0]
                for choice in (asked, self.whole_of(**request)):
                    self.assertEqual(choice.finish_reason, "tool_calls")
                    calls = choice.message.tool_calls
                    self.assertEqual([json.loads(call.function.arguments) for call in calls], CITIES)
                results = [
                    {"role": "tool", "tool_call_id": call.id, "content": "It rains."}
                    for call in asked.message.tool_calls
                ]
                turn = [*MESSAGES, asked.message, *results]
                answer = litellm.completion(**{**request, "messages": turn})
                self.assertEqual(answer.choices[0].message.content, TEXT)

        self.each(check)

    def test_answers_have_the_form_that_is_asked_for(self):
        def check(provider):
            for form in self.forms(does(provider, "json")):
                answer = litellm.completion(messages=MESSAGES, response_format=Weather, **form)
                self.assertEqual(json.loads(answer.choices[0].message.content), {**CITY, "rain": True})

        # To a model that it does not know, LiteLLM asks Anthropic for a form by a tool that must be called.
        self.each(check, FORCING)

    def test_responses_say_the_same(self):
        def check(provider):
            form = next(self.forms(provider))
            form.pop("max_retries")
            answer = litellm.responses(input=PROMPT, **form)
            self.assertEqual(answer.output[0].content[0].text, TEXT)

        self.each(check)

    def test_errors_are_told_apart(self):
        cases = [
            ("no-such-model", litellm.NotFoundError),
            ("down", (litellm.InternalServerError, litellm.BadGatewayError, litellm.ServiceUnavailableError)),
            ("full", (litellm.ServiceUnavailableError, litellm.InternalServerError)),
        ]
        for alias, expected in cases:
            for form in self.forms(alias):
                with self.assertRaises(expected):
                    litellm.completion(messages=MESSAGES, **form)
        for form in self.forms("auto"):
            with self.assertRaises(litellm.AuthenticationError):
                litellm.completion(messages=MESSAGES, **{**form, "api_key": BAD_KEY})


if __name__ == "__main__":
    unittest.main()
