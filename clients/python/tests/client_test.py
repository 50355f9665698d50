"""A test case that closes the clients that it makes."""

import unittest
from typing import Any

from kvindexer_client import Client

# Long enough for any machine: a test that waits this long has failed.
PATIENCE_SECONDS = 20.0


class ClientTest(unittest.TestCase):
    """The base of all tests that need clients."""

    def client(self, location: str, deadline: float = PATIENCE_SECONDS, **settings: Any) -> Client:
        """Makes a client that lives as long as the test."""
        client = Client(location, deadline=deadline, **settings)
        self.addCleanup(client.close)
        return client
