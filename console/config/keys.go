package config

import "slices"

// key is one key of the configuration file. The reader, docs/config.md and config.example.yaml are held to the same
// rows by tests.
type key struct {
	name     string // dotted where mappings nest
	fallback string // the default as the file would write it; empty: must be given
	value    value  // what it may be and where it goes
	doc      string
}

// keys lists every key of the file, bound to c, in the order of docs/config.md.
func (c *Config) keys() []key {
	return slices.Concat(c.Sampling.keys(), c.Logging.keys(), c.Judging.keys(), c.Alerts.keys(), c.Display.keys(), c.History.keys(),
		c.Serve.keys(), c.Peers.keys(), c.Prometheus.keys(), c.Actions.keys(), c.Plugins.keys())
}
