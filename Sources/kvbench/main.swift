runMatch()
