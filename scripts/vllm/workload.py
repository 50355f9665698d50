"""Conversations of several users on shared system prompts, as token ids."""

import random
from dataclasses import dataclass

from engine import BLOCK_TOKENS

# Neither the tokenizer's special tokens nor its single bytes.
TOKEN_RANGE = range(300, 4000)
SYSTEM_PROMPT_TOKENS = [96, 130, 160, 215]
USERS = 6
CONVERSATION_TOKENS_MAX = 1200
OUTPUT_LENGTHS = [1, 1, 4, 12, 24, 40]
SHARE_OF_NEW_CONVERSATIONS = 0.08
SHARE_OF_REPEATED_PROMPTS = 0.12
SHARE_OF_WHOLE_BLOCKS = 0.2
REMEMBERED_PROMPTS = 8


@dataclass(frozen=True)
class Prompt:
    """One request as a client would send it."""

    conversation: tuple[int, int]
    tokens: list[int]
    salt: str | None
    max_tokens: int

    def describe(self) -> str:
        """Names the request for people, without its tokens."""
        system, user = self.conversation
        salt = f", salt {self.salt}" if self.salt else ""
        return f"system {system}, user {user}{salt}, {len(self.tokens)} + {self.max_tokens} tokens"


class Workload:
    """An endless stream of prompts that is the same for the same seed and replies."""

    def __init__(self, seed: int) -> None:
        """Makes the system prompts."""
        self._random = random.Random(seed)
        self._systems = [self.tokens(count) for count in SYSTEM_PROMPT_TOKENS]
        self._conversations: dict[tuple[int, int], list[int]] = {}
        self._recent: list[Prompt] = []

    def tokens(self, count: int) -> list[int]:
        """Draws tokens that nothing else has in this order."""
        return self._random.choices(TOKEN_RANGE, k=count)

    def next_prompt(self) -> Prompt:
        """Takes some user's next turn, or repeats a recent prompt as it was."""
        if self._recent and self._random.random() < SHARE_OF_REPEATED_PROMPTS:
            return self._random.choice(self._recent)
        system = self._random.randrange(len(self._systems))
        user = self._random.randrange(USERS)
        tokens = self._history(system, user) + self.tokens(self._random.randint(4, 60))
        if self._random.random() < SHARE_OF_WHOLE_BLOCKS:
            tokens += self.tokens(-len(tokens) % BLOCK_TOKENS)
        salt = f"tenant-{user}" if user >= USERS - 2 else None
        prompt = Prompt((system, user), tokens, salt, self._random.choice(OUTPUT_LENGTHS))
        self._recent = [*self._recent[1 - REMEMBERED_PROMPTS :], prompt]
        return prompt

    def learn(self, prompt: Prompt, output: list[int]) -> None:
        """Continues the prompt's conversation with the reply to it."""
        self._conversations[prompt.conversation] = prompt.tokens + output

    def _history(self, system: int, user: int) -> list[int]:
        history = self._conversations.get((system, user), [])
        is_fresh = self._random.random() < SHARE_OF_NEW_CONVERSATIONS
        if not history or is_fresh or len(history) > CONVERSATION_TOKENS_MAX:
            return self._systems[system]
        return history
