package kvindexer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Request is a prompt in exactly one of four forms, and what it is scored for.
//
// The forms are Tokens, Prompt, Messages, or Path with Body: an engine's own request, for example
// to /v1/chat/completions. Raw messages go out exactly as they are, once they have proved to be
// JSON: the order in which tools list their keys changes the tokens.
type Request struct {
	Tokens   []uint32
	Prompt   string
	Messages json.RawMessage
	Path     string
	Body     json.RawMessage

	// With Messages.
	Tools                json.RawMessage
	ToolChoice           json.RawMessage
	ChatTemplate         string
	ChatTemplateKwargs   json.RawMessage
	AddGenerationPrompt  *bool
	ContinueFinalMessage *bool
	// With Prompt and with Messages.
	AddSpecialTokens *bool

	// Model may be left out when the indexer knows only one.
	Model     string
	CacheSalt string
	LoRA      string
	// Endpoints to answer for; nil means all.
	Endpoints []string
	TopK      int
	// Detail asks for every rank of an endpoint.
	Detail       bool
	ReturnTokens bool
}

// Claim says that an endpoint will soon hold the prompt of a request.
type Claim struct {
	// RequestID names the claim; a later one with the same name replaces it.
	RequestID string
	Endpoint  string
	// TTLMilliseconds is how long it holds unless released; zero is the indexer's default.
	TTLMilliseconds int
	Request         Request
}

// RequestError says that a request is wrong in itself, and would be so again.
type RequestError struct {
	// Status is 400 for what the client refuses itself.
	Status  int
	Message string
	// Param is the field at fault, if one is.
	Param string
}

// Error returns the message.
func (e *RequestError) Error() string { return e.Message }

func (r Request) object() (*object, error) {
	if err := r.checkForm(); err != nil {
		return nil, err
	}
	o := &object{}
	if r.Tokens != nil {
		o.add("tokens", r.Tokens)
	}
	o.addString("prompt", r.Prompt)
	o.addRaw("messages", r.Messages)
	o.addString("path", r.Path)
	o.addRaw("body", r.Body)
	o.addRaw("tools", r.Tools)
	o.addRaw("tool_choice", r.ToolChoice)
	o.addString("chat_template", r.ChatTemplate)
	o.addRaw("chat_template_kwargs", r.ChatTemplateKwargs)
	o.addBool("add_generation_prompt", r.AddGenerationPrompt)
	o.addBool("continue_final_message", r.ContinueFinalMessage)
	o.addBool("add_special_tokens", r.AddSpecialTokens)
	o.addString("model", r.Model)
	o.addString("cache_salt", r.CacheSalt)
	o.addString("lora", r.LoRA)
	if r.Endpoints != nil {
		o.add("endpoints", r.Endpoints)
	}
	if r.TopK != 0 {
		o.add("top_k", r.TopK)
	}
	if r.Detail {
		o.add("detail", true)
	}
	if r.ReturnTokens {
		o.add("return_tokens", true)
	}
	return o, o.fault
}

func (r Request) checkForm() error {
	var given []string
	for _, form := range []struct {
		name    string
		isGiven bool
	}{
		{"Tokens", r.Tokens != nil},
		{"Prompt", r.Prompt != ""},
		{"Messages", r.Messages != nil},
		{"Path", r.Path != ""},
	} {
		if form.isGiven {
			given = append(given, form.name)
		}
	}
	if len(given) != 1 {
		got := strings.Join(given, " and ")
		if got == "" {
			got = "none"
		}
		return refused("", "one of Tokens, Prompt, Messages and Path is needed; given: %s", got)
	}
	if (r.Path == "") != (r.Body == nil) {
		return refused("body", "Path and Body go together")
	}
	return nil
}

func (c Claim) object() (*object, error) {
	o, err := c.Request.object()
	if err != nil {
		return nil, err
	}
	o.addString("request_id", c.RequestID)
	o.addString("endpoint", c.Endpoint)
	if c.TTLMilliseconds != 0 {
		o.add("ttl_ms", c.TTLMilliseconds)
	}
	return o, o.fault
}

func refused(param, format string, arguments ...any) *RequestError {
	return &RequestError{Status: 400, Message: fmt.Sprintf(format, arguments...), Param: param}
}

// object is a JSON object under construction, which keeps raw values as they are; the standard
// encoder would compact and escape them. Fault is what was wrong first.
type object struct {
	content bytes.Buffer
	fault   error
}

func (o *object) add(name string, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		o.fail(refused(name, "%s can't be written as JSON: %v", name, err))
		return
	}
	o.splice(name, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// addString leaves empty strings out, and refuses what the encoder would replace.
func (o *object) addString(name, value string) {
	if value == "" {
		return
	}
	if !utf8.ValidString(value) {
		o.fail(refused(name, "%s is not UTF-8", name))
		return
	}
	o.add(name, value)
}

func (o *object) addBool(name string, value *bool) {
	if value != nil {
		o.add(name, *value)
	}
}

func (o *object) addRaw(name string, value json.RawMessage) {
	if value == nil {
		return
	}
	// A value that is not one JSON value could leave its place and set other fields.
	if !json.Valid(value) || !utf8.Valid(value) {
		o.fail(refused(name, "%s is not JSON", name))
		return
	}
	o.splice(name, value)
}

func (o *object) addRawList(name string, values []json.RawMessage) {
	list := []byte{'['}
	for i, value := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, value...)
	}
	o.splice(name, append(list, ']'))
}

func (o *object) splice(name string, value []byte) {
	separator := byte(',')
	if o.content.Len() == 0 {
		separator = '{'
	}
	o.content.WriteByte(separator)
	fmt.Fprintf(&o.content, "%q:", name)
	o.content.Write(value)
}

func (o *object) fail(fault *RequestError) {
	if o.fault == nil {
		o.fault = fault
	}
}

func (o *object) bytes() []byte {
	return append(o.content.Bytes(), '}')
}
