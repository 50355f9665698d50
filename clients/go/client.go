// Package kvindexer asks kvindexer which model server holds how much of a prompt in its KV cache.
//
// A router must not fail because its indexer does. So whatever goes wrong with the indexer itself
// (it is unreachable, late, overloaded, or talks nonsense) comes back as an answer without Signal,
// with a Reason, and never as an error. Errors are for requests that are wrong in themselves:
// *RequestError.
package kvindexer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// serverMillisecondsMax is the longest deadline that the indexer can be told.
const serverMillisecondsMax = 600_000

// DefaultDeadline is how long a call takes at most, unless Options say otherwise.
const DefaultDeadline = 50 * time.Millisecond

// Options of a client; the zero value is good for an indexer on this machine.
type Options struct {
	// Token is sent as a bearer token.
	Token string
	// CAFile holds the authorities to trust instead of the system's, for https.
	CAFile string
	// Deadline is for a whole call; a context may have an earlier one. Zero is DefaultDeadline.
	Deadline time.Duration
}

// Client is a connection pool to one indexer, for any number of goroutines.
type Client struct {
	transport *transport
	deadline  time.Duration
}

// New connects to nothing yet. The location is http://HOST:PORT, https://HOST:PORT or unix:/PATH.
func New(location string, options Options) (*Client, error) {
	transport, err := newTransport(location, options)
	if err != nil {
		return nil, err
	}
	deadline := options.Deadline
	if deadline == 0 {
		deadline = DefaultDeadline
	}
	return &Client{transport: transport, deadline: deadline}, nil
}

// Score asks what every endpoint holds of a prompt.
func (c *Client) Score(ctx context.Context, request Request) (Scores, error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	body, err := request.object()
	if err != nil {
		return Scores{}, err
	}
	body.add("deadline_ms", serverMilliseconds(ctx))
	content, err := c.transport.exchange(ctx, http.MethodPost, "/v1/score", body.bytes())
	if err != nil {
		reason, err := noSignal(err)
		return Scores{Reason: reason}, err
	}
	return decodeScores(content), nil
}

// ScoreBatch asks for several prompts at once; the answers come in the order of the requests.
//
// A request that the indexer refuses has no signal, and the refusal for a reason: it does not
// spoil the others.
func (c *Client) ScoreBatch(ctx context.Context, requests []Request) ([]Scores, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	items := make([]json.RawMessage, len(requests))
	for i, request := range requests {
		item, err := request.object()
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		items[i] = item.bytes()
	}
	var body object
	body.addRawList("requests", items)
	body.add("deadline_ms", serverMilliseconds(ctx))
	content, err := c.transport.exchange(ctx, http.MethodPost, "/v1/score", body.bytes())
	if err != nil {
		reason, err := noSignal(err)
		if err != nil {
			return nil, err
		}
		return repeated(Scores{Reason: reason}, len(requests)), nil
	}
	return decodeBatch(content, len(requests)), nil
}

// Reserve claims that an endpoint will soon hold a prompt.
//
// An endpoint that has just gone, or whose block size is unknown, is not an error: the claim is
// not made.
func (c *Client) Reserve(ctx context.Context, claim Claim) (Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	body, err := claim.object()
	if err != nil {
		return Reservation{}, err
	}
	content, err := c.transport.exchange(ctx, http.MethodPost, "/v1/reservations", body.bytes())
	if isUnknownEndpoint(err) {
		return Reservation{Reason: err.Error()}, nil
	}
	if err != nil {
		reason, err := noSignal(err)
		return Reservation{Reason: reason}, err
	}
	return decodeReservation(content), nil
}

// Release takes a claim back; it returns false when there is no such claim any more, or no indexer.
func (c *Client) Release(ctx context.Context, requestID string) bool {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	path := "/v1/reservations/" + url.PathEscape(requestID)
	_, err := c.transport.exchange(ctx, http.MethodDelete, path, nil)
	return err == nil
}

// Endpoints lists the endpoints that the indexer follows.
func (c *Client) Endpoints(ctx context.Context) (Endpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	content, err := c.transport.exchange(ctx, http.MethodGet, "/v1/endpoints", nil)
	if err != nil {
		reason, err := noSignal(err)
		return Endpoints{Reason: reason}, err
	}
	return decodeEndpoints(content), nil
}

// Ready tells whether the indexer answers, and says that its answers mean something.
func (c *Client) Ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	_, err := c.transport.exchange(ctx, http.MethodGet, "/readyz", nil)
	return err == nil
}

// Close closes the connections that nobody uses; the client stays usable.
func (c *Client) Close() {
	c.transport.client.CloseIdleConnections()
}

// noSignal keeps faults of the request as errors, and makes a reason of everything else.
func noSignal(err error) (string, error) {
	var fault *RequestError
	if errors.As(err, &fault) {
		return "", fault
	}
	return err.Error(), nil
}

func isUnknownEndpoint(err error) bool {
	var fault *RequestError
	return errors.As(err, &fault) && fault.Status == http.StatusNotFound && fault.Param == "endpoint"
}

// serverMilliseconds leaves the server less time than there is, so that the answer that it then
// has still arrives.
func serverMilliseconds(ctx context.Context) int64 {
	end, _ := ctx.Deadline()
	milliseconds := (time.Until(end) * 4 / 5).Milliseconds()
	switch {
	case milliseconds < 1:
		return 1
	case milliseconds > serverMillisecondsMax:
		return serverMillisecondsMax
	default:
		return milliseconds
	}
}
