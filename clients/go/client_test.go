package kvindexer

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// Long enough for any machine: a test that waits this long has failed.
	patience = 20 * time.Second
	short    = 50 * time.Millisecond
	answer   = `{"model":"tiny","prompt_tokens":64,"tokens_from":"rendered","reason":null,
		"partial":false,"novelty":{},"endpoints":[
		{"endpoint":"vllm-0","address":"127.0.0.1:8000","block_size":null,"matched_tokens":16,
		 "matched_blocks":1,"tiers":{"gpu":16},"reserved_tokens":0,"score":0.25,"trust":"exact",
		 "reason":null},
		{"endpoint":"vllm-1","address":"127.0.0.1:8001","block_size":16,"matched_tokens":48,
		 "matched_blocks":3,"tiers":{"gpu":48},"reserved_tokens":0,"score":0.75,"trust":"exact",
		 "reason":null}],"tokens":[1,2],"took_us":{"total":10}}`
)

var background = context.Background()

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// echo answers with the prompt's only token as the number of its tokens.
func echo(w http.ResponseWriter, r *http.Request) {
	var request struct{ Tokens []int }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Tokens) != 1 {
		http.Error(w, "not one token", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, `{"prompt_tokens":%d,"tokens_from":"given","endpoints":[]}`, request.Tokens[0])
}

func newClient(t *testing.T, location string, options Options) *Client {
	t.Helper()
	client, err := New(location, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// serve starts a server and makes a client for it.
func serve(t *testing.T, handler http.HandlerFunc, deadline time.Duration) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newClient(t, server.URL, Options{Deadline: deadline})
}

func expectNoSignal(t *testing.T, scores Scores, err error, reason string) {
	t.Helper()
	if err != nil || scores.Signal || len(scores.Endpoints) != 0 || scores.Best() != nil {
		t.Errorf("got %+v, error %v", scores, err)
	}
	if !strings.Contains(scores.Reason, reason) {
		t.Errorf("the reason is %q, not %q", scores.Reason, reason)
	}
}

func TestReadsEveryField(t *testing.T) {
	scores, err := serve(t, reply(200, answer), patience).Score(background, Request{Prompt: "x"})
	if err != nil || !scores.Signal {
		t.Fatalf("got %+v, error %v", scores, err)
	}
	if scores.Model != "tiny" || scores.PromptTokens != 64 || scores.TokensFrom != "rendered" ||
		len(scores.Tokens) != 1 || len(scores.Tokens[0]) != 2 || scores.TookUS["total"] != 10 {
		t.Errorf("got %+v", scores)
	}
	best := scores.Best()
	if best == nil || best.Endpoint != "vllm-1" || best.Tiers["gpu"] != 48 ||
		best.MatchedTokens != 48 || best.BlockSize != 16 {
		t.Errorf("best is %+v", best)
	}
}

func TestReadsTheTokensOfSeveralPrompts(t *testing.T) {
	several := strings.Replace(answer, `"tokens":[1,2]`, `"tokens":[[1,2],[3]]`, 1)
	scores, err := serve(t, reply(200, several), patience).Score(background, Request{Prompt: "x"})
	if err != nil || len(scores.Tokens) != 2 || scores.Tokens[1][0] != 3 {
		t.Errorf("got %+v, error %v", scores, err)
	}
	for _, tokens := range []string{"null", "[]"} {
		body := strings.Replace(answer, `"tokens":[1,2]`, `"tokens":`+tokens, 1)
		scores, err := serve(t, reply(200, body), patience).Score(background, Request{Prompt: "x"})
		if err != nil || !scores.Signal {
			t.Errorf("got %+v, error %v", scores, err)
		}
	}
}

func TestRaisesForRequestsThatAreWrongInThemselves(t *testing.T) {
	for _, status := range []int{400, 404, 405, 415, 422} {
		body := `{"error":{"message":"no such model","type":"x","param":"model"}}`
		_, err := serve(t, reply(status, body), patience).Score(background, Request{Prompt: "x"})
		var fault *RequestError
		if !errors.As(err, &fault) || fault.Status != status || fault.Param != "model" ||
			!strings.Contains(fault.Message, "no such model") {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

func TestStatusesThatDoNotBlameTheRequestAreNoSignal(t *testing.T) {
	for _, status := range []int{301, 401, 403, 408, 413, 429, 500, 502, 503, 504} {
		client := serve(t, reply(status, `{"error":{"message":"overloaded"}}`), patience)
		scores, err := client.Score(background, Request{Prompt: "x"})
		expectNoSignal(t, scores, err, fmt.Sprintf("status %d: overloaded", status))
	}
}

func TestGarbageIsNoSignal(t *testing.T) {
	for _, body := range []string{
		"", "<html>", "\xff\xfe", "null", "[]", "{}", answer + "x", strings.Repeat("[", 200_000),
		strings.Replace(answer, `"prompt_tokens":64`, `"prompt_tokens":"64"`, 1),
		strings.Replace(answer, `0.25`, `1e999`, 1),
		strings.Replace(answer, `"endpoint":"vllm-0",`, ``, 1),
	} {
		client := serve(t, reply(200, body), patience)
		scores, err := client.Score(background, Request{Prompt: "x"})
		expectNoSignal(t, scores, err, "makes no sense")
		if made, err := client.Reserve(background, Claim{Request: Request{Prompt: "x"}}); err != nil ||
			made.Signal {
			t.Errorf("got %+v, error %v", made, err)
		}
	}
}

func TestAnAnswerCutOffIsNoSignal(t *testing.T) {
	scores, err := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		io.WriteString(w, answer)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}, patience).Score(background, Request{Prompt: "x"})
	expectNoSignal(t, scores, err, "no answer")
}

func TestMoreThanAnyAnswerHasIsNoSignal(t *testing.T) {
	defer func(usual int64) { answerBytesMax = usual }(answerBytesMax)
	answerBytesMax = 100
	scores, err := serve(t, reply(200, answer), patience).Score(background, Request{Prompt: "x"})
	expectNoSignal(t, scores, err, "more than 100 bytes")
}

func TestNobodyListeningIsNoSignal(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client := newClient(t, server.URL, Options{Deadline: patience})
	scores, err := client.Score(background, Request{Prompt: "x"})
	expectNoSignal(t, scores, err, "refused")
	batch, err := client.ScoreBatch(background, []Request{{Prompt: "x"}, {Prompt: "y"}})
	if err != nil || len(batch) != 2 || batch[0].Signal || batch[1].Reason == "" {
		t.Errorf("got %+v, error %v", batch, err)
	}
	if listed, err := client.Endpoints(background); err != nil || listed.Signal {
		t.Errorf("got %+v, error %v", listed, err)
	}
	if client.Ready(background) || client.Release(background, "1") {
		t.Error("nobody has answered")
	}
}

func TestALateAnswerIsNoSignal(t *testing.T) {
	handlers := map[string]http.HandlerFunc{
		"none": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"trickle": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
					io.WriteString(w, " ")
					w.(http.Flusher).Flush()
				}
			}
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			client := serve(t, handler, short)
			scores, err := client.Score(background, Request{Prompt: "x"})
			expectNoSignal(t, scores, err, "within the deadline")
			cancelled, cancel := context.WithCancel(background)
			cancel()
			scores, err = client.Score(cancelled, Request{Prompt: "x"})
			expectNoSignal(t, scores, err, "canceled")
		})
	}
}

