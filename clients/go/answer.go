package kvindexer

import (
	"encoding/json"
	"fmt"
)

// Scores is the answer to one request; empty, without Signal, when there is none.
type Scores struct {
	Signal bool `json:"-"`
	// Reason says why there is no signal, or why the answer is a worse one.
	Reason string `json:"reason"`
	Model  string `json:"model"`
	// PromptTokens and all matches are sums when the request has several prompts.
	PromptTokens int `json:"prompt_tokens"`
	// TokensFrom is given, rendered, cached or estimated.
	TokensFrom string `json:"tokens_from"`
	// Partial means that something could not be found out in time.
	Partial   bool            `json:"partial"`
	Endpoints []EndpointScore `json:"endpoints"`
	// Tokens of each prompt, where they were asked for.
	Tokens TokenLists       `json:"tokens"`
	TookUS map[string]int64 `json:"took_us"`
}

// TokenLists are the token ids of one prompt or more, shape [prompts][tokens].
type TokenLists [][]uint32

// UnmarshalJSON reads one list, or a list of lists.
func (t *TokenLists) UnmarshalJSON(content []byte) error {
	var one []uint32
	if err := json.Unmarshal(content, &one); err != nil {
		return json.Unmarshal(content, (*[][]uint32)(t))
	}
	if one != nil {
		*t = TokenLists{one}
	}
	return nil
}

// EndpointScore is what one endpoint holds of a prompt.
type EndpointScore struct {
	Endpoint       string         `json:"endpoint"`
	Address        string         `json:"address"`
	BlockSize      int            `json:"block_size"`
	MatchedTokens  int            `json:"matched_tokens"`
	MatchedBlocks  int            `json:"matched_blocks"`
	Tiers          map[string]int `json:"tiers"`
	ReservedTokens int            `json:"reserved_tokens"`
	Score          float64        `json:"score"`
	Trust          string         `json:"trust"`
	// Reason says why trust is not exact.
	Reason string            `json:"reason"`
	Ranks  []json.RawMessage `json:"ranks"`
}

// Best returns the endpoint with the highest score; nil when none is worth preferring.
func (s Scores) Best() *EndpointScore {
	var best *EndpointScore
	for i := range s.Endpoints {
		item := &s.Endpoints[i]
		if item.Score <= 0 {
			continue
		}
		if best == nil || item.Score > best.Score ||
			item.Score == best.Score && item.MatchedTokens > best.MatchedTokens {
			best = item
		}
	}
	return best
}

// Reservation is a claim that was made, or that was not: then it has no Signal but a Reason.
type Reservation struct {
	Signal          bool   `json:"-"`
	Reason          string `json:"-"`
	ReservedBlocks  int    `json:"reserved_blocks"`
	TTLMilliseconds int    `json:"ttl_ms"`
}

// Endpoints are all that the indexer follows; empty, without Signal, when there is no answer.
type Endpoints struct {
	Signal    bool       `json:"-"`
	Reason    string     `json:"-"`
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is a model server that the indexer follows.
type Endpoint struct {
	Endpoint string            `json:"endpoint"`
	Address  string            `json:"address"`
	Model    string            `json:"model"`
	Labels   map[string]string `json:"labels"`
	Trust    string            `json:"trust"`
	Reason   string            `json:"reason"`
}

func decodeScores(content []byte) Scores {
	var scores Scores
	if err := json.Unmarshal(content, &scores); err != nil {
		return Scores{Reason: senseless(err)}
	}
	if scores.Endpoints == nil || scores.TokensFrom == "" {
		return Scores{Reason: senseless(errMissing)}
	}
	for _, item := range scores.Endpoints {
		if item.Endpoint == "" || item.Address == "" {
			return Scores{Reason: senseless(errMissing)}
		}
	}
	scores.Signal = true
	return scores
}

func decodeBatch(content []byte, count int) []Scores {
	var batch struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(content, &batch); err != nil {
		return repeated(Scores{Reason: senseless(err)}, count)
	}
	if len(batch.Results) != count {
		reason := fmt.Sprintf("%d results for %d requests", len(batch.Results), count)
		return repeated(Scores{Reason: reason}, count)
	}
	answers := make([]Scores, count)
	for i, result := range batch.Results {
		if message, _, isError := decodeError(result); isError {
			answers[i] = Scores{Reason: message}
		} else {
			answers[i] = decodeScores(result)
		}
	}
	return answers
}

func decodeReservation(content []byte) Reservation {
	var made Reservation
	if err := json.Unmarshal(content, &made); err != nil {
		return Reservation{Reason: senseless(err)}
	}
	if made.TTLMilliseconds == 0 {
		return Reservation{Reason: senseless(errMissing)}
	}
	made.Signal = true
	return made
}

func decodeEndpoints(content []byte) Endpoints {
	var listed Endpoints
	if err := json.Unmarshal(content, &listed); err != nil {
		return Endpoints{Reason: senseless(err)}
	}
	if listed.Endpoints == nil {
		return Endpoints{Reason: senseless(errMissing)}
	}
	listed.Signal = true
	return listed
}

// decodeError finds the message and the parameter of an answer that tells an error.
func decodeError(content []byte) (message, param string, isError bool) {
	var answer struct {
		Error *struct {
			Message string `json:"message"`
			Param   string `json:"param"`
		} `json:"error"`
	}
	if err := json.Unmarshal(content, &answer); err != nil || answer.Error == nil {
		return "without a message", "", false
	}
	return answer.Error.Message, answer.Error.Param, true
}

var errMissing = fmt.Errorf("a field is missing")

func senseless(err error) string {
	return fmt.Sprintf("the answer makes no sense: %v", err)
}

func repeated(scores Scores, count int) []Scores {
	all := make([]Scores, count)
	for i := range all {
		all[i] = scores
	}
	return all
}
