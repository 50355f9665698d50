print("kvindexer")