func TestAnEarlierDeadlineOfTheCallerCounts(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			DeadlineMS int `json:"deadline_ms"`
		}
		json.NewDecoder(r.Body).Decode(&request)
		fmt.Fprintf(w, `{"prompt_tokens":%d,"tokens_from":"given","endpoints":[]}`, request.DeadlineMS)
	}, time.Hour)
	ctx, cancel := context.WithTimeout(background, patience)
	defer cancel()
	scores, err := client.Score(ctx, Request{Prompt: "x"})
	if err != nil || scores.PromptTokens < 1 || scores.PromptTokens > 16_000 {
		t.Errorf("got %+v, error %v", scores, err)
	}
	scores, err = client.Score(background, Request{Prompt: "x"})
	if err != nil || scores.PromptTokens != serverMillisecondsMax {
		t.Errorf("got %+v, error %v", scores, err)
	}
}

func TestABatchIsAnsweredInOrderWithEachRefusalInItsPlace(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Requests []json.RawMessage }
		json.NewDecoder(r.Body).Decode(&request)
		if len(request.Requests) != 2 {
			http.Error(w, "not two", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"results":[{"error":{"message":"unknown endpoint"}},%s]}`, answer)
	}, patience)
	batch, err := client.ScoreBatch(background, []Request{
		{Tokens: []uint32{1}}, {Path: "/v1/completions", Body: json.RawMessage(`{"prompt": "x" }`)},
	})
	if err != nil || len(batch) != 2 || batch[0].Signal || batch[0].Reason != "unknown endpoint" ||
		!batch[1].Signal {
		t.Errorf("got %+v, error %v", batch, err)
	}
	batch, err = client.ScoreBatch(background, []Request{{Prompt: "x"}})
	if err != nil || len(batch) != 1 || batch[0].Signal || !strings.Contains(batch[0].Reason, "500") {
		t.Errorf("got %+v, error %v", batch, err)
	}
}

func TestReservesAndReleases(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/v1/reservations":
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"request_id":"a/1","endpoint":"e","reserved_blocks":2,"ttl_ms":99}`)
		case r.Method == http.MethodDelete && r.URL.EscapedPath() == "/v1/reservations/a%2F1":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}, patience)
	made, err := client.Reserve(background, Claim{
		RequestID: "a/1", Endpoint: "e", TTLMilliseconds: 99, Request: Request{Tokens: []uint32{1}},
	})
	if err != nil || !made.Signal || made.ReservedBlocks != 2 || made.TTLMilliseconds != 99 {
		t.Errorf("got %+v, error %v", made, err)
	}
	if !client.Release(background, "a/1") || client.Release(background, "b") {
		t.Error("the wrong claim was released")
	}
}

