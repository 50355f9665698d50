module kvindexer

go 1.19
