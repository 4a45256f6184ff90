package link

import (
	"bytes"

	"hypervisor-tui/internal/clean"
)

const (
	maxNameservers = 3 // that a resolver asks: MAXNS of resolv.h
	maxSearch      = 8
)

// parseSearch takes the search domains: of several lines that name them the last counts, as resolv.conf(5) has it.
func parseSearch(text []byte) (list []string) {
	for l := range bytes.Lines(text) {
		fields := bytes.Fields(l)
		if len(fields) < 2 || string(fields[0]) != "search" && string(fields[0]) != "domain" || !bytes.HasPrefix(l, fields[0]) {
			continue
		}
		list = nil
		for _, domain := range fields[1:min(len(fields), 1+maxSearch)] {
			list = append(list, clean.String(string(domain)))
		}
	}
	return list
}

// parseResolv takes the addresses that a resolver would: of the first nameserver lines, which begin with that word. One with a
// blank before it is none.
//
// glibc: resolv/res_init.c; resolv.conf(5).
func parseResolv(text []byte) []string {
	var list []string
	for l := range bytes.Lines(text) {
		fields := bytes.Fields(l)
		if len(fields) < 2 || string(fields[0]) != "nameserver" || !bytes.HasPrefix(l, fields[0]) {
			continue
		}
		if list = append(list, clean.String(string(fields[1]))); len(list) == maxNameservers {
			break
		}
	}
	return list
}