func TestAClaimThatCanNotBeMadeIsNoError(t *testing.T) {
	for _, status := range []int{404, 409, 503} {
		body := `{"error":{"message":"not now","param":"endpoint"}}`
		client := serve(t, reply(status, body), patience)
		made, err := client.Reserve(background, Claim{
			RequestID: "1", Endpoint: "e", Request: Request{Tokens: []uint32{1}},
		})
		if err != nil || made.Signal || !strings.Contains(made.Reason, "not now") {
			t.Errorf("status %d: got %+v, error %v", status, made, err)
		}
	}
	client := serve(t, reply(404, `{"error":{"param":"model"}}`), patience)
	if _, err := client.Reserve(background, Claim{Request: Request{Prompt: "x"}}); err == nil {
		t.Error("a model that does not exist is an error")
	}
}

func TestListsEndpointsAndTellsReadiness(t *testing.T) {
	body := `{"endpoints":[{"endpoint":"vllm-0","address":"127.0.0.1:8000","model":null,
		"labels":{"zone":"a"},"trust":"exact","reason":null}]}`
	client := serve(t, reply(200, body), patience)
	listed, err := client.Endpoints(background)
	if err != nil || !listed.Signal || len(listed.Endpoints) != 1 ||
		listed.Endpoints[0].Labels["zone"] != "a" {
		t.Errorf("got %+v, error %v", listed, err)
	}
	if !client.Ready(background) {
		t.Error("it is ready")
	}
	if serve(t, reply(503, "{}"), patience).Ready(background) {
		t.Error("it is not ready")
	}
}

func TestSendsTheTokenAndTrustsTheGivenAuthority(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		echo(w, r)
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(
		&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, server.URL, Options{Token: "s3cret", CAFile: file, Deadline: patience})
	scores, err := client.Score(background, Request{Tokens: []uint32{7}})
	if err != nil || scores.PromptTokens != 7 {
		t.Errorf("got %+v, error %v", scores, err)
	}
	stranger := newClient(t, server.URL, Options{Deadline: patience})
	scores, err = stranger.Score(background, Request{Tokens: []uint32{7}})
	expectNoSignal(t, scores, err, "certificate")
}

func TestAsksOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "indexer.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(echo)}
	go server.Serve(listener)
	defer server.Close()
	for _, location := range []string{"unix:" + path, "unix://" + path} {
		client := newClient(t, location, Options{Deadline: patience})
		scores, err := client.Score(background, Request{Tokens: []uint32{7}})
		if err != nil || scores.PromptTokens != 7 {
			t.Errorf("%s: got %+v, error %v", location, scores, err)
		}
	}
}

func TestARestartedServerIsFoundAgainAtOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, "http://"+listener.Addr().String(), Options{Deadline: patience})
	for restart := 0; restart < 3; restart++ {
		server := &http.Server{Handler: http.HandlerFunc(echo)}
		go server.Serve(listener)
		scores, err := client.Score(background, Request{Tokens: []uint32{7}})
		if err != nil || scores.PromptTokens != 7 {
			t.Errorf("got %+v, error %v", scores, err)
		}
		server.Close()
		if listener, err = net.Listen("tcp", listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	listener.Close()
}

func TestGoroutinesGetTheirOwnAnswersOverKeptConnections(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := newClient(t, server.URL, Options{Deadline: patience})
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func(first int) {
			defer group.Done()
			for n := first; n < first+50; n++ {
				scores, err := client.Score(background, Request{Tokens: []uint32{uint32(n)}})
				if err != nil || scores.PromptTokens != n {
					t.Errorf("got %+v, error %v, want %d", scores, err, n)
				}
			}
		}(1000 * worker)
	}
	group.Wait()
	// The standard client may open one more than it then needs.
	if n := connections.Load(); n > 16 {
		t.Errorf("%d connections for 8 goroutines", n)
	}
}
