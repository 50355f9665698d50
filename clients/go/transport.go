package kvindexer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	idleConnectionsMax = 16
	// Shorter than the server's, so that it seldom closes what is about to be used.
	idleConnectionTime = 60 * time.Second
	headerBytesMax     = 64 << 10
)

// answerBytesMax is more than any answer has; a variable for tests.
var answerBytesMax int64 = 64 << 20

// transport exchanges a request for an answer over connections that are kept for the next one.
type transport struct {
	client *http.Client
	base   string
	token  string
}

func newTransport(location string, options Options) (*transport, error) {
	where, err := url.Parse(location)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(options.Token, "\r\n") {
		return nil, errors.New("the token has characters that no HTTP header can hold")
	}
	if options.CAFile != "" && where.Scheme != "https" {
		return nil, errors.New("authorities to trust are for https:// only")
	}
	connections := &http.Transport{
		MaxIdleConnsPerHost:    idleConnectionsMax,
		IdleConnTimeout:        idleConnectionTime,
		MaxResponseHeaderBytes: headerBytesMax,
		DisableCompression:     true,
	}
	base, path := "", where.Opaque+where.Path
	switch {
	case where.Scheme == "unix" && where.Host == "" && path != "":
		base = "http://localhost"
		connections.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	case (where.Scheme == "http" || where.Scheme == "https") && where.Hostname() != "" &&
		where.User == nil && where.RawQuery == "":
		base = where.Scheme + "://" + where.Host + strings.TrimRight(where.EscapedPath(), "/")
	default:
		return nil, fmt.Errorf("not http://HOST:PORT, https://HOST:PORT or unix:/PATH: %q", location)
	}
	if options.CAFile != "" {
		if connections.TLSClientConfig, err = trusting(options.CAFile); err != nil {
			return nil, err
		}
	}
	client := &http.Client{
		Transport: connections,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	return &transport{client: client, base: base, token: options.Token}, nil
}

func trusting(file string) (*tls.Config, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, nil
}

// exchange returns the body of a good answer, a *RequestError for a request that is wrong in
// itself, and any other error for want of a signal.
func (t *transport) exchange(
	ctx context.Context, method, path string, body []byte,
) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, t.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if t.token != "" {
		request.Header.Set("Authorization", "Bearer "+t.token)
	}
	// Not sent, but lets the standard client send a request again when the server has closed a
	// kept connection: every request may be, without harm.
	request.Header["X-Idempotency-Key"] = nil
	response, err := t.client.Do(request)
	if err != nil {
		return nil, reasonOf(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax+1))
	if err != nil {
		return nil, reasonOf(err)
	}
	if int64(len(content)) > answerBytesMax {
		return nil, fmt.Errorf("the answer has more than %d bytes", answerBytesMax)
	}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return content, nil
	}
	return nil, refusal(response.StatusCode, content)
}

// reasonOf leaves out the address, which callers know.
func reasonOf(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer within the deadline")
	}
	return fmt.Errorf("no answer: %w", err)
}

// refusal tells statuses that blame the request, and will do so again however often it is sent,
// from all others.
func refusal(status int, content []byte) error {
	message, param, _ := decodeError(content)
	message = fmt.Sprintf("status %d: %s", status, message)
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return &RequestError{Status: status, Message: message, Param: param}
	default:
		return errors.New(message)
	}
}
