"""Conversations of several users on shared system prompts, as token ids."""

import random
from dataclasses import dataclass
from typing import Any

from engine import BLOCK_TOKENS
from model_server import ModelServer, Served
from trial import TOKEN_RANGE

SYSTEM_PROMPT_TOKENS = [96, 130, 160, 215]
USERS = 6
CONVERSATION_TOKENS_MAX = 1200
OUTPUT_LENGTHS = [1, 1, 4, 12, 24, 40]
SHARE_OF_NEW_CONVERSATIONS = 0.08
SHARE_OF_REPEATED_PROMPTS = 0.12
SHARE_OF_WHOLE_BLOCKS = 0.2
REMEMBERED_PROMPTS = 8


@dataclass(frozen=True)
class TokenPrompt:
    """A prompt of token ids."""

    conversation: tuple[int, int]
    tokens: list[int]
    salt: str | None
    max_tokens: int

    def question(self) -> dict[str, Any]:
        """What to ask the indexer before."""
        return {"tokens": self.tokens, "cache_salt": self.salt}

    def send_to(self, server: ModelServer) -> Served:
        """Has it served."""
        return server.complete(self.tokens, self.salt, self.max_tokens)

    def describe(self) -> str:
        """Names the request for people, without its tokens."""
        system, user = self.conversation
        salt = f", salt {self.salt}" if self.salt else ""
        return f"system {system}, user {user}{salt}, {len(self.tokens)} + {self.max_tokens} tokens"


class TokenWorkload:
    """An endless stream of prompts that is the same for the same seed and replies."""

    def __init__(self, seed: int) -> None:
        """Makes the system prompts."""
        self._random = random.Random(seed)
        self._systems = [self._tokens(count) for count in SYSTEM_PROMPT_TOKENS]
        self._conversations: dict[tuple[int, int], list[int]] = {}
        self._recent: list[TokenPrompt] = []

    def next_prompt(self) -> TokenPrompt:
        """Takes some user's next turn, or repeats a recent prompt as it was."""
        if self._recent and self._random.random() < SHARE_OF_REPEATED_PROMPTS:
            return self._random.choice(self._recent)
        system = self._random.randrange(len(self._systems))
        user = self._random.randrange(USERS)
        tokens = self._history(system, user) + self._tokens(self._random.randint(4, 60))
        if self._random.random() < SHARE_OF_WHOLE_BLOCKS:
            tokens += self._tokens(-len(tokens) % BLOCK_TOKENS)
        salt = f"tenant-{user}" if user >= USERS - 2 else None
        prompt = TokenPrompt((system, user), tokens, salt, self._random.choice(OUTPUT_LENGTHS))
        self._recent = [*self._recent[1 - REMEMBERED_PROMPTS :], prompt]
        return prompt

    def learn(self, prompt: TokenPrompt, served: Served) -> None:
        """Continues the prompt's conversation with the reply to it."""
        self._conversations[prompt.conversation] = prompt.tokens + served.output

    def _tokens(self, count: int) -> list[int]:
        return self._random.choices(TOKEN_RANGE, k=count)

    def _history(self, system: int, user: int) -> list[int]:
        history = self._conversations.get((system, user), [])
        is_fresh = self._random.random() < SHARE_OF_NEW_CONVERSATIONS
        if not history or is_fresh or len(history) > CONVERSATION_TOKENS_MAX:
            return self._systems[system]
        return history
