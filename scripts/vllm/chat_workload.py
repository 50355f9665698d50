"""Conversations of several users with system prompts and tools, as messages."""

import random
from dataclasses import dataclass
from typing import Any

from model_server import ModelServer, Served
from shapes import TOOLS

USERS = 5
SYSTEM_PROMPT_WORDS = [0, 40, 60, 90]
# Users of this system prompt have tools, and now and then results of one.
SYSTEM_WITH_TOOLS = 2
SHARE_OF_TOOL_RESULTS = 0.4
CONVERSATION_TOKENS_MAX = 1200
OUTPUT_LENGTHS = [1, 8, 24, 48]
SHARE_OF_NEW_CONVERSATIONS = 0.08
SYLLABLES = ["ka", "lo", "mi", "ne", "ru", "sta", "ti", "vo", "ö", "数", "x_", "\n", "\\u00e9", '"']

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class ChatPrompt:
    """A prompt of messages."""

    conversation: tuple[int, int]
    fields: dict[str, Any]
    salt: str | None
    max_tokens: int

    def question(self) -> dict[str, Any]:
        """What to ask the indexer before."""
        return {**self.fields, "cache_salt": self.salt}

    def send_to(self, server: ModelServer) -> Served:
        """Has it served."""
        return server.chat(self.fields, self.salt, self.max_tokens)

    def describe(self) -> str:
        """Names the request for people, without its text."""
        system, user = self.conversation
        salt = f", salt {self.salt}" if self.salt else ""
        count = len(self.fields["messages"])
        return f"chat of system {system}, user {user}{salt}, {count} messages"


class ChatWorkload:
    """An endless stream of chats that is the same for the same seed and replies."""

    def __init__(self, seed: int) -> None:
        """Writes the system prompts."""
        self._random = random.Random(seed)
        self._systems = [self._text(words) for words in SYSTEM_PROMPT_WORDS]
        self._conversations: dict[tuple[int, int], Messages] = {}

    def next_prompt(self) -> ChatPrompt:
        """Takes some user's next turn."""
        system = self._random.randrange(len(self._systems))
        user = self._random.randrange(USERS)
        question = {"role": "user", "content": self._text(self._random.randint(2, 25))}
        fields: dict[str, Any] = {"messages": [*self._history(system, user), question]}
        if system == SYSTEM_WITH_TOOLS:
            fields["tools"] = TOOLS
        salt = f"tenant-{user}" if user == USERS - 1 else None
        return ChatPrompt((system, user), fields, salt, self._random.choice(OUTPUT_LENGTHS))

    def learn(self, prompt: ChatPrompt, served: Served) -> None:
        """Continues the prompt's conversation with the reply, unless it gets too long."""
        if len(served.prompt) > CONVERSATION_TOKENS_MAX:
            self._conversations.pop(prompt.conversation, None)
            return
        messages: Messages = list(prompt.fields["messages"])
        messages.append({"role": "assistant", "content": served.text})
        if "tools" in prompt.fields and self._random.random() < SHARE_OF_TOOL_RESULTS:
            messages += self._tool_result()
        self._conversations[prompt.conversation] = messages

    def _history(self, system: int, user: int) -> Messages:
        history = self._conversations.get((system, user))
        if history and self._random.random() >= SHARE_OF_NEW_CONVERSATIONS:
            return history
        prompt = self._systems[system]
        return [{"role": "system", "content": prompt}] if prompt else []

    def _tool_result(self) -> Messages:
        arguments = f'{{"unit": "K", "city": "{self._random.choice(["Köln", "Oslo"])}"}}'
        name = f"call_{self._random.randrange(1000)}"
        function = {"name": "weather", "arguments": arguments}
        call = {"id": name, "type": "function", "function": function}
        result = {"role": "tool", "tool_call_id": name, "content": f"{self._random.random():.2f}"}
        return [
            {"role": "user", "content": self._text(3)},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            result,
        ]

    def _text(self, words: int) -> str:
        return " ".join(
            "".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 4)))
            for _ in range(words)
        )
