package kvindexer

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestSendsOnlyTheFieldsThatAreGiven(t *testing.T) {
	no := false
	request := Request{
		Messages: json.RawMessage(`[{"role":"user"}]`), AddGenerationPrompt: &no,
		CacheSalt: "a<b", Endpoints: []string{"vllm-0"},
	}
	object, err := request.object()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"messages":[{"role":"user"}],"add_generation_prompt":false,` +
		`"cache_salt":"a<b","endpoints":["vllm-0"]}`
	if got := string(object.bytes()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSendsRawJSONByteForByte(t *testing.T) {
	raw := "{ \"z\" : 1.50e0,\n \"prompt\":\"<grüß> \\u0064ich\", \"a\":[ ] }"
	object, err := Request{Path: "/v1/completions", Body: json.RawMessage(raw)}.object()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"path":"/v1/completions","body":` + raw + `}`
	if got := string(object.bytes()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRefusesRequestsThatAreWrongInThemselves(t *testing.T) {
	requests := map[string]Request{
		"no prompt":              {},
		"two prompts":            {Tokens: []uint32{1}, Prompt: "x"},
		"path without body":      {Path: "/v1/completions"},
		"body without path":      {Tokens: []uint32{1}, Body: json.RawMessage("{}")},
		"body leaves its place":  {Path: "/x", Body: json.RawMessage(`{},"endpoints":[]`)},
		"body is half an object": {Path: "/x", Body: json.RawMessage("{")},
		"body is empty":          {Path: "/x", Body: json.RawMessage("")},
		"body is not UTF-8":      {Path: "/x", Body: json.RawMessage("\"\xff\"")},
		"body is deep":           {Path: "/x", Body: json.RawMessage(strings.Repeat("[", 200_000))},
		"prompt is not UTF-8":    {Prompt: "\xff"},
	}
	client, err := New("http://127.0.0.1:1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range requests {
		var fault *RequestError
		if _, err := client.Score(context.Background(), request); !errors.As(err, &fault) {
			t.Errorf("%s: got %v", name, err)
		}
		batch := []Request{request}
		if _, err := client.ScoreBatch(context.Background(), batch); !errors.As(err, &fault) {
			t.Errorf("%s in a batch: got %v", name, err)
		}
	}
}

func TestRefusesSettingsThatCanNotWork(t *testing.T) {
	for _, location := range []string{
		"127.0.0.1:80", "ftp://x", "http://", "unix:", "http://a:b@c", "http://h:x",
	} {
		if _, err := New(location, Options{}); err == nil {
			t.Errorf("%q was taken", location)
		}
	}
	for _, options := range []Options{{Token: "line\n"}, {CAFile: "ca.pem"}} {
		if _, err := New("http://127.0.0.1:1", options); err == nil {
			t.Errorf("%+v were taken", options)
		}
	}
	if _, err := New("https://127.0.0.1:1", Options{CAFile: "/nonexistent"}); err == nil {
		t.Error("a file that is not there was taken")
	}
}
