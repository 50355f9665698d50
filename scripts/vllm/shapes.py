"""One request of every shape that engines take a prompt in."""

from dataclasses import dataclass
from typing import Any

from model_server import MODEL_NAME

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
GENERATE = "/inference/v1/generate"

QUESTION = {"role": "user", "content": "Wie groß ist 数学? <a href='x'>"}
TURNS = [
    {"role": "system", "content": "You are terse."},
    {"role": "user", "content": "def twice(x):"},
    {"role": "assistant", "content": "<think>Two times.</think>return 2 * x"},
    {
        "role": "user",
        "content": [{"type": "text", "text": "and"}, {"type": "text", "text": "thrice"}],
    },
]
# Neither the keys of the tools nor those of their parameters are in alphabetical order.
WEATHER = {
    "name": "weather",
    "description": "Weather of a city",
    "parameters": {
        "type": "object",
        "required": ["city"],
        "properties": {
            "unit": {"type": "string", "enum": ["K", "°C"]},
            "city": {"type": "string", "description": "Its name"},
        },
    },
}
TOOLS = [{"type": "function", "function": WEATHER}]
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"unit": "K", "city": "Köln"}'},
}
TOOL_TURNS = [
    {"role": "assistant", "content": "<think>Nobody asked.</think>Good morning!"},
    QUESTION,
    {"role": "assistant", "content": "<think>Where?</think>", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "Try again."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "281.5"},
]


@dataclass(frozen=True)
class Shape:
    """A request to an engine, named."""

    name: str
    path: str
    body: dict[str, Any]

    @property
    def gives_tokens(self) -> bool:
        """Whether the request holds token ids already, and nothing has to render it."""
        prompt = self.body.get("prompt")
        return self.path == GENERATE or (
            isinstance(prompt, list) and not isinstance(prompt[0], str)
        )

    @property
    def prompts(self) -> int:
        """How many prompts the request has."""
        prompt = self.body.get("prompt")
        is_list = isinstance(prompt, list) and not isinstance(prompt[0], int)
        return len(prompt) if is_list and prompt else 1


def _completion(name: str, prompt: Any, **options: Any) -> Shape:
    body = {"model": MODEL_NAME, "prompt": prompt, "max_tokens": 1, "temperature": 0, **options}
    return Shape(f"completion, {name}", COMPLETIONS, body)


def _chat(name: str, messages: list[Any], **options: Any) -> Shape:
    body = {"model": MODEL_NAME, "messages": messages, "max_tokens": 1, "temperature": 0, **options}
    return Shape(f"chat, {name}", CHAT, body)


def _messages(name: str, messages: list[Any], **options: Any) -> Shape:
    body = {"model": MODEL_NAME, "max_tokens": 1, "temperature": 0, "messages": messages, **options}
    return Shape(f"messages, {name}", MESSAGES, body)


def _response(name: str, content: Any, **options: Any) -> Shape:
    body = {"model": MODEL_NAME, "input": content, "max_output_tokens": 1, **options}
    return Shape(f"responses, {name}", RESPONSES, {**body, "temperature": 0})


def _completions() -> list[Shape]:
    text = "Übung macht den Meister: for i in range(10):\n\tprint(i)"
    return [
        _completion("text", text),
        _completion("text, escapes", 'a "quoted" \\ back\u2028slash \U0001f600 \x7f'),
        _completion("text, cut short", text, truncate_prompt_tokens=5),
        _completion("text, no special tokens", text, add_special_tokens=False),
        _completion("salted", text, cache_salt="alice"),
        _completion("texts", [text, "import os", text]),
        _completion("tokens", [300, 301, 302]),
        _completion("lists of tokens", [[300, 301, 302], [400, 401]]),
    ]


def _chats() -> list[Shape]:
    continued = [QUESTION, {"role": "assistant", "content": "It is"}]
    thinking = [*TURNS, {"role": "assistant", "content": "<think>Hm.</think>return"}]
    return [
        _chat("question", [QUESTION]),
        _chat("system", [TURNS[0], QUESTION]),
        _chat("turns", TURNS),
        _chat("turns, thoughts", [*thinking, QUESTION]),
        _chat("tools", [QUESTION], tools=TOOLS),
        _chat("tools, none chosen", [QUESTION], tools=TOOLS, tool_choice="none"),
        _chat("tools, called", TOOL_TURNS, tools=TOOLS),
        _chat("template settings", TURNS, chat_template_kwargs={"date": "1 May", "x": [1, None]}),
        _chat("no thinking", [QUESTION], chat_template_kwargs={"enable_thinking": False}),
        _chat("no generation prompt", TURNS, add_generation_prompt=False),
        _chat("continued", continued, add_generation_prompt=False, continue_final_message=True),
        _chat("streamed", TURNS, stream=True, stream_options={"include_usage": True}),
        _chat("salted", TURNS, cache_salt="alice"),
        _chat("JSON", [QUESTION], response_format={"type": "json_object"}),
    ]


def _others() -> list[Shape]:
    tool = {
        "name": "weather",
        "description": "Weather of a city",
        "input_schema": WEATHER["parameters"],
    }
    use = {"type": "tool_use", "id": "u1", "name": "weather", "input": {"unit": "K", "city": "Rom"}}
    result = {"type": "tool_result", "tool_use_id": "u1", "content": "281.5"}
    turns = [
        QUESTION,
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}, use]},
        {"role": "user", "content": [result]},
    ]
    function = {"type": "function", **WEATHER}
    items = [
        {"role": "user", "content": "def twice(x):"},
        {"role": "assistant", "content": "return 2 * x"},
        {"role": "user", "content": [{"type": "input_text", "text": "and thrice?"}]},
    ]
    return [
        _messages("question", [QUESTION]),
        _messages("system", [QUESTION], system="You are terse."),
        _messages("system blocks", [QUESTION], system=[{"type": "text", "text": "Be terse."}]),
        _messages("tools", [QUESTION], tools=[tool]),
        _messages("tools, called", turns, tools=[tool], system="You are terse."),
        _response("text", "Hello there"),
        _response("instructions", "Hello there", instructions="Be terse."),
        _response("turns", items),
        _response("tools", items, tools=[function]),
        Shape(
            "generate",
            GENERATE,
            {
                "model": MODEL_NAME,
                "token_ids": [300, 301, 302, 303],
                "sampling_params": {"max_tokens": 1, "temperature": 0},
            },
        ),
    ]


def all_shapes() -> list[Shape]:
    """Lists every shape."""
    return [*_completions(), *_chats(), *_others()]
