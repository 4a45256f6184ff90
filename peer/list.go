package peer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/internal/clean"
)

// Bounds of a list of peers. A cluster of Kubernetes has at most 5,000 nodes.
const (
	MaxPeers = 5000
	MaxList  = 8 << 20 // bytes of one on a disk
	maxName  = 253     // bytes, of DNS
)

// listVersion is that of the form; a list of another one is not read.
const listVersion = 1

// list is the form of the list on a disk.
type list struct {
	Version int      `json:"version"`
	Peers   []listed `json:"peers"`
}

type listed struct {
	Name    string         `json:"name"`
	Address netip.AddrPort `json:"address"`
	Ready   string         `json:"ready,omitempty"` // what the API said of it last,
	Said    time.Time      `json:"said,omitzero"`   // and when
	Heard   time.Time      `json:"heard,omitzero"`
	Offset  time.Duration  `json:"offset_ns,omitempty"`
	Summary *Summary       `json:"summary,omitempty"`
}

// EncodeList returns the list of the peers as it is kept, at most MaxList bytes: where summaries make it longer it has none.
func EncodeList(peers []Peer) ([]byte, error) {
	l := list{Version: listVersion, Peers: make([]listed, len(peers))}
	for i := range peers {
		p := &peers[i]
		l.Peers[i] = listed{p.Name, p.Address, p.Said.Ready, p.Said.At.Round(0), p.Heard.Round(0), p.Offset, p.Summary}
	}
	text, err := json.Marshal(&l)
	if len(text) > MaxList {
		for i := range l.Peers {
			l.Peers[i].Summary, l.Peers[i].Heard, l.Peers[i].Offset = nil, time.Time{}, 0
		}
		text, err = json.Marshal(&l)
	}
	return text, err
}

// DecodeList returns the peers of a list that EncodeList made, by name, or an error that says what it is instead. Whoever
// else wrote the file, it has clean texts, and no name twice.
func DecodeList(text []byte) ([]Peer, error) {
	var l list
	switch {
	case len(text) > MaxList:
		return nil, fmt.Errorf("larger than %d MiB", MaxList>>20)
	case json.Unmarshal(text, &l) != nil || l.Version == 0:
		return nil, errors.New("damaged: it is made anew")
	case l.Version != listVersion:
		return nil, fmt.Errorf("of another version, %d: it is made anew", l.Version)
	case len(l.Peers) > MaxPeers:
		return nil, fmt.Errorf("of more than %d nodes", MaxPeers)
	}
	peers := make([]Peer, 0, len(l.Peers))
	for _, e := range l.Peers {
		if where := e.Address.String(); !Nameable(e.Name) || !e.Address.IsValid() || e.Address.Port() == 0 || clean.String(where) != where {
			return nil, errors.New("damaged: it is made anew")
		}
		p := Peer{Name: e.Name, Address: e.Address, Said: Said{clean.String(e.Ready), e.Said}}
		if s := e.Summary; s != nil && s.Node != "" && !e.Heard.IsZero() {
			s.tidy()
			p.Summary, p.Heard, p.Offset = s, e.Heard, e.Offset
		}
		peers = append(peers, p)
	}
	slices.SortStableFunc(peers, func(a, b Peer) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(peers, func(a, b Peer) bool { return a.Name == b.Name }), nil
}

// Nameable reports whether a node can be called so.
func Nameable(name string) bool {
	return name != "" && len(name) <= maxName && clean.String(name) == name && !strings.ContainsAny(name, " /")
}
